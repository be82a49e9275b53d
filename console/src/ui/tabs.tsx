import { useId, useLayoutEffect, useRef, type KeyboardEvent, type ReactNode } from "react";
import { cx } from "@/lib/cx.ts";

export interface Tab<T extends string> {
  value: T;
  name: string;
  content: ReactNode;
}

/** Views of one page. Arrows move; keep `value` in the address with `useAddress`. */
export function Tabs<T extends string>({ label, tabs, value, onChange }: { label: string; tabs: Tab<T>[]; value: T; onChange: (value: T) => void }) {
  const id = useId();
  const shown = tabs.find((tab) => tab.value === value) ?? tabs.at(0);
  const list = useRef<HTMLDivElement>(null);
  const chosen = shown?.value;
  useLayoutEffect(() => {
    // On phones the chosen tab may be beyond the edge.
    const tab = document.getElementById(`${id}-${chosen ?? ""}`);
    if (tab && list.current) list.current.scrollLeft = tab.offsetLeft - (list.current.clientWidth - tab.offsetWidth) / 2;
  }, [id, chosen]);
  const move = (event: KeyboardEvent<HTMLElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const next = tabs.at((tabs.findIndex((tab) => tab === shown) + step) % tabs.length);
    if (step === 0 || !next) return;
    onChange(next.value);
    document.getElementById(`${id}-${next.value}`)?.focus();
  };
  return (
    <>
      <div ref={list} role="tablist" aria-label={label} onKeyDown={move} className="relative mb-5 flex gap-6 overflow-x-auto border-b border-line">
        {tabs.map((tab) => (
          <button key={tab.value} type="button" role="tab" id={`${id}-${tab.value}`} aria-selected={tab === shown} aria-controls={`${id}-panel`} tabIndex={tab === shown ? 0 : -1} onClick={() => { onChange(tab.value); }} className={cx("-mb-px h-10 shrink-0 border-b-2 font-medium transition-colors -outline-offset-2 max-md:h-11", tab === shown ? "border-ink text-ink" : "border-transparent text-muted hover:text-ink")}>
            {tab.name}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${shown?.value ?? ""}`}>{shown?.content}</div>
    </>
  );
}
