import type { Job } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { Lock } from "lucide-react";
import { useRecent } from "@/features/overview/data.ts";
import { layoutOf, tookText } from "@/lib/jobs.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { JobName, JobState, Nothing } from "@/ui/job-cells.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

const COLUMNS: Column<Job>[] = [
  { key: "picture", head: "Picture", phone: "name", cell: (job) => <JobName job={job} /> },
  { key: "layout", wide: "xl", head: "Comes back as", width: "130px", cell: (job) => layoutOf(job) ?? <Nothing /> },
  { key: "time", wide: "xl", head: "Time", width: "80px", right: true, phone: "none", cell: (job) => tookText(job) ?? <Nothing /> },
  { key: "state", head: "State", width: "150px", phone: "badge", cell: (job) => <JobState job={job} /> },
  { key: "ended", head: "Ended", width: "140px", right: true, cell: (job) => (job.completed_at === null ? <Nothing /> : <Time at={job.completed_at} as="moment" />) },
];

/** The newest jobs. */
export function Recent() {
  const { data, error, isPending } = useRecent();
  return (
    <Card>
      <CardHead lined title="Recent" aside={data && data.data.length > 0 && <Link to="/history" className="text-dense max-md:py-3"><span className="link">All jobs</span></Link>} />
      {isPending && <SkeletonRows rows={8} />}
      {error && !data && <div className="p-5"><ProblemMessage error={error} /></div>}
      {data?.data.length === 0 && <Empty icon={Lock} title="No pictures yet." action={<ButtonLink kind="iris" icon={Lock} to="/encrypt">Encrypt</ButtonLink>}>Encrypt one and it appears here.</Empty>}
      {data && data.data.length > 0 && <Table fixed caption="The newest jobs" columns={COLUMNS} rows={data.data} rowKey={(job) => job.job_id} />}
    </Card>
  );
}
