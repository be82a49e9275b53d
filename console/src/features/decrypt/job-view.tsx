import type { Job, JobState } from "@imageshield/client";
import { LockOpen, X } from "lucide-react";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Outcome } from "@/features/decrypt/outcome.tsx";
import { keepFiles } from "@/features/decrypt/submission.ts";
import { NO_FILES } from "@/features/decrypt/slots.ts";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { useSteadyNow } from "@/lib/hooks.ts";
import { explainCode } from "@/lib/problems.ts";
import { stagesAt, stagesOf, timeOf } from "@/lib/stages.ts";
import { useJob, type Watch } from "@/lib/watch.ts";
import { Live } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card, CardFoot, CardPart } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import { Steps } from "@/ui/steps.tsx";
import { toastError } from "@/ui/toast.tsx";

const BACK = <ButtonLink icon={LockOpen} to="/decrypt">Change something and try again</ButtonLink>;

/** A decryption by the service: it runs, or has ended. */
export function JobView({ id }: { id: string }) {
  const watch = useJob(id);
  const { subject: job, error } = watch;
  if (!job) return error ? <><PageHead title="Decrypt" /><ProblemMessage error={error} action={BACK} /></> : <Skeleton><Bone className="mb-6 h-6 w-40" /><Bone className="h-72 w-full" /></Skeleton>;
  if (job.kind !== "decrypt") return <><PageHead title="Decrypt" /><Message tone="info" title="This job decrypts nothing." action={<ButtonLink to={`/jobs/${id}`}>Show the job</ButtonLink>} /></>;
  if (job.status === "completed") return <Fetched job={job} />;
  if (job.status === "failed" || job.status === "cancelled") return <Ended job={job} />;
  return <Running job={job} watch={watch} />;
}

function Ended({ job }: { job: Job }) {
  const why = explainCode(job.error?.code ?? "", job.error?.title);
  return (
    <>
      <PageHead title={job.status === "cancelled" ? "Cancelled" : "Not decrypted"} note={<CopyableId id={job.job_id} what="job id" />} />
      {job.status === "cancelled"
        ? <Message tone="info" title="The job was cancelled." action={BACK}>Nothing was decrypted.</Message>
        : <Message tone="bad" title={why.sentence} link={why.page ? { to: why.page, text: "Reasons and remedies" } : undefined} action={BACK}>{why.remedy}</Message>}
    </>
  );
}

/** The picture is fetched at once, because the service keeps it for minutes only. */
function Fetched({ job }: { job: Job }) {
  const navigate = useNavigate();
  const { data, error, isPending } = useQuery({ queryKey: ["decrypted", job.job_id], queryFn: ({ signal }) => client.jobs.result(job.job_id, { signal }), staleTime: Infinity, gcTime: 0 });
  const another = () => { keepFiles(NO_FILES); void navigate({ to: "/decrypt" }); };
  if (data) return <Outcome picture={{ blob: data.blob, name: data.name ?? "picture", isIdentical: job.warnings.includes("not-byte-identical") ? false : null, where: "service" }} onAnother={another} />;
  return (
    <>
      <PageHead title="Decrypted" note={<CopyableId id={job.job_id} what="job id" />} />
      {isPending ? <Skeleton label="Fetching the picture"><Bone className="h-72 w-full" /></Skeleton> : <ProblemMessage error={error} action={BACK} />}
    </>
  );
}

function Running({ job, watch }: { job: Job; watch: Watch<Job, JobState> }) {
  const now = useSteadyNow();
  const steps = stagesAt(stagesOf("decrypt", false, watch.marks), watch.live?.stage ?? job.stage, watch.marks, now);
  const { run, busy } = useAction(async () => { queries.setQueryData([job.job_id], await client.jobs.cancel(job.job_id)); }, (error) => { toastError("The job could not be cancelled", error); });
  return (
    <>
      <PageHead title="Decrypting" note={<CopyableId id={job.job_id} what="job id" />} actions={<Button icon={X} busy={busy || job.cancel_requested} busyLabel="Cancelling…" onClick={() => { run(); }}>Cancel</Button>} />
      {watch.error !== null && <div className="mb-4"><ProblemMessage error={watch.error} /></div>}
      <Card aria-label="Progress" className="max-w-xl">
        <CardPart><Steps steps={steps.map(({ name, title, state, seconds }) => ({ key: name, title, state, time: timeOf(seconds), note: name === "verifying" && state === "active" ? "Every check, before anything is given out" : undefined }))} /></CardPart>
        <CardFoot className="bg-surface text-caption">
          <span role="status"><Live state={watch.connection === "live" ? "live" : "reconnecting"}>{watch.connection === "live" ? "Live" : "Reconnecting, asking every 2 s."}</Live></span>
          <span className="text-right">You can close this page. Its link brings you back.</span>
        </CardFoot>
      </Card>
    </>
  );
}
