import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

interface Props {
  id: string;
  title: string;
  note?: ReactNode;
  /** On the surface, so that neighbors differ. */
  raised?: boolean;
  children: ReactNode;
}

/** A part of the landing page, 72 from the next one. */
export function Section({ id, title, note, raised, children }: Props) {
  return (
    <section id={id} aria-labelledby={`${id}-title`} className={cx("scroll-mt-4 border-t border-line py-18 max-md:py-12", raised && "bg-surface")}>
      <Width>
        <h2 id={`${id}-title`} className="text-section max-md:text-number">{title}</h2>
        {note && <p className="mt-2 text-lead text-muted">{note}</p>}
        {children}
      </Width>
    </section>
  );
}

export const Width = ({ children, className }: { children: ReactNode; className?: string }) => (
  <div className={cx("mx-auto w-full max-w-[1200px] px-6 max-md:px-4", className)}>{children}</div>
);
