import type { Job } from "@imageshield/client";
import { ChartArea } from "lucide-react";
import type { ReactNode } from "react";
import { explainCode } from "@/lib/problems.ts";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card, CardPart } from "@/ui/card.tsx";
import { Bone, Empty, Skeleton } from "@/ui/empty.tsx";
import { Message } from "@/ui/message.tsx";
import { Stack } from "@/ui/page.tsx";
import { Progress } from "@/ui/progress.tsx";

const ToJob = ({ job }: { job: Job }) => <ButtonLink to={`/jobs/${job.job_id}`}>Open the job</ButtonLink>;

/** Why there is nothing to show yet, or ever: the job runs, broke, or was not asked to measure. */
export function Absence({ job }: { job: Job }) {
  if (job.status === "pending" || job.status === "processing") return <Running job={job} />;
  if (job.status === "failed") return <Failed job={job} />;
  if (job.status === "cancelled") return <None title="This job was cancelled" action={<ToJob job={job} />}>It has measured nothing.</None>;
  if (job.kind === "decrypt") return <None title="A decryption is not measured" action={<ToJob job={job} />}>Open the analysis of the job that encrypted the picture.</None>;
  return <None title="This picture was not measured" action={<ButtonLink to="/analytics">Measure two pictures</ButtonLink>}>Measuring is chosen before encrypting. With the picture and its encrypted picture at hand, it can be done now.</None>;
}

const None = ({ title, action, children }: { title: string; action: ReactNode; children: ReactNode }) => (
  <Card><Empty icon={ChartArea} title={title} action={action}>{children}</Empty></Card>
);

const STAGES: Record<string, string> = { pending: "Waiting for a worker", queued: "Waiting for a worker", analyzing: "Measuring" };

function Running({ job }: { job: Job }) {
  const stage = STAGES[job.stage] ?? "Encrypting, then measuring";
  return (
    <Card>
      <CardPart>
        <Progress share={job.progress / 100} label={stage} titled note={`${job.progress} %`} />
        <p className="mt-3 text-dense text-muted" role="status">{stage}. The numbers appear here when the job has ended. You can close this page.</p>
      </CardPart>
    </Card>
  );
}

function Failed({ job }: { job: Job }) {
  const { sentence, remedy, page } = explainCode(job.error?.code ?? "internal", job.error?.title);
  return (
    <Message tone="bad" title={sentence} link={page ? { to: page, text: "Reasons and remedies" } : undefined} action={<ToJob job={job} />}>
      {remedy || job.error?.detail}
    </Message>
  );
}

/** The shape of the page while its numbers come. */
export const AnalysisSkeleton = () => (
  <Skeleton label="Loading the analysis">
    <Stack>
      {["h-[240px]", "h-[330px]", "h-[410px]"].map((height) => (
        <div key={height} className="grid gap-4 lg:grid-cols-[minmax(0,1fr)_416px]">
          <Bone className={`rounded-card ${height}`} />
          <Bone className={`rounded-card ${height}`} />
        </div>
      ))}
    </Stack>
  </Skeleton>
);
