import { CalendarDays } from "lucide-react";
import { FilterPanel } from "@/ui/filter.tsx";
import { Input } from "@/ui/input.tsx";

interface Range {
  since?: string;
  until?: string;
}

const short = (day: string): string => new Date(`${day}T00:00:00`).toLocaleDateString("en-GB", { day: "numeric", month: "short" });

function textOf({ since, until }: Range): string | undefined {
  if (since !== undefined && since === until) return short(since);
  if (since !== undefined && until !== undefined) return `${short(since)} to ${short(until)}`;
  return since !== undefined ? `since ${short(since)}` : until !== undefined ? `until ${short(until)}` : undefined;
}

/** A filter by days, both included. */
export const FilterDays = ({ name, range, onChange }: { name: string; range: Range; onChange: (change: Record<string, string>) => void }) => (
  <FilterPanel name={name} icon={CalendarDays} value={textOf(range)} onClear={() => { onChange({ since: "", until: "" }); }}>
    <div className="grid gap-3">
      <Input type="date" label="Since" value={range.since ?? ""} max={range.until} onChange={(event) => { onChange({ since: event.target.value }); }} />
      <Input type="date" label="Until" note="this day included" value={range.until ?? ""} min={range.since} onChange={(event) => { onChange({ until: event.target.value }); }} />
    </div>
  </FilterPanel>
);
