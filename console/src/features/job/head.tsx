import type { Job } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { Binary, ChartArea, Download, Ellipsis, FileCheck2, FileCode2, FileText, Image, KeyRound, Layers, Link2, LockOpen, RotateCw, Trash2 } from "lucide-react";
import type { useDownloads, useSteering } from "@/features/job/actions.ts";
import { bytes, plural } from "@/lib/format.ts";
import { isOpen, pictureLine, PURITIES, titleOf } from "@/lib/jobs.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { copyAddress } from "@/ui/copy.ts";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { JobState } from "@/ui/job-cells.tsx";
import { Menu, type MenuItem } from "@/ui/menu.tsx";
import { PageHead } from "@/ui/page.tsx";

interface Props {
  job: Job;
  downloads: ReturnType<typeof useDownloads>;
  steering: ReturnType<typeof useSteering>;
  onKeyFile: () => void;
  onDelete: () => void;
}

export function JobHead(props: Props) {
  return <PageHead title={titleOf(props.job)} above={<Badges job={props.job} />} note={<Facts job={props.job} />} actions={<Actions {...props} />} />;
}

function Badges({ job }: { job: Job }) {
  const purity = job.quantum_purity;
  return (
    <>
      <JobState job={job} />
      {job.kind !== "encrypt" && <Badge>{{ decrypt: "Decryption", analyze: "Analysis", avalanche: "Avalanche check", export: "Export" }[job.kind]}</Badge>}
      {job.attempts > 1 && <Badge>{plural(job.attempts, "attempt")}</Badge>}
      {job.retries > 0 && <Badge>Tried again {job.retries === 1 ? "once" : plural(job.retries, "time")}</Badge>}
      {purity?.served && <Badge>{purity.served === purity.requested ? `${PURITIES[purity.served] ?? purity.served}, as asked for` : `${PURITIES[purity.requested] ?? purity.requested} was asked for`}</Badge>}
    </>
  );
}

function Facts({ job }: { job: Job }) {
  const line = pictureLine(job);
  return (
    <span className="flex flex-wrap items-center gap-x-2">
      {line && <><span>{line}</span><span aria-hidden>·</span></>}
      {job.image && <><span className="numeric">{bytes(job.image.bytes)}</span><span aria-hidden>·</span></>}
      <CopyableId id={job.job_id} what="job id" whole />
      {job.batch_id && <><span aria-hidden>·</span><Link to="/batches/$batch" params={{ batch: job.batch_id }} className="inline-flex items-center gap-1.5"><Layers aria-hidden className="size-3.5" strokeWidth={1.75} /><span className="link">its batch</span></Link></>}
    </span>
  );
}

function Actions({ job, downloads, steering, onKeyFile, onDelete }: Props) {
  const { busy, fetch } = downloads;
  const decrypted = job.kind === "decrypt" && job.result_url !== null;
  return (
    <>
      {decrypted && <Button kind="amber" icon={LockOpen} busy={busy === "result"} onClick={() => { fetch("result"); }}>Download picture</Button>}
      {job.result_url !== null && job.kind === "encrypt" && <Button icon={Image} busy={busy === "result"} onClick={() => { fetch("result"); }}>Result</Button>}
      {job.result_url !== null && job.kind === "export" && <Button kind="ink" icon={Download} busy={busy === "result"} onClick={() => { fetch("result"); }}>Download the zip</Button>}
      {job.receipt_url !== null && <Button icon={FileCheck2} busy={busy === "receipt"} onClick={() => { fetch("receipt"); }}>Receipt</Button>}
      {job.analysis_url !== null && <ButtonLink icon={ChartArea} to={`/analytics/${job.job_id}`}>Analytics</ButtonLink>}
      {job.status === "failed" && <Button icon={RotateCw} busy={steering.busy} onClick={steering.retry}>Try again</Button>}
      <Menu items={itemsOf({ job, fetch, onKeyFile, onDelete })} label="More of this job" iconOnly align="end" buttonClassName="inline-flex size-9 items-center justify-center rounded-control border border-line bg-surface shadow-edge transition-colors hover:bg-raised max-md:size-11">
        <Ellipsis aria-hidden className="size-4" strokeWidth={1.75} />
      </Menu>
    </>
  );
}

function itemsOf({ job, fetch, onKeyFile, onDelete }: Pick<Props, "job" | "onKeyFile" | "onDelete"> & { fetch: Props["downloads"]["fetch"] }): MenuItem[] {
  const encrypted = job.kind === "encrypt" && job.result_url !== null;
  return [
    ...(job.key_file_url === null ? [] : [{ label: "Key file…", icon: KeyRound, onSelect: onKeyFile }]),
    ...(job.material_url === null ? [] : [{ label: "Key material", icon: Binary, onSelect: () => { fetch("material"); } }]),
    ...(encrypted ? [{ label: "Header, for a damaged copy", icon: FileCode2, onSelect: () => { fetch("header"); } }] : []),
    ...(job.report_url === null ? [] : [{ label: "Report to read", icon: FileText, onSelect: () => { fetch("html"); } }, { label: "Report to print", icon: FileText, onSelect: () => { fetch("pdf"); } }]),
    ...(encrypted ? [{ label: "A page that opens it", icon: LockOpen, href: "/open.html" }] : []),
    { label: "Copy the link", icon: Link2, onSelect: () => void copyAddress() },
    { label: "Delete job…", icon: Trash2, danger: true, lined: true, onSelect: onDelete, ...(isOpen(job) && { reason: "once it has ended" }) },
  ];
}
