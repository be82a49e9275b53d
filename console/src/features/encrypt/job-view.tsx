import { Plus, RefreshCw } from "lucide-react";
import { Result } from "@/features/encrypt/result.tsx";
import { Running } from "@/features/encrypt/running.tsx";
import { useAction } from "@/lib/action.ts";
import { client, queries } from "@/lib/api.ts";
import { explainCode } from "@/lib/problems.ts";
import { useJob } from "@/lib/watch.ts";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import type { Job } from "@imageshield/client";

/** A job of this page's address: it runs, or has ended. */
export function JobView({ id }: { id: string }) {
  const watch = useJob(id);
  const { subject: job, error } = watch;
  if (!job) return error ? <Lost error={error} /> : <Loading />;
  if (job.kind !== "encrypt") return <OtherKind job={job} />;
  if (job.status === "completed") return <Result job={job} />;
  if (job.status === "failed" || job.status === "cancelled") return <Ended job={job} />;
  return <Running job={job} watch={watch} />;
}

const another = <ButtonLink kind="ink" icon={Plus} to="/encrypt">Encrypt another</ButtonLink>;

const Loading = () => (
  <Skeleton>
    <Bone className="mb-2 h-6 w-40" />
    <Bone className="mb-6 h-4 w-72" />
    <Bone className="h-96 w-full" />
  </Skeleton>
);

const Lost = ({ error }: { error: unknown }) => (
  <>
    <PageHead title="Encrypt" actions={another} />
    <ProblemMessage error={error} />
  </>
);

const OtherKind = ({ job }: { job: Job }) => (
  <>
    <PageHead title="Encrypt" actions={another} />
    <Message tone="info" title="This job encrypts nothing." action={<ButtonLink to={`/jobs/${job.job_id}`}>Show the job</ButtonLink>} />
  </>
);

function Ended({ job }: { job: Job }) {
  const { run, busy, error } = useAction(async () => { queries.setQueryData([job.job_id], await client.jobs.retry(job.job_id)); });
  const why = explainCode(job.error?.code ?? "", job.error?.title);
  const cancelled = job.status === "cancelled";
  return (
    <>
      <PageHead title={cancelled ? "Cancelled" : "Not encrypted"} note={<>{job.file_name ?? "The picture"} · <CopyableId id={job.job_id} what="job id" /></>} actions={another} />
      {cancelled ? (
        <Message tone="info" title="The job was cancelled." action={<ButtonLink to="/encrypt">Choose a picture</ButtonLink>}>Nothing was encrypted, and the picture was deleted.</Message>
      ) : (
        <Message tone="bad" title={why.sentence} link={why.page ? { to: why.page, text: "Reasons and remedies" } : undefined} action={<Button icon={RefreshCw} busy={busy} onClick={() => { run(); }}>Try again</Button>}>
          {job.error?.detail ?? why.remedy} The picture is kept for 24 hours to try again.
        </Message>
      )}
      {error !== null && <div className="mt-4"><ProblemMessage error={error} /></div>}
    </>
  );
}
