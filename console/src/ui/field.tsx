import { CircleAlert } from "lucide-react";
import { useId, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

export interface FieldProps {
  label: ReactNode;
  /** Muted, beside the label. */
  note?: ReactNode;
  /** Right of the label: a link. */
  aside?: ReactNode;
  /** Below the control. */
  hint?: ReactNode;
  /** What is wrong and what to do. Replaces the hint. */
  error?: ReactNode;
  className?: string;
}

export interface ControlAttributes {
  id: string;
  "aria-invalid": true | undefined;
  "aria-describedby": string | undefined;
}

export const controlClass = (error: unknown): string =>
  cx(
    "h-9 w-full rounded-control border bg-surface px-3 text-body text-ink transition-colors placeholder:text-muted max-md:h-11 max-md:text-lead",
    error ? "border-bad" : "border-control hover:border-ink",
  );

/** A label, its control, and the hint or the error below it. */
export function Field({ label, note, aside, hint, error, className, children }: FieldProps & { children: (control: ControlAttributes) => ReactNode }) {
  const id = useId();
  const below = `${id}-below`;
  return (
    <div className={cx("min-w-0", className)}>
      <div className="mb-1.5 flex items-baseline justify-between gap-3 text-dense">
        <label htmlFor={id} className="font-medium">
          {label}
          {note && <span className="ml-1.5 font-normal text-muted">{note}</span>}
        </label>
        {aside}
      </div>
      {children({ id, "aria-invalid": error ? true : undefined, "aria-describedby": error || hint ? below : undefined })}
      {error ? <FieldError id={below}>{error}</FieldError> : hint && <p id={below} className="mt-1.5 text-caption text-muted">{hint}</p>}
    </div>
  );
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p id={id} role="alert" className="mt-1.5 flex items-center gap-1.5 text-caption text-bad">
      <CircleAlert aria-hidden className="size-3.5 shrink-0" strokeWidth={1.75} />
      <span>{children}</span>
    </p>
  );
}
