import type { Job } from "@imageshield/client";
import { ArrowRight, ChartArea, Download, Plus } from "lucide-react";
import { useState } from "react";
import { Downloads } from "@/features/encrypt/downloads.tsx";
import { creditedBits, isLarge, useEvidence, type Evidence } from "@/features/encrypt/evidence.ts";
import { OwnCopy } from "@/ui/own-copy.tsx";
import { ReceiptCard } from "@/features/encrypt/receipt-card.tsx";
import { copyOf } from "@/features/encrypt/submission.ts";
import { bytes, dimensions, duration, percent, plural } from "@/lib/format.ts";
import { useObjectUrl } from "@/lib/object-url.ts";
import { warningText } from "@/lib/warnings.ts";
import { Button } from "@/ui/button.tsx";
import { ButtonLink } from "@/ui/button-link.tsx";
import { Card, CardPart, KeyValues } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { PageHead } from "@/ui/page.tsx";
import { Picture, PictureCaption } from "@/ui/picture.tsx";
import { CUSTODIES } from "@/ui/encryption/custody-choice.tsx";
import { PURITY_NAMES } from "@/ui/encryption/purity-choice.tsx";

/** What came of it: the pair, the files, and a receipt that was really checked. */
export function Result({ job }: { job: Job }) {
  const [wanted, setWanted] = useState(() => !isLarge(job));
  const evidence = useEvidence(job, wanted);
  const fetchIt = () => { setWanted(true); };
  const took = job.completed_at ? (Date.parse(job.completed_at) - Date.parse(job.created_at)) / 1000 : null;
  const actions = (
    <>
      {job.analysis_url && <ButtonLink icon={ChartArea} to={`/analytics/${job.job_id}`}>Analytics</ButtonLink>}
      <ButtonLink kind="ink" icon={Plus} to="/encrypt">Encrypt another</ButtonLink>
    </>
  );
  return (
    <>
      <PageHead title={took === null ? "Encrypted" : `Encrypted in ${duration(took)}`} note={<span className="break-all">{job.file_name ?? "A picture"} · <CopyableId id={job.job_id} what="job id" /></span>} actions={actions} />
      <div className="grid gap-4 max-md:gap-3">
        <Card aria-label="The pair">
          <CardPart className="grid gap-8 lg:grid-cols-[minmax(0,620px)_minmax(0,1fr)]">
            <Pair job={job} evidence={evidence.data} fetching={evidence.isFetching} onFetch={wanted ? undefined : fetchIt} />
            <Facts job={job} evidence={evidence.data} />
          </CardPart>
        </Card>
        {evidence.isError && <ProblemMessage error={evidence.error} action={<Button onClick={() => void evidence.refetch()}>Try again</Button>} />}
        <div className="grid items-start gap-4 max-md:gap-3 lg:grid-cols-2">
          <Downloads job={job} image={evidence.data} />
          <ReceiptCard job={job} check={evidence.data?.check} fetching={evidence.isFetching} onCheck={wanted ? undefined : fetchIt} />
        </div>
      </div>
    </>
  );
}

interface PairProps {
  job: Job;
  evidence: Evidence | undefined;
  fetching: boolean;
  onFetch: (() => void) | undefined;
}

function Pair({ job, evidence, fetching, onFetch }: PairProps) {
  const src = useObjectUrl(evidence?.image);
  const [size, setSize] = useState("");
  const { width, height } = job.image ?? {};
  const copy = copyOf(job.job_id)?.file ?? null;
  return (
    <div className="grid items-center gap-4 sm:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)] md:grid-cols-[minmax(0,1fr)_auto_minmax(0,1fr)]">
      <figure className="min-w-0">
        <div className="relative overflow-hidden rounded-picture after:pointer-events-none after:absolute after:inset-0 after:rounded-[inherit] after:border-2 after:border-amber [&_img]:w-full">
          <OwnCopy file={copy} {...(width && height && { facts: { width, height } })} />
        </div>
        <PictureCaption whose="yours" note={copy ? "in this browser only" : null} />
      </figure>
      <ArrowRight aria-hidden className="size-5 text-muted max-md:mx-auto max-md:rotate-90" strokeWidth={1.5} />
      {src && evidence ? (
        <Picture whose="encrypted" src={src} alt={job.regions.length > 0 ? "The encrypted picture: noise where the parts are" : "The encrypted picture: noise"} onLoad={(image) => { setSize(`${dimensions(image.naturalWidth, image.naturalHeight)}, `); }} note={`${size}${bytes(evidence.image.size)}`} />
      ) : (
        <div className="grid aspect-square place-items-center rounded-picture bg-raised">
          {onFetch ? <Button icon={Download} onClick={onFetch}>Show it here</Button> : fetching && <Skeleton label="Fetching the encrypted picture"><Bone className="size-24" /></Skeleton>}
        </div>
      )}
    </div>
  );
}

function Facts({ job, evidence }: { job: Job; evidence: Evidence | undefined }) {
  const { requested, served, reason } = job.quantum_purity ?? {};
  const seed = served && served !== requested ? `${PURITY_NAMES[served as keyof typeof PURITY_NAMES]}, not ${requested}: ${reason ?? ""}` : `${PURITY_NAMES[(served ?? "balanced") as keyof typeof PURITY_NAMES]}, as asked for`;
  const receipt = evidence?.check.state === "checked" ? evidence.check.receipt : null;
  const credited = receipt && creditedBits(receipt);
  const items = [
    { name: "Who can open it", value: CUSTODIES[(job.key_custody ?? "managed") as keyof typeof CUSTODIES].name },
    { name: "Layout", value: <span>{job.layout === "pixels" ? "Pixels" : "File"}{job.layout_reason && <span className="text-muted">, {job.layout_reason}</span>}</span> },
    ...(job.regions.length > 0 ? [{ name: "Encrypted", value: `${plural(job.regions.length, "part")}, ${percent(job.share_encrypted ?? 0, 1)} of the picture` }] : []),
    { name: "Seed", value: seed },
    ...(credited ? [{ name: "Credited", value: `${credited.system} bits system, ${credited.source} ${credited.kind === "simulated" ? "simulator" : "source"}` }] : []),
    ...(job.key_id ? [{ name: "Key", value: <CopyableId id={job.key_id} what="key id" /> }] : []),
    ...(receipt ? [{ name: "SHA-256", value: <CopyableId id={receipt.imageSha256} what="SHA-256" /> }] : []),
    { name: "Warnings", value: job.warnings.length === 0 ? "None" : <ul className="grid gap-1">{job.warnings.map((code) => <li key={code}>{warningText(code)}</li>)}</ul> },
  ];
  return <KeyValues items={items} />;
}
