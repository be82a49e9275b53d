import { ChevronDown, X, type LucideIcon } from "lucide-react";
import { useId, useRef, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";
import { place } from "@/ui/floating.ts";

const CHIP = "relative inline-flex h-9 items-center gap-2 rounded-control border bg-surface px-3 text-body whitespace-nowrap transition-colors has-focus-visible:outline-2 has-focus-visible:outline-offset-1 has-focus-visible:outline-iris max-md:h-11";
const OPEN = "border-line shadow-edge hover:bg-raised";
const SET = "border-ink shadow-[inset_0_0_0_0.5px_var(--ink)]";

interface Chip {
  name: string;
  icon: LucideIcon;
  onClear: () => void;
}

/** A filter of a few words: the browser's own select behind a chip. "State", or "State Failed ×" once it filters. */
export function FilterSelect<T extends string>({ name, icon: Icon, options, value, onChange, onClear }: Chip & { options: { value: T; name: string }[]; value: T | undefined; onChange: (value: T) => void }) {
  const chosen = options.find((option) => option.value === value);
  return (
    <span className={cx(CHIP, chosen ? SET : OPEN)}>
      <Icon aria-hidden className="size-4" strokeWidth={1.75} />
      <span aria-hidden>{name}{chosen && <strong className="ml-1.5 font-semibold">{chosen.name}</strong>}</span>
      <select aria-label={name} value={value ?? ""} onChange={(event) => { if (event.target.value === "") onClear(); else onChange(event.target.value as T); }} className="absolute inset-0 w-full cursor-pointer bg-surface text-ink opacity-0">
        <option value="">All</option>
        {options.map((option) => <option key={option.value} value={option.value}>{option.name}</option>)}
      </select>
      {chosen ? <Clear name={name} onClear={onClear} /> : <ChevronDown aria-hidden className="size-4 text-muted" strokeWidth={1.75} />}
    </span>
  );
}

/** A filter with fields of its own, in a panel below the chip. `value` is what it filters by, in a word. */
export function FilterPanel({ name, icon: Icon, value, onClear, children }: Chip & { value: string | undefined; children: ReactNode }) {
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLDivElement>(null);
  const opened = (open: boolean) => {
    button.current?.setAttribute("aria-expanded", String(open));
    if (!open || !panel.current || !button.current) return;
    place(panel.current, button.current.parentElement ?? button.current);
    panel.current.querySelector<HTMLElement>("input")?.focus();
  };
  return (
    <span className={cx(CHIP, value === undefined ? OPEN : SET)}>
      <Icon aria-hidden className="size-4" strokeWidth={1.75} />
      <button ref={button} type="button" popoverTarget={id} aria-haspopup="dialog" aria-expanded="false" className="outline-none after:absolute after:inset-0">
        {name}{value !== undefined && <strong className="ml-1.5 font-semibold">{value}</strong>}
      </button>
      {value === undefined ? <ChevronDown aria-hidden className="size-4 text-muted" strokeWidth={1.75} /> : <Clear name={name} onClear={onClear} />}
      <div ref={panel} id={id} popover="auto" role="dialog" aria-label={name} onToggle={(event) => { opened(event.newState === "open"); }} className="m-0 w-72 rounded-card border border-line bg-surface p-4 whitespace-normal text-ink shadow-float">
        {children}
      </div>
    </span>
  );
}

const Clear = ({ name, onClear }: { name: string; onClear: () => void }) => (
  <button type="button" aria-label={`Clear the filter ${name}`} onClick={onClear} className="relative z-1 -mr-1.5 inline-flex size-6 items-center justify-center rounded-chip hover:bg-raised max-md:size-9">
    <X aria-hidden className="size-4" strokeWidth={1.75} />
  </button>
);
