import type { ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

/** The head of a page. The title takes the focus after a navigation. */
export function PageHead({ title, note, above, actions }: { title: ReactNode; note?: ReactNode; above?: ReactNode; actions?: ReactNode }) {
  return (
    <header className="mb-6 flex flex-wrap items-start justify-between gap-x-6 gap-y-4 max-md:mb-4">
      <div className="min-w-0">
        {above && <div className="mb-1.5 flex flex-wrap items-center gap-2">{above}</div>}
        <h1 tabIndex={-1} className="text-title break-words">{title}</h1>
        {note && <div className="mt-0.5 text-body text-muted">{note}</div>}
      </div>
      {actions && <div className="flex flex-wrap gap-2">{actions}</div>}
    </header>
  );
}

const ASIDES = { options: "lg:grid-cols-[minmax(0,1fr)_408px]", overview: "lg:grid-cols-[minmax(0,1fr)_376px]", charts: "lg:grid-cols-[minmax(0,1fr)_416px]", job: "lg:grid-cols-[minmax(0,1fr)_288px]" };

/** Two columns; under 1100 px the right one goes below. */
export function Columns({ aside, side, children, gap = 16 }: { aside: ReactNode; side: keyof typeof ASIDES; children: ReactNode; gap?: 16 | 24 }) {
  return (
    <div className={cx("grid items-start max-md:gap-3", gap === 24 ? "gap-6" : "gap-4", ASIDES[side])}>
      <Stack>{children}</Stack>
      <Stack>{aside}</Stack>
    </div>
  );
}

/** Cards below each other, 16 apart. */
export const Stack = ({ children, className }: { children: ReactNode; className?: string }) => <div className={cx("grid min-w-0 gap-4 max-md:gap-3", className)}>{children}</div>;
