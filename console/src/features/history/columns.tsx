import type { Job } from "@imageshield/client";
import { bytes } from "@/lib/format.ts";
import { KINDS, layoutOf, purityOf, tookText } from "@/lib/jobs.ts";
import { SelectAll, SelectOne } from "@/features/history/selection.tsx";
import { JobName, JobState, Nothing } from "@/ui/job-cells.tsx";
import type { Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

/** The columns; made once, so that rows which have not changed are not drawn again. */
export function columnsOf(toggle: (id: string, on: boolean) => void): Column<Job>[] {
  return [
    { key: "select", head: <SelectAll />, width: "52px", phone: "name", cell: (job, isSelected) => <SelectOne job={job} checked={isSelected} onToggle={toggle} /> },
    { key: "picture", head: "Picture", phone: "name", cell: (job) => <JobName job={job} /> },
    { key: "kind", wide: "xl", head: "Kind", width: "92px", phone: "none", cell: (job) => KINDS[job.kind] },
    { key: "seed", wide: true, head: "Seed", width: "110px", phone: "none", cell: (job) => purityOf(job) ?? <Nothing /> },
    { key: "layout", wide: "xl", head: "Comes back as", width: "130px", phone: "none", cell: (job) => layoutOf(job) ?? <Nothing /> },
    { key: "size", wide: true, head: "Size", width: "92px", right: true, phone: "fact", cell: (job) => (job.image ? bytes(job.image.bytes) : <Nothing />) },
    { key: "time", wide: true, head: "Time", width: "80px", right: true, phone: "none", cell: (job) => tookText(job) ?? <Nothing /> },
    { key: "state", head: "State", width: "160px", phone: "badge", cell: (job) => <JobState job={job} /> },
    { key: "created", head: "Created", width: "150px", right: true, phone: "fact", cell: (job) => <Time at={job.created_at} as="moment" /> },
  ];
}
