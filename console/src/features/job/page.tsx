import { ApiProblem, type Job } from "@imageshield/client";
import { useNavigate } from "@tanstack/react-router";
import { FileSearch, History } from "lucide-react";
import { useState } from "react";
import { useDownloads, useSteering } from "@/features/job/actions.ts";
import { DeliveriesCard } from "@/features/job/deliveries.tsx";
import { JobHead } from "@/features/job/head.tsx";
import { KeyFileDialog } from "@/features/job/key-file.tsx";
import { LiveCard } from "@/features/job/live.tsx";
import { Notices } from "@/features/job/notices.tsx";
import { ProvenanceCard } from "@/features/job/provenance.tsx";
import { Side } from "@/features/job/side.tsx";
import { TimelineCard } from "@/features/job/timeline.tsx";
import { useAction } from "@/lib/action.ts";
import { usePathParam } from "@/lib/address.ts";
import { client, queries } from "@/lib/api.ts";
import { isOpen, titleOf } from "@/lib/jobs.ts";
import { useJob } from "@/lib/watch.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card } from "@/ui/card.tsx";
import { Confirm } from "@/ui/confirm.tsx";
import { Bone, Empty, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Columns, PageHead, Stack } from "@/ui/page.tsx";
import { toast, toastError } from "@/ui/toast.tsx";

export default function JobPage() {
  const id = usePathParam("job");
  const watch = useJob(id);
  if (watch.subject === undefined) return watch.error ? <Failed error={watch.error} /> : <Loading />;
  const { subject, live } = watch;
  const job: Job = live === null ? subject : { ...subject, status: live.status, progress: live.progress, stage: live.stage };
  return <Details key={id} job={job} watch={watch} />;
}

function Details({ job, watch }: { job: Job; watch: ReturnType<typeof useJob> }) {
  const downloads = useDownloads(job);
  const steering = useSteering(job);
  const [dialog, setDialog] = useState<"key-file" | "delete" | null>(null);
  const close = () => { setDialog(null); };
  const askDelete = () => { setDialog("delete"); };
  return (
    <>
      <JobHead job={job} downloads={downloads} steering={steering} onKeyFile={() => { setDialog("key-file"); }} onDelete={askDelete} />
      <Columns side="job" aside={<Side job={job} downloads={downloads} onDelete={askDelete} />}>
        <Notices job={job} />
        {watch.error !== null && <ProblemMessage error={watch.error} />}
        {isOpen(job) && <LiveCard job={job} live={watch.live} connection={watch.connection} marks={watch.marks} busy={steering.busy} onCancel={steering.cancel} />}
        <TimelineCard job={job} />
        <ProvenanceCard job={job} />
        {!isOpen(job) && <DeliveriesCard job={job} />}
      </Columns>
      {dialog === "key-file" && <KeyFileDialog job={job} onClose={close} />}
      {dialog === "delete" && <DeleteDialog job={job} onClose={close} />}
    </>
  );
}

const DELETED: Partial<Record<Job["kind"], string>> = { decrypt: "The decrypted picture is deleted here.", export: "The zip is deleted here. What is in it stays." };

function DeleteDialog({ job, onClose }: { job: Job; onClose: () => void }) {
  const navigate = useNavigate();
  const { run, busy } = useAction(async () => {
    await client.jobs.remove(job.job_id);
    toast("Job deleted");
    await navigate({ to: "/history" });
    queries.removeQueries({ queryKey: [job.job_id] });
    await queries.resetQueries({ queryKey: ["jobs"] });
  }, (error) => {
    toastError("The job could not be deleted", error);
    onClose();
  });
  return (
    <Confirm open onClose={onClose} title={`Delete “${titleOf(job)}”?`} keep="Keep it" act="Delete the job" busy={busy} onAct={() => { run(); }}>
      {DELETED[job.kind] ?? "The encrypted picture, its receipt and its analysis are deleted here. The key stays, so a picture that was downloaded still opens."}
    </Confirm>
  );
}

function Failed({ error }: { error: unknown }) {
  const unknown = error instanceof ApiProblem && (error.status === 404 || error.status === 422);
  return (
    <>
      <PageHead title="Job" />
      {unknown ? <Card><Empty icon={FileSearch} title="There is no such job." action={<ButtonLink icon={History} to="/history">See all jobs</ButtonLink>}>It was deleted, its time was over, or it belongs to another account.</Empty></Card> : <ProblemMessage error={error} />}
    </>
  );
}

const Loading = () => (
  <Skeleton>
    <div className="mb-6 grid gap-2.5"><Bone className="h-5 w-56" /><Bone className="h-6 w-72 max-w-full" /><Bone className="h-4 w-96 max-w-full" /></div>
    <Columns side="job" aside={<Bone className="h-96 w-full" />}><Stack><Bone className="h-48 w-full" /><Bone className="h-52 w-full" /></Stack></Columns>
  </Skeleton>
);
