import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { percent } from "@/lib/format.ts";

interface Props {
  /** From 0 to 1. */
  share: number;
  /** What advances, for screen readers; shown above the bar with `titled`. */
  label: string;
  /** Of a picture: iris is done, amber is to do. Every other bar is ink. */
  picture?: boolean;
  titled?: boolean;
  /** Right above the bar: "62 %, about 4 s left". */
  note?: ReactNode;
}

export function Progress({ share, label, picture, titled, note }: Props) {
  const done = Math.min(1, Math.max(0, share));
  return (
    <div>
      {titled && (
        <div className="mb-1.5 flex items-baseline justify-between gap-3 text-dense font-medium">
          <span>{label}</span>
          <span className="numeric">{note}</span>
        </div>
      )}
      <div role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(done * 100)} aria-valuetext={percent(done)} className="flex h-1.5 gap-0.5 overflow-hidden rounded-[3px]">
        <div className={cx("rounded-l-[3px] transition-[flex-grow] duration-240 ease-linear", picture ? "bg-iris" : "bg-ink", done === 0 && "hidden")} style={{ flexGrow: done, flexBasis: 0 }} />
        <div className={cx("transition-[flex-grow] duration-240 ease-linear", picture ? "bg-todo" : "-ml-0.5 bg-raised", done === 1 && "hidden")} style={{ flexGrow: 1 - done, flexBasis: 0 }} />
      </div>
    </div>
  );
}
