import { cx } from "@/lib/cx.ts";

/** The one thing that turns: 16 px, three quarters of a ring. */
export function Spinner({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" className={cx("spinner size-4 shrink-0 animate-spin", className)}>
      <path d="M8 1.75a6.25 6.25 0 1 0 6.25 6.25" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" />
    </svg>
  );
}
