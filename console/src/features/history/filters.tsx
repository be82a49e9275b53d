import { ArrowLeftRight, Binary, CircleDot, Tag } from "lucide-react";
import { useState } from "react";
import { NONE, startOfId, type Filter } from "@/features/history/filter.ts";
import { textOf } from "@/lib/forms.ts";
import { KINDS, PURITIES, STATUSES } from "@/lib/jobs.ts";
import { Button } from "@/ui/button.tsx";
import { FilterPanel, FilterSelect } from "@/ui/filter.tsx";
import { FilterDays } from "@/ui/filter-days.tsx";
import { FilterSearch } from "@/ui/filter-search.tsx";
import { Input } from "@/ui/input.tsx";

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
      <FilterSearch label="Start of a job id" text={text} onText={setText} read={startOfId} wrong="An id has the digits 0–9 and a–f. Names are encrypted and cannot be searched." onValue={(q) => { onChange({ q }); }} />
      <FilterSelect name="State" icon={CircleDot} options={CHOICES.status} value={filter.status} onChange={(status) => { onChange({ status }); }} onClear={() => { onChange({ status: "" }); }} />
      <FilterSelect name="Kind" icon={ArrowLeftRight} options={CHOICES.kind} value={filter.kind} onChange={(kind) => { onChange({ kind }); }} onClear={() => { onChange({ kind: "" }); }} />
      <FilterSelect name="Seed" icon={Binary} options={CHOICES.purity} value={filter.purity} onChange={(purity) => { onChange({ purity }); }} onClear={() => { onChange({ purity: "" }); }} />
      <FilterDays name="Created" range={filter} onChange={onChange} />
      <Reference filter={filter} onChange={onChange} />
      {(Object.keys(filter).length > 0 || text !== "") && <button type="button" onClick={clear} className="h-9 px-2 max-md:h-11"><span className="link">Clear</span></button>}
    </search>
  );
}

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
