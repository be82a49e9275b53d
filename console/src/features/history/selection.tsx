import type { Job } from "@imageshield/client";
import { createContext, useCallback, useContext, useMemo, useState } from "react";
import { Checkbox } from "@/ui/choice.tsx";
import { titleOf } from "@/lib/jobs.ts";

interface Selection {
  ids: ReadonlySet<string>;
  rows: Job[];
  setAll: (ids: Iterable<string>) => void;
}

const NONE: ReadonlySet<string> = new Set();
export const SelectionContext = createContext<Selection>({ ids: NONE, rows: [], setAll: () => undefined });

/** Which of the shown jobs are selected. What is no longer shown is no longer selected. */
export function useSelection(rows: Job[]) {
  const [marked, setMarked] = useState(NONE);
  const toggle = useCallback((id: string, on: boolean) => {
    setMarked((before) => {
      const after = new Set(before);
      if (on) after.add(id);
      else after.delete(id);
      return after;
    });
  }, []);
  const setAll = useCallback((ids: Iterable<string>) => { setMarked(new Set(ids)); }, []);
  const jobs = useMemo(() => (marked.size === 0 ? [] : rows.filter((job) => marked.has(job.job_id))), [rows, marked]);
  const ids = useMemo(() => (jobs.length === 0 ? NONE : new Set(jobs.map((job) => job.job_id))), [jobs]);
  return { jobs, ids, toggle, setAll };
}

/** The box in the head: all that is shown, or nothing. */
export function SelectAll() {
  const { ids, rows, setAll } = useContext(SelectionContext);
  const all = rows.length > 0 && ids.size === rows.length;
  return <Checkbox aria-label={`Select all ${rows.length} shown`} checked={all} some={ids.size > 0 && !all} onChange={(on) => { setAll(on ? rows.map((job) => job.job_id) : []); }} />;
}

/** The box of a row, above the link of its row. */
export const SelectOne = ({ job, checked, onToggle }: { job: Job; checked: boolean; onToggle: (id: string, on: boolean) => void }) => (
  <span className="relative z-1 flex">
    <Checkbox aria-label={`Select ${titleOf(job)}`} checked={checked} onChange={(on) => { onToggle(job.job_id, on); }} />
  </span>
);
