import { cx } from "@/lib/cx.ts";

const SIZES = { small: "size-7 rounded-chip border text-card", large: "size-[88px] rounded-card border-[1.5px] text-figure max-md:size-16" };

/** The letter of an analysis, in ink: it is no seal, so it is never green. None is a dash. */
export function Letter({ letter, size = "small" }: { letter: string | null; size?: "small" | "large" }) {
  return (
    <span role="img" aria-label={letter === null ? "No letter" : `Letter ${letter}`} className={cx("inline-flex shrink-0 items-center justify-center bg-surface font-semibold", letter === null ? "border-dashed border-control text-muted" : "border-ink text-ink", SIZES[size])}>
      {letter ?? "–"}
    </span>
  );
}
