import { Search } from "lucide-react";
import { useEffect, useState } from "react";

const PAUSE = 250;

/** A search that follows the typing, after a pause. */
export function SearchBox({ label, value, onChange }: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => {
    if (text.trim() === value) return undefined;
    const timer = setTimeout(() => { onChange(text.trim()); }, PAUSE);
    return () => { clearTimeout(timer); };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only typing searches
  }, [text]);
  return (
    <div className="relative w-72 max-md:w-full">
      <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted" strokeWidth={1.75} />
      <input data-search type="search" aria-label={label} placeholder={label} maxLength={254} autoComplete="off" autoCapitalize="off" spellCheck={false} value={text} onChange={(event) => { setText(event.target.value); }} className="h-9 w-full rounded-control border border-control bg-surface pr-3 pl-9 text-body transition-colors placeholder:text-muted hover:border-ink max-md:h-11 max-md:text-lead" />
    </div>
  );
}
