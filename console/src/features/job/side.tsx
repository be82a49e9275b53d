import type { Job } from "@imageshield/client";
import { Download, FileQuestion, Trash2 } from "lucide-react";
import { Preview } from "@/features/job/preview.tsx";
import type { useDownloads } from "@/features/job/actions.ts";
import { duration } from "@/lib/format.ts";
import { CUSTODIES, isGone, isOpen, layoutOf, secondsBetween } from "@/lib/jobs.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardPart, KeyValues } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { PictureProgress } from "@/ui/picture.tsx";
import { Time } from "@/ui/time.tsx";

/** The picture, what it is, and how to get it or be rid of it. */
export function Side({ job, downloads, onDelete }: { job: Job; downloads: ReturnType<typeof useDownloads>; onDelete: () => void }) {
  const decrypts = job.kind === "decrypt";
  return (
    <Card as="div" className="[&>*]:px-4">
      {job.kind === "encrypt" && job.result_url !== null && <CardPart className="py-4!"><Preview job={job} /></CardPart>}
      {job.kind === "encrypt" && isOpen(job) && <CardPart className="py-4!"><PictureProgress alt="How much of the picture is encrypted" share={job.progress / 100} seed={job.job_id} /></CardPart>}
      {decrypts && job.status === "completed" && <CardPart className="py-4!"><Kept job={job} /></CardPart>}
      {job.kind === "export" && job.status === "completed" && <CardPart className="py-4!"><KeptExport job={job} /></CardPart>}
      <CardPart tight><KeyValues nameWidth="4.5rem" items={factsOf(job)} /></CardPart>
      <CardPart tight className="grid justify-items-center gap-1.5">
        {job.result_url !== null && job.kind === "encrypt" && <Button size="small" wide icon={Download} busy={downloads.busy === "result"} onClick={() => { downloads.fetch("result"); }}>Download picture</Button>}
        {isOpen(job) ? <p className="text-caption text-muted">It can be deleted once it has ended.</p> : <Button kind="ghost" size="small" icon={Trash2} className="text-bad!" onClick={onDelete}>Delete job…</Button>}
      </CardPart>
    </Card>
  );
}

function Kept({ job }: { job: Job }) {
  if (isGone(job)) return <p className="flex gap-2.5 text-dense"><FileQuestion aria-hidden className="mt-px size-4 shrink-0" strokeWidth={1.75} /><span><strong className="font-semibold">The picture is gone.</strong> Decrypted pictures are kept for 15 minutes. Decrypt it again to get it.</span></p>;
  return <p className="text-dense">The decrypted picture is deleted {job.expires_at && <strong className="font-semibold"><Time at={job.expires_at} /></strong>}, or 60 s after a download. It is not shown here, because that would count as one.</p>;
}

function KeptExport({ job }: { job: Job }) {
  if (isGone(job)) return <p className="text-dense"><strong className="font-semibold">The zip is gone.</strong> Exports are kept for seven days. Make a new one in Settings.</p>;
  return <p className="text-dense">A zip of what the account has. Its README says what is in which file.{job.expires_at && <> It is kept until <strong className="font-semibold"><Time at={job.expires_at} as="moment" /></strong>.</>}</p>;
}

function factsOf(job: Job) {
  const layout = layoutOf(job);
  return [
    ...(layout === null ? [] : [{ name: "Layout", value: <>{layout}{job.layout_reason && <span className="block text-caption text-muted">{job.layout_reason}</span>}</> }]),
    ...(job.key_custody === null ? [] : [{ name: "Custody", value: CUSTODIES[job.key_custody] ?? job.key_custody }]),
    ...(job.key_id === null ? [] : [{ name: "Key", value: <CopyableId id={job.key_id} what="key id" /> }]),
    { name: "Estimate", value: estimateText(job) },
    ...(job.reference === null ? [] : [{ name: "Reference", value: job.reference }]),
    ...Object.entries(job.metadata).map(([name, value]) => ({ name: <span className="break-words">{name}</span>, value })),
    { name: "Created", value: <Time at={job.created_at} as="moment" /> },
    ...(job.expires_at === null ? [] : [{ name: "Expires", value: <Time at={job.expires_at} as="moment" /> }]),
  ];
}

/** The estimate counts from the request, waiting included. */
function estimateText(job: Job): string {
  const estimated = duration(job.estimated_time);
  if (job.completed_at === null || job.status !== "completed") return estimated;
  return `${estimated}, took ${duration(secondsBetween(job.created_at, job.completed_at))}`;
}
