import { cx } from "@/lib/cx.ts";

const AMBER = [[0, 1], [0, 2], [1, 2], [0, 3], [1, 3], [2, 3]] as const;
const IRIS = [[1, 0], [3, 0], [2, 1], [3, 2]] as const;

const cell = ([x, y]: readonly [number, number]) => <rect key={`${x},${y}`} x={x * 6 + 0.5} y={y * 6 + 0.5} width="5" height="5" rx="0.8" />;

/** The mark: a picture whose cells turn to noise. */
export function Mark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true" className={cx("shrink-0", className ?? "size-6")}>
      <g className="fill-amber">{AMBER.map(cell)}</g>
      <g className="fill-iris">{IRIS.map(cell)}</g>
    </svg>
  );
}

/** The mark and the name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={cx("flex items-center gap-2 text-lead font-semibold tracking-[-0.012em]", className)}>
      <Mark />
      ImageShield
    </span>
  );
}
