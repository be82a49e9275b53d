import { ArrowLeftRight, Binary, CalendarDays, CircleDot, Search, Tag } from "lucide-react";
import { useEffect, useState } from "react";
import { NONE, startOfId, type Filter } from "@/features/history/filter.ts";
import { textOf } from "@/lib/forms.ts";
import { KINDS, PURITIES, STATUSES } from "@/lib/jobs.ts";
import { Button } from "@/ui/button.tsx";
import { FieldError } from "@/ui/field.tsx";
import { FilterPanel, FilterSelect } from "@/ui/filter.tsx";
import { Input } from "@/ui/input.tsx";
import { Kbd } from "@/ui/kbd.tsx";

type Change = (values: Record<string, string>) => void;
interface Props {
  filter: Filter;
  onChange: Change;
}

const options = <T extends string>(names: Record<T, string>) => (Object.keys(names) as T[]).map((value) => ({ value, name: names[value] }));
const CHOICES = { status: options(STATUSES), kind: options(KINDS), purity: options(PURITIES) };

/** Search and filters; all of them are in the address. */
export function Filters({ filter, onChange }: Props) {
  const [text, setText] = useState(filter.q ?? "");
  const clear = () => {
    setText("");
    onChange(NONE);
  };
  return (
    <search className="mb-4 flex flex-wrap items-start gap-2">
      <IdSearch text={text} onText={setText} onChange={onChange} />
      <FilterSelect name="State" icon={CircleDot} options={CHOICES.status} value={filter.status} onChange={(status) => { onChange({ status }); }} onClear={() => { onChange({ status: "" }); }} />
      <FilterSelect name="Kind" icon={ArrowLeftRight} options={CHOICES.kind} value={filter.kind} onChange={(kind) => { onChange({ kind }); }} onClear={() => { onChange({ kind: "" }); }} />
      <FilterSelect name="Seed" icon={Binary} options={CHOICES.purity} value={filter.purity} onChange={(purity) => { onChange({ purity }); }} onClear={() => { onChange({ purity: "" }); }} />
      <Days filter={filter} onChange={onChange} />
      <Reference filter={filter} onChange={onChange} />
      {(Object.keys(filter).length > 0 || text !== "") && <button type="button" onClick={clear} className="h-9 px-2 max-md:h-11"><span className="link">Clear</span></button>}
    </search>
  );
}

const PAUSE = 250;

function IdSearch({ text, onText, onChange }: { text: string; onText: (text: string) => void; onChange: Change }) {
  const wrong = text.trim() !== "" && startOfId(text) === undefined;
  useEffect(() => {
    const timer = setTimeout(() => { onChange({ q: startOfId(text) ?? "" }); }, PAUSE);
    return () => { clearTimeout(timer); };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only typing searches
  }, [text]);
  return (
    <div className="w-62 max-md:w-full">
      <div className="relative">
        <Search aria-hidden className="pointer-events-none absolute top-1/2 left-2.5 size-4 -translate-y-1/2 text-muted" strokeWidth={1.75} />
        <input data-search type="search" aria-label="Start of a job id" placeholder="Start of a job id" aria-invalid={wrong ? true : undefined} aria-describedby={wrong ? "wrong-id" : undefined} autoComplete="off" autoCapitalize="off" spellCheck={false} value={text} onChange={(event) => { onText(event.target.value); }} className="h-9 w-full rounded-control border border-control bg-surface pr-9 pl-9 text-body transition-colors placeholder:text-muted hover:border-ink aria-invalid:border-bad max-md:h-11 max-md:text-lead [&::-webkit-search-cancel-button]:hidden" />
        <span aria-hidden className="pointer-events-none absolute top-1/2 right-2 -translate-y-1/2 text-muted max-md:hidden"><Kbd>/</Kbd></span>
      </div>
      {wrong && <FieldError id="wrong-id">An id has the digits 0–9 and a–f. Names are encrypted and cannot be searched.</FieldError>}
    </div>
  );
}

const short = (day: string): string => new Date(`${day}T00:00:00`).toLocaleDateString("en-GB", { day: "numeric", month: "short" });

function daysText({ since, until }: Filter): string | undefined {
  if (since !== undefined && since === until) return short(since);
  if (since !== undefined && until !== undefined) return `${short(since)} to ${short(until)}`;
  return since !== undefined ? `since ${short(since)}` : until !== undefined ? `until ${short(until)}` : undefined;
}

const Days = ({ filter, onChange }: Props) => (
  <FilterPanel name="Created" icon={CalendarDays} value={daysText(filter)} onClear={() => { onChange({ since: "", until: "" }); }}>
    <div className="grid gap-3">
      <Input type="date" label="Since" value={filter.since ?? ""} max={filter.until} onChange={(event) => { onChange({ since: event.target.value }); }} />
      <Input type="date" label="Until" note="this day included" value={filter.until ?? ""} min={filter.since} onChange={(event) => { onChange({ until: event.target.value }); }} />
    </div>
  </FilterPanel>
);

function Reference({ filter, onChange }: Props) {
  return (
    <FilterPanel name="Reference" icon={Tag} value={filter.reference && shortened(filter.reference)} onClear={() => { onChange({ reference: "" }); }}>
      <form key={filter.reference} action={(form) => { onChange({ reference: textOf(form, "reference").trim() }); }} className="grid gap-3">
        <Input name="reference" label="Reference" hint="Exactly as it was given with the picture." defaultValue={filter.reference ?? ""} maxLength={200} autoComplete="off" />
        <Button type="submit" wide>Show</Button>
      </form>
    </FilterPanel>
  );
}

const shortened = (text: string): string => (text.length > 24 ? `${text.slice(0, 22)}…` : text);
