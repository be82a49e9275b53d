import type { Connection, Job, JobState } from "@imageshield/client";
import { duration } from "@/lib/format.ts";
import { useNow } from "@/lib/hooks.ts";
import { stagesAt, stagesOf, titleOf } from "@/lib/stages.ts";
import type { Mark } from "@/lib/watch.ts";
import { Live } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Progress } from "@/ui/progress.tsx";
import { Steps, type Step } from "@/ui/steps.tsx";

interface Props {
  job: Job;
  live: JobState | null;
  connection: Connection;
  marks: Mark[];
  busy: boolean;
  onCancel: () => void;
}

/** A job that waits or runs: what is being done, how far, and how long it will take. */
export function LiveCard({ job, live, connection, marks, busy, onCancel }: Props) {
  const stage = live?.stage ?? job.stage;
  const progress = live?.progress ?? job.progress;
  const title = job.cancel_requested ? "Cancelling" : titleOf(stage, "active");
  return (
    <Card>
      <CardHead lined title="In progress" aside={<Connected connection={connection} />} />
      <CardPart>
        <Progress picture={job.kind === "encrypt" || job.kind === "decrypt"} share={progress / 100} label={title} titled note={<><span>{progress} %</span> <Left job={job} /></>} />
      </CardPart>
      <CardPart>
        <Steps steps={stepsOf(job, stage, marks)} />
      </CardPart>
      <CardPart tight className="flex flex-wrap items-center justify-between gap-3">
        <p className="text-dense text-muted">You can close this page. The job goes on, and its link brings you back.</p>
        <Button size="small" busy={busy} {...(job.cancel_requested && { reason: "Cancelling" })} onClick={onCancel}>Cancel</Button>
      </CardPart>
    </Card>
  );
}

function Connected({ connection }: { connection: Connection }) {
  if (connection === "live") return <Live state="live" />;
  if (connection === "reconnecting") return <Live state="reconnecting">Reconnecting, asking every 2 s</Live>;
  return connection === "polling" ? <Live state="live">Asking every 2 s</Live> : <Live state="reconnecting">Connecting</Live>;
}

/** The estimate was made at the start and is not revised. */
function Left({ job }: { job: Job }) {
  const now = useNow(1000);
  const left = job.estimated_time - (now.getTime() - Date.parse(job.created_at)) / 1000;
  return <span className="font-normal text-muted">{left >= 1 ? `about ${duration(Math.round(left))} left` : "longer than estimated"}</span>;
}

function stepsOf({ kind }: Job, stage: string, marks: Mark[]): Step[] {
  const order = stagesOf(kind, stage === "analyzing", marks);
  return stagesAt(order, stage, marks, performance.now()).map(({ name, title, state, seconds }) => ({ key: name, title, state, time: state === "done" && seconds !== null ? duration(seconds) : "" }));
}
