import type { Job, JobState } from "@imageshield/client";
import { Binary, Link2, X } from "lucide-react";
import { copyOf } from "@/features/encrypt/submission.ts";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { dimensions, duration } from "@/lib/format.ts";
import { useSteadyNow } from "@/lib/hooks.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { usePreviewShown } from "@/lib/preferences.ts";
import { stagesAt, stagesOf, timeOf } from "@/lib/stages.ts";
import type { Watch } from "@/lib/watch.ts";
import { Live } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, CardFoot, CardPart } from "@/ui/card.tsx";
import { copyAddress } from "@/ui/copy.ts";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Columns, PageHead } from "@/ui/page.tsx";
import { PictureKey, PictureProgress } from "@/ui/picture.tsx";
import { Progress } from "@/ui/progress.tsx";
import { Steps } from "@/ui/steps.tsx";
import { toastError } from "@/ui/toast.tsx";

interface Props {
  job: Job;
  watch: Watch<Job, JobState>;
}

/** A job that runs: the picture turns to noise by the share of bytes done. */
export function Running({ job, watch }: Props) {
  const percentage = watch.live?.progress ?? job.progress;
  return (
    <>
      <PageHead title="Encrypting" note={<><Facts job={job} /> · <CopyableId id={job.job_id} what="job id" /></>} actions={<Actions job={job} />} />
      {watch.error !== null && <div className="mb-4"><ProblemMessage error={watch.error} /></div>}
      <Columns side="charts" gap={24} aside={<Stages job={job} watch={watch} percentage={percentage} />}>
        <Progressing job={job} share={percentage / 100} />
        <Seed job={job} />
      </Columns>
    </>
  );
}

function Facts({ job: { file_name, image } }: { job: Job }) {
  const size = image?.width && image.height ? `${dimensions(image.width, image.height)} ` : "";
  return <span className="break-all">{file_name ?? "A picture"} · {size}{image?.format === "OTHER" ? (image.media_type ?? "") : image?.format}</span>;
}

function Actions({ job }: { job: Job }) {
  const { run, busy } = useAction(async () => { queries.setQueryData([job.job_id], await client.jobs.cancel(job.job_id)); }, (error) => { toastError("The job could not be cancelled", error); });
  return (
    <>
      <Button icon={Link2} onClick={() => void copyAddress()}>Copy link</Button>
      <Button icon={X} busy={busy || job.cancel_requested} busyLabel="Cancelling…" onClick={() => { run(); }}>Cancel</Button>
    </>
  );
}

function Progressing({ job, share }: { job: Job; share: number }) {
  const shown = usePreviewShown();
  const src = useObjectUrl(shown ? (copyOf(job.job_id)?.file ?? null) : null);
  const { width, height } = job.image ?? {};
  const ratio = width && height ? width / height : 1;
  return (
    <Card aria-label="Progress of the picture">
      <CardPart className="p-4">
        <div className="flex justify-center rounded-picture bg-raised">
          <PictureProgress src={src} alt={src ? "Your picture, turning to noise from the top" : "Where your picture turns to noise"} share={share} seed={job.job_id} ratio={ratio} className="w-full max-w-[calc(540px*var(--ratio))]" />
        </div>
        <div className="mt-3.5 flex flex-wrap items-center gap-x-5 gap-y-1">
          <PictureKey whose="encrypted" />
          <PictureKey whose="yours" />
          <span className="ml-auto text-caption text-muted">Drawn by share of bytes; the real picture comes at the end</span>
        </div>
      </CardPart>
    </Card>
  );
}

function Stages({ job, watch, percentage }: Props & { percentage: number }) {
  const now = useSteadyNow();
  const stage = watch.live?.stage ?? job.stage;
  const copy = copyOf(job.job_id);
  const order = stagesOf(job.kind, copy?.measured ?? false, watch.marks);
  const steps = stagesAt(order, stage, watch.marks, now).map(({ name, title, state, seconds }) => ({ key: name, title, state, time: timeOf(seconds) }));
  const since = copy?.acceptedAt;
  return (
    <Card aria-label="Progress">
      <CardPart>
        <div className="mb-3 flex items-end justify-between gap-3">
          <p className="numeric text-figure">{percentage}<span className="ml-1 text-title font-normal text-muted">%</span></p>
          <p className="numeric pb-1 text-right">
            <span className="block font-medium">{remaining(job, percentage, since, now)}</span>
            {since !== undefined && <span className="block text-dense text-muted">{duration((now - since) / 1000)} so far</span>}
          </p>
        </div>
        <Progress picture share={percentage / 100} label="Encrypted" />
        <div className="mt-2 flex justify-between text-caption"><span className="text-iris">encrypted</span><span className="text-amber">still to do</span></div>
      </CardPart>
      <CardPart><Steps steps={steps} /></CardPart>
      <CardFoot className="bg-surface text-caption">
        <Connection connection={watch.connection} />
        <span className="text-right">You can close this page. Its link brings you back.</span>
      </CardFoot>
    </Card>
  );
}

/** By the share that is done, once there is one; before that, as the service estimated. */
function remaining(job: Job, percentage: number, since: number | undefined, now: number): string {
  if (since === undefined) return "";
  const elapsed = (now - since) / 1000;
  const left = percentage >= 10 ? (elapsed * (100 - percentage)) / percentage : job.estimated_time - elapsed;
  return left > 0.5 ? `about ${duration(Math.ceil(left))} left` : "";
}

const CONNECTIONS = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting, asking every 2 s.", polling: "Asking every 2 s." };

function Connection({ connection }: { connection: keyof typeof CONNECTIONS }) {
  return <span role="status"><Live state={connection === "live" ? "live" : "reconnecting"}>{CONNECTIONS[connection]}</Live></span>;
}

const SEEDS: Record<string, string> = {
  fast: "Fast: measured bits that were already waiting",
  balanced: "Balanced: new circuits for this picture",
  multistage: "Multistage: a new seed for every MiB",
  maximum: "Maximum: a measured bit for every keystream bit",
};

const Seed = ({ job }: { job: Job }) => (
  <p className="flex items-start gap-2.5 px-1 text-dense text-muted max-lg:hidden">
    <Binary aria-hidden className="mt-px size-4 shrink-0" strokeWidth={1.75} />
    <span>{SEEDS[job.quantum_purity?.requested ?? "balanced"]}. Each seed also has 512 bits of the system's generator, which alone carry the strength. A simulator is credited 0 bits.</span>
  </p>
);
