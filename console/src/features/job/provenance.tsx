import type { Job } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { ArrowDown, Binary, Check, Combine, Cpu, KeyRound, TriangleAlert, type LucideIcon } from "lucide-react";
import { useState, type ReactNode } from "react";
import { fetchProvenance } from "@/lib/provenance.ts";
import type { Provenance } from "@/lib/receipt.ts";
import { cx } from "@/lib/cx.ts";
import { count, shortId } from "@/lib/format.ts";
import { CUSTODIES } from "@/lib/jobs.ts";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Dialog } from "@/ui/dialog.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";

/** From which bits the key was made, and what each counts for, as the receipt states it. */
export function ProvenanceCard({ job }: { job: Job }) {
  const { data, error, isPending } = useQuery({ queryKey: ["receipt", job.job_id, job.receipt_url], queryFn: ({ signal }) => fetchProvenance(job.job_id, signal), enabled: job.receipt_url !== null, staleTime: Infinity });
  const [open, setOpen] = useState(false);
  if (job.receipt_url === null) return null;
  return (
    <Card>
      <CardHead title="Where its bits came from" aside={data && <><Health provenance={data} /><button type="button" onClick={() => { setOpen(true); }} className="text-dense max-md:min-h-11"><span className="link">Statement</span></button></>} />
      <CardPart className="pt-2">
        {isPending && <Skeleton><Bone className="h-36 w-full" /></Skeleton>}
        {error && <ProblemMessage error={error} />}
        {data === null && <Message tone="warn" title="The receipt cannot be read.">Download it, and check it with <code>imageshield verify</code>.</Message>}
        {data && <Flow job={job} provenance={data} />}
      </CardPart>
      {data && <StatementDialog open={open} onClose={() => { setOpen(false); }} provenance={data} />}
    </Card>
  );
}

function Health({ provenance: { health, kind } }: { provenance: Provenance }) {
  if (health.verdict === "passed") return <span className="inline-flex items-center gap-1.5 text-dense text-ok"><Check aria-hidden className="size-3.5" strokeWidth={2} />health tests passed</span>;
  if (health.verdict === "failed") return <span className="inline-flex items-center gap-1.5 text-dense text-warn"><TriangleAlert aria-hidden className="size-3.5" strokeWidth={2} />health test failed: {health.test}</span>;
  return kind === "os" ? null : <span className="text-dense text-muted">health tests not run</span>;
}

function Flow({ job, provenance }: { job: Job; provenance: Provenance }) {
  const { system, seeds, measured, credited, kind, source, seedBits, segments, strength } = provenance;
  const simulated = kind === "simulated";
  return (
    <>
      <div className="grid items-center gap-y-2 md:grid-cols-[minmax(0,1fr)_36px_minmax(0,0.85fr)_36px_minmax(0,0.85fr)]">
        <div className="grid gap-2">
          <Box icon={Cpu} title="System generator" fact={seeds > 1 ? `${count(system)} bits, 512 for each of ${count(seeds)} seeds` : `${count(system)} bits`} weight={`credited ${count(system)}`} />
          {kind !== "os" && <Box icon={Binary} title={`${simulated ? "Simulator" : "Device"} ${source}`} fact={`${count(measured)} measured bits`} weight={`credited ${count(credited)}`} />}
        </div>
        <Arrow joined={kind !== "os"} />
        <Box icon={Combine} title={provenance.function} fact={segments > 0 ? `${count(seedBits)}-bit master, ${count(segments)} × 256 bits` : `${count(seedBits)}-bit seed`} weight={`strength ${strength} bits`} />
        <Arrow />
        <Box icon={KeyRound} strong title="File key" fact={job.key_id === null ? "" : <span className="font-mono">{shortId(job.key_id)}</span>} weight={`256 bits, ${custodyText(job.key_custody)}`} />
      </div>
      {provenance.degraded && <Message tone="warn" className="mt-4" title="The source did not give what was asked of it.">This key was made of the system’s bits {measured > 0 ? "where they are missing" : "alone"}, and is as strong. The receipt says “degraded”.</Message>}
      {simulated && <p className="mt-3 text-caption text-muted">A simulator is credited 0 bits: whoever knows its seed knows its bits. The strength comes from the system’s generator.</p>}
    </>
  );
}

const custodyText = (custody: string | null): string => (custody === "managed" ? "kept by the service" : `for ${(CUSTODIES[custody ?? ""] ?? "its holder").toLowerCase()}`);

function Box({ icon: Icon, title, fact, weight, strong }: { icon: LucideIcon; title: string; fact: ReactNode; weight: string; strong?: boolean }) {
  return (
    <div className={cx("min-w-0 rounded-picture border px-3.5 py-2.5 text-caption", strong ? "border-ink" : "border-line")}>
      <p className="flex items-center gap-2 text-dense font-medium"><Icon aria-hidden className="size-4 shrink-0" strokeWidth={1.75} /><span className="truncate">{title}</span></p>
      <p className="mt-1 truncate text-muted">{fact}</p>
      <p className="font-medium">{weight}</p>
    </div>
  );
}

/** From left to right; on phones downwards. `joined` comes from two boxes. */
const Arrow = ({ joined }: { joined?: boolean }) => (
  <>
    <ArrowDown aria-hidden className="mx-auto size-4 text-control md:hidden" strokeWidth={1.75} />
    <svg aria-hidden viewBox="0 0 36 80" className="h-20 w-9 fill-none stroke-control max-md:hidden">
      {joined && <path d="M0 12H14Q18 12 18 16V64Q18 68 14 68H0" strokeWidth={1.25} />}
      <path d={joined ? "M18 40H33M28 35L33 40L28 45" : "M2 40H33M28 35L33 40L28 45"} strokeWidth={1.25} />
    </svg>
  </>
);

function StatementDialog({ open, onClose, provenance: { statement, signed } }: { open: boolean; onClose: () => void; provenance: Provenance }) {
  return (
    <Dialog open={open} onClose={onClose} title="Statement" actions={<Button onClick={onClose}>Close</Button>}>
      <p>{signed ? "Everything that was known of the key’s bits before encryption. The receipt carries it with the signature of the service." : "Everything that was known of the key’s bits before encryption. This receipt is not signed."}</p>
      <pre tabIndex={0} aria-label="The statement as JSON" className="mt-3 max-h-[50dvh] overflow-auto rounded-control bg-raised p-3 font-mono text-caption text-ink">{JSON.stringify(statement, null, 2)}</pre>
      <p className="mt-3">Check it offline: <code>imageshield verify RECEIPT --image PICTURE --keys JWKS</code></p>
    </Dialog>
  );
}
