import type { Job } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { useRunning, useWaiting } from "@/features/overview/data.ts";
import { bytes, duration, plural } from "@/lib/format.ts";
import { useNow } from "@/lib/hooks.ts";
import { titleOf } from "@/lib/jobs.ts";
import { titleOf as stageTitle } from "@/lib/stages.ts";
import { useJob } from "@/lib/watch.ts";
import { Live, type Liveness } from "@/ui/badge.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { PictureProgress } from "@/ui/picture.tsx";
import { Progress } from "@/ui/progress.tsx";

/** Jobs that a worker has, each followed live; nothing if there are none. */
export function Running() {
  const { data, isError } = useRunning();
  const waiting = useWaiting();
  const jobs = data?.data ?? [];
  const queued = waiting.data?.data.length ?? 0;
  if (jobs.length === 0 && queued === 0) return null;
  return (
    <Card>
      <CardHead lined title="In progress" aside={<Live state={stateOf(isError)}>{isError ? "Reconnecting, asking every 3 s" : undefined}</Live>} />
      <ul>{jobs.map((job) => <li key={job.job_id} className="border-hairline not-first:border-t"><Row job={job} /></li>)}</ul>
      {queued > 0 && <CardPart tight className="text-dense text-muted">{plural(queued, "job waits", "jobs wait")}{waiting.data?.has_more ? ", and more" : ""} for a worker.</CardPart>}
    </Card>
  );
}

const stateOf = (failed: boolean): Liveness => (failed ? "reconnecting" : "live");

function Row({ job: listed }: { job: Job }) {
  const { subject, live } = useJob(listed.job_id);
  const job = subject ?? listed;
  const progress = live?.progress ?? job.progress;
  const stage = live?.stage ?? job.stage;
  const now = useNow(1000);
  const left = job.estimated_time - (now.getTime() - Date.parse(job.created_at)) / 1000;
  return (
    <div className="relative flex items-center gap-4 px-5 py-3 hover:bg-raised/60 max-md:px-4">
      <PictureProgress alt="" share={progress / 100} seed={job.job_id} cells={24} className="size-12 shrink-0 rounded-control!" />
      <div className="min-w-0 flex-1">
        <div className="mb-1.5 flex items-baseline justify-between gap-3">
          <Link to="/jobs/$job" params={{ job: job.job_id }} className="row-link truncate font-medium">{titleOf(job)}</Link>
          <span className="numeric text-dense font-medium">{progress} %</span>
        </div>
        <Progress picture share={progress / 100} label={titleOf(job)} />
        <div className="mt-1 flex justify-between gap-3 text-caption text-muted">
          <span>{stageTitle(stage, "active")}{job.image && `, ${bytes(job.image.bytes)}`}</span>
          <span className="numeric whitespace-nowrap">{left >= 1 ? `about ${duration(Math.round(left))} left` : "longer than estimated"}</span>
        </div>
      </div>
    </div>
  );
}
