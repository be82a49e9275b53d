import { Search } from "lucide-react";
import { useEffect, useState, type ReactNode } from "react";
import { FieldError } from "@/ui/field.tsx";
import { Kbd } from "@/ui/kbd.tsx";

const PAUSE = 250;

interface Props {
  label: string;
  /** What is typed so far; the page empties it when it clears its filters. */
  text: string;
  onText: (text: string) => void;
  /** The value of a text; undefined if it is none. */
  read: (text: string) => string | undefined;
  /** What is wrong with a text that has no value. */
  wrong: ReactNode;
  /** After a pause in typing; an empty value clears the filter. */
  onValue: (value: string) => void;
}

/** A search by id. The key `/` goes there. */
export function FilterSearch({ label, text, onText, read, wrong, onValue }: Props) {
  const isWrong = text.trim() !== "" && read(text) === undefined;
  const [touched, setTouched] = useState(false);
  useEffect(() => {
    if (!touched) return undefined;
    const timer = setTimeout(() => { onValue(read(text) ?? ""); }, PAUSE);
    return () => { clearTimeout(timer); };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only typing searches
  }, [text]);
  return (
    <div className="w-62 max-md:w-full">
      <div className="relative">
        <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted" strokeWidth={1.75} />
        <input data-search type="search" aria-label={label} placeholder={label} aria-invalid={isWrong ? true : undefined} aria-describedby={isWrong ? "wrong-id" : undefined} autoComplete="off" autoCapitalize="off" spellCheck={false} value={text} onChange={(event) => { setTouched(true); onText(event.target.value); }} className="h-9 w-full rounded-control border border-control bg-surface pr-9 pl-9 text-body transition-colors placeholder:text-muted hover:border-ink aria-invalid:border-bad max-md:h-11 max-md:text-lead [&::-webkit-search-cancel-button]:hidden" />
        <span aria-hidden className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-muted max-md:hidden"><Kbd>/</Kbd></span>
      </div>
      {isWrong && <FieldError id="wrong-id">{wrong}</FieldError>}
    </div>
  );
}
