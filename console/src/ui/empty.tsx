import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { useDelay } from "@/lib/hooks.ts";

/** Nothing here yet: icon, sentence, one button. */
export function Empty({ icon: Icon, title, children, action }: { icon: LucideIcon; title: ReactNode; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="flex flex-col items-center px-5 py-10 text-center">
      <span className="mb-4 flex size-12 items-center justify-center rounded-card bg-raised">
        <Icon aria-hidden className="size-5" strokeWidth={1.75} />
      </span>
      <p className="font-semibold">{title}</p>
      {children && <p className="max-w-sm text-dense text-muted">{children}</p>}
      {action && <div className="mt-4">{action}</div>}
    </div>
  );
}

/** The shape of what comes. Each bone has its size by class: `<Bone className="h-4 w-32" />`. */
export const Bone = ({ className }: { className: string }) => <span aria-hidden className={cx("block rounded-chip bg-skeleton", className)} />;

/** Shows its children after 200 ms: what is quicker shows no skeleton. */
export function Skeleton({ children, label = "Loading" }: { children: ReactNode; label?: string }) {
  const late = useDelay();
  return (
    <div role="status" aria-label={label} className={cx(!late && "invisible")}>
      {children}
    </div>
  );
}

/** Rows of a list or table: tile, two lines, a chip. */
export function SkeletonRows({ rows = 5 }: { rows?: number }) {
  return (
    <Skeleton>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index} className="flex h-[85px] items-center gap-3 border-hairline px-5 not-first:border-t md:h-11">
          <Bone className="size-7" />
          <span className="grid flex-1 gap-1.5">
            <Bone className={cx("h-2.5", ["w-36", "w-44", "w-28"][index % 3])} />
            <Bone className="h-2 w-24" />
          </span>
          <Bone className="h-[18px] w-[72px]" />
        </div>
      ))}
    </Skeleton>
  );
}
