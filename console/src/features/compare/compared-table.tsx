import type { Comparison } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { dimensions } from "@/lib/format.ts";
import { Card, CardHead } from "@/ui/card.tsx";
import { Letter } from "@/ui/letter.tsx";
import { Time } from "@/ui/time.tsx";
import type { Cell, Group, Row } from "./rows.ts";

type ComparedJob = Comparison["jobs"][number];

interface Props {
  jobs: ComparedJob[];
  names: string[];
  groups: Group[];
  onRemove?: (id: string) => void;
}

/** One column a job; the names of the rows stay while the columns scroll. */
export function ComparedTable({ jobs, names, groups, onRemove }: Props) {
  return (
    <Card>
      <CardHead lined title="Numbers" note="Below each: what noise of that size would give" />
      <div tabIndex={0} role="group" aria-label="Numbers of each job" className="relative overflow-x-auto">
        <table className="w-full border-collapse text-body">
          <caption className="sr-only">Numbers of each job</caption>
          <thead>
            <tr className="border-b border-line">
              <td className="sticky left-0 z-1 min-w-44 bg-surface max-md:min-w-32" />
              {jobs.map((job, index) => <Head key={job.job_id} job={job} name={names[index]} {...(onRemove && { onRemove })} />)}
            </tr>
          </thead>
          {groups.map((group) => <Rows key={group.name} group={group} columns={jobs.length} />)}
        </table>
      </div>
    </Card>
  );
}

function Head({ job, name, onRemove }: { job: ComparedJob; name: string; onRemove?: (id: string) => void }) {
  return (
    <th scope="col" className="min-w-40 px-3 py-3 text-right align-bottom font-normal last:pr-5">
      <span className="flex items-center justify-end gap-2">
        {onRemove && <button type="button" aria-label={`Leave out ${name}`} title="Leave out" onClick={() => { onRemove(job.job_id); }} className="inline-flex size-7 items-center justify-center rounded-chip text-muted hover:bg-raised hover:text-ink max-md:size-11"><X aria-hidden className="size-4" strokeWidth={1.75} /></button>}
        <Letter letter={job.letter} />
      </span>
      <Link to={`/analytics/${job.job_id}`} title={job.job_id} className="mt-1.5 ml-auto block max-w-44 truncate font-medium hover:underline">{name}</Link>
      <span className="numeric block text-caption text-muted">{dimensions(job.width, job.height)}</span>
      <span className="block text-caption text-muted"><Time at={job.created_at} as="moment" /></span>
    </th>
  );
}

function Rows({ group, columns }: { group: Group; columns: number }) {
  return (
    <tbody className="border-line not-last:border-b">
      <tr><th scope="rowgroup" colSpan={columns + 1} className="bg-raised px-5 py-1.5 text-left text-caption font-medium text-muted max-md:px-4"><span className="sticky left-5">{group.name}</span></th></tr>
      {group.rows.map((row) => <One key={row.metric} row={row} />)}
    </tbody>
  );
}

const One = ({ row }: { row: Row }) => (
  <tr className="border-hairline not-last:border-b">
    <th scope="row" className="sticky left-0 z-1 bg-surface py-2 pr-3 pl-5 text-left align-top font-normal max-md:pl-4">
      <span className="block font-medium">{row.name}</span>
      <span className="block text-caption text-muted">{row.unit}</span>
    </th>
    {row.cells.map((cell, index) => <Number key={index} cell={cell} />)}
  </tr>
);

const Number = ({ cell }: { cell: Cell }) => (
  <td className="numeric px-3 py-2 text-right align-top whitespace-nowrap last:pr-5">
    {cell.value}
    {cell.noise !== null && <span className="block text-caption text-muted"><span className="sr-only">noise: </span>{cell.noise}</span>}
  </td>
);
