import { Check, Minus, type LucideIcon } from "lucide-react";
import { useEffect, useId, useRef, type InputHTMLAttributes, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

type Native = Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "className" | "onChange" | "checked">;
type OnOff = Native & { checked: boolean; onChange: (checked: boolean) => void };

/** A box with its word. `some` shows the dash of a partial selection. Without `label`, give `aria-label`. */
export function Checkbox({ label, checked, some, onChange, ...rest }: OnOff & { label?: ReactNode; some?: boolean }) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = some === true;
  }, [some]);
  const Icon = some ? Minus : Check;
  return (
    <label className="relative inline-flex items-center gap-2 text-body has-disabled:text-muted max-md:min-h-11">
      <input {...rest} ref={box} type="checkbox" checked={checked} onChange={(event) => { onChange(event.target.checked); }} className="peer size-4 shrink-0 appearance-none rounded-[4px] border border-control bg-surface transition-colors checked:border-ink checked:bg-ink indeterminate:border-ink" />
      <Icon aria-hidden strokeWidth={3} className={cx("pointer-events-none absolute left-0.5 size-3", some ? "text-ink" : "text-bg opacity-0 peer-checked:opacity-100")} />
      {label}
    </label>
  );
}

/** On or off, at once. The word stands left with `before`, else right; or give `aria-label`. */
export function Switch({ label, checked, onChange, ...rest }: OnOff & { label?: ReactNode }) {
  return (
    <label className="inline-flex items-center gap-2 text-body max-md:min-h-11">
      <span className="relative inline-flex">
        <input {...rest} role="switch" type="checkbox" checked={checked} onChange={(event) => { onChange(event.target.checked); }} className="peer h-5 w-9 appearance-none rounded-full bg-control transition-colors checked:bg-ink" />
        <span aria-hidden className="pointer-events-none absolute top-0.5 left-0.5 size-4 rounded-full bg-surface transition-transform peer-checked:translate-x-4" />
      </span>
      {label}
    </label>
  );
}

export interface Option<T extends string> {
  value: T;
  name: string;
  /** What happens, in one line. */
  text?: ReactNode;
  /** Time, then bytes. */
  cost?: ReactNode;
  /** Why it cannot be chosen. Replaces the line. */
  reason?: string | undefined;
}

/** Cards of which one is chosen: the name left, the cost right, a line of what happens. */
export function RadioCards<T extends string>({ legend, options, value, onChange }: { legend: string; options: Option<T>[]; value: T; onChange: (value: T) => void }) {
  const name = useId();
  return (
    <fieldset className="grid gap-2">
      <legend className="sr-only">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} className="flex gap-2.5 rounded-control border border-line bg-surface p-3 pb-2.5 transition-colors hover:border-control has-checked:border-ink has-checked:shadow-[inset_0_0_0_0.5px_var(--ink)] has-disabled:bg-raised has-disabled:text-muted">
          <Dot name={name} value={option.value} checked={option.value === value} disabled={option.reason !== undefined} onChange={() => { onChange(option.value); }} />
          <span className="min-w-0 flex-1">
            <span className="flex items-baseline justify-between gap-3">
              <span className="font-medium">{option.name}</span>
              <span className="numeric whitespace-nowrap text-muted">{option.cost}</span>
            </span>
            <span className="block text-caption text-muted">{option.reason ?? option.text}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** One radio with its word. */
export function Radio({ label, ...rest }: Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "className"> & { label: ReactNode }) {
  return (
    <label className="inline-flex items-center gap-2 text-body max-md:min-h-11">
      <Dot {...rest} />
      {label}
    </label>
  );
}

const Dot = (props: Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "className">) => (
  <input {...props} type="radio" className="mt-0.5 size-4 shrink-0 appearance-none rounded-full border border-control bg-surface transition-colors checked:border-[5px] checked:border-ink disabled:border-line" />
);

export interface Segment<T extends string> {
  value: T;
  name: string;
  icon?: LucideIcon;
  reason?: string | undefined;
}

/** Two to four words of which one is chosen, side by side. */
export function Segmented<T extends string>({ legend, segments, value, onChange }: { legend: string; segments: Segment<T>[]; value: T; onChange: (value: T) => void }) {
  const name = useId();
  return (
    <fieldset className="inline-flex w-fit rounded-control border border-line bg-raised p-0.5">
      <legend className="sr-only">{legend}</legend>
      {segments.map(({ icon: Icon, ...segment }) => (
        <label key={segment.value} title={segment.reason} className="inline-flex h-7 items-center gap-1.5 rounded-chip border border-transparent px-3 text-dense font-medium text-muted transition-colors hover:text-ink has-checked:border-line has-checked:bg-surface has-checked:text-ink has-checked:shadow-edge has-disabled:opacity-60 has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-iris max-md:h-10">
          <input type="radio" name={name} value={segment.value} checked={segment.value === value} disabled={segment.reason !== undefined} onChange={() => { onChange(segment.value); }} className="sr-only" />
          {Icon && <Icon aria-hidden className="size-3.5" strokeWidth={1.75} />}
          {segment.name}
        </label>
      ))}
    </fieldset>
  );
}
