import { Activity, CircleDot, UserRound } from "lucide-react";
import { useState } from "react";
import { digitsOf, NONE, OUTCOMES, type Filter, type Outcome } from "@/features/audit/filter.ts";
import type { Names } from "@/features/audit/names.ts";
import { GROUPS } from "@/lib/audit-words.ts";
import { shortId } from "@/lib/format.ts";
import { FilterSelect } from "@/ui/filter.tsx";
import { FilterDays } from "@/ui/filter-days.tsx";
import { FilterSearch } from "@/ui/filter-search.tsx";

interface Props {
  filter: Filter;
  names: Names;
  onChange: (values: Record<string, string>) => void;
}

const ACTORS = [
  { value: "user", name: "People" },
  { value: "api_key", name: "API keys" },
  { value: "operator", name: "Operators at the machine" },
  { value: "system", name: "The service" },
];

/** Search and filters; all of them are in the address. */
export function Filters({ filter, names, onChange }: Props) {
  const [text, setText] = useState(filter.object ?? "");
  const [object, setObject] = useState(filter.object);
  if (object !== filter.object) {
    // A link of the page may have chosen another one.
    setObject(filter.object);
    if (digitsOf(text) !== filter.object) setText(filter.object ?? "");
  }
  const clear = () => {
    setText("");
    onChange(NONE);
  };
  return (
    <search className="flex flex-wrap items-start gap-2">
      <FilterSearch label="Id of a job, key, webhook" text={text} onText={setText} read={digitsOf} wrong="A whole id has 32 digits: 0–9 and a–f." onValue={(id) => { onChange({ object: id }); }} />
      <FilterDays name="Time" range={filter} onChange={onChange} />
      <FilterSelect name="Event" icon={Activity} options={eventsFor(filter.event)} value={filter.event} onChange={(event) => { onChange({ event }); }} onClear={() => { onChange({ event: "" }); }} />
      <FilterSelect name="Who" icon={UserRound} options={actorsFor(filter.who, names)} value={filter.who} onChange={(who) => { onChange({ who }); }} onClear={() => { onChange({ who: "" }); }} />
      <FilterSelect name="Outcome" icon={CircleDot} options={(Object.keys(OUTCOMES) as Outcome[]).map((value) => ({ value, name: OUTCOMES[value] }))} value={filter.outcome} onChange={(outcome) => { onChange({ outcome }); }} onClear={() => { onChange({ outcome: "" }); }} />
      {(Object.keys(filter).length > 0 || text !== "") && <button type="button" onClick={clear} className="h-9 px-2 max-md:h-11"><span className="link">Clear</span></button>}
    </search>
  );
}

/** The groups, and the one action that a link has chosen. */
function eventsFor(event: string | undefined) {
  const groups = GROUPS.map(({ value, name }) => ({ value, name }));
  return event === undefined || groups.some(({ value }) => value === event) ? groups : [...groups, { value: event, name: event }];
}

function actorsFor(who: string | undefined, names: Names) {
  const people = [...names.users].map(([value, name]) => ({ value, name }));
  const keys = [...names.keys].map(([value, name]) => ({ value, name: `API key ${name}` }));
  const known = [...ACTORS, ...people, ...keys];
  return who === undefined || known.some(({ value }) => value === who) ? known : [...known, { value: who, name: shortId(who) }];
}
