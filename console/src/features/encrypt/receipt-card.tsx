import type { Job } from "@imageshield/client";
import { Check as Tick, Info, X } from "lucide-react";
import type { ReactNode } from "react";
import { creditedBits, type Check } from "@/features/encrypt/evidence.ts";
import { count } from "@/lib/format.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { Card, CardHead } from "@/ui/card.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { Message } from "@/ui/message.tsx";

interface Props {
  job: Job;
  check: Check | undefined;
  fetching: boolean;
  onCheck: (() => void) | undefined;
}

/** What this browser has checked of the receipt, and what no check shows. */
export function ReceiptCard({ job, check, fetching, onCheck }: Props) {
  return (
    <Card aria-labelledby="receipt">
      <CardHead lined title={<span id="receipt">Receipt</span>} aside={check && <Verdict check={check} />} />
      {check?.state === "checked" && <Checks check={check} />}
      {check?.state === "unreadable" && <Padded><Message tone="bad" title="This is no receipt, or it was changed.">{check.why}. Fetch it again; if it stays so, tell the operator.</Message></Padded>}
      {check?.state === "impossible" && <Padded><Message tone="info" title="Not checked here.">Browsers offer no cryptography to this page: it must come from https or localhost. <code>imageshield verify</code> checks it on your machine.</Message></Padded>}
      {!check && <Unchecked job={job} fetching={fetching} onCheck={onCheck} />}
    </Card>
  );
}

const Padded = ({ children }: { children: ReactNode }) => <div className="p-4">{children}</div>;

function Verdict({ check }: { check: Check }) {
  if (check.state === "impossible") return <Badge icon={Info}>Not checked</Badge>;
  if (check.state === "unreadable" || !check.isAboutImage || check.signature === "fails") return <Badge tone="bad" icon={X}>Does not match</Badge>;
  if (check.signature === "holds") return <Badge tone="ok" icon={Tick}>Verified in this browser</Badge>;
  return <Badge tone="warn" icon={Info}>{check.signature === "unsigned" ? "Not signed" : "Signer unknown"}</Badge>;
}

const SIGNED = { holds: "Signature holds", fails: "Signature does not hold", unknown: "Signed by a key that this service does not publish", unsigned: "Nobody has signed it" };

function Checks({ check: { receipt, signature, isAboutImage } }: { check: Extract<Check, { state: "checked" }> }) {
  const { raw, source, kind, name } = creditedBits(receipt);
  const signer = receipt.signatures.at(-1);
  return (
    <div className="px-5 py-1.5 max-md:px-4">
      <ul>
        <Line good={signature === "holds"} text={SIGNED[signature]} note={signer && `${receipt.signatures.map(({ algorithm }) => algorithm).join(" and ")}, key ${signer.signer.slice(0, 8)}…${signature === "holds" ? ", from this service" : ""}`} />
        <Line good={isAboutImage} text={isAboutImage ? "It is about this very file" : "It is about another file"} note={isAboutImage ? "SHA-256, tag and key id of the encrypted picture are equal" : "SHA-256, tag or key id of the encrypted picture differ"} />
      </ul>
      <p className="flex gap-2.5 border-t border-hairline py-3 text-caption text-muted">
        <Info aria-hidden className="mt-px size-4 shrink-0" strokeWidth={1.75} />
        <span>
          No check shows that the bits were random. {kind === "simulated" ? `The source ${name} is a simulator, credited ${source} of its ${count(raw)} bits; the key rests on the system's generator.` : "The signer states where they came from; the key rests on the system's generator as well."}{" "}
          <code>imageshield verify</code> checks more, offline.
        </span>
      </p>
    </div>
  );
}

function Line({ good, text, note }: { good: boolean; text: string; note?: string | undefined }) {
  const Icon = good ? Tick : X;
  return (
    <li className="flex gap-3 border-hairline py-2.5 not-first:border-t">
      <Icon aria-label={good ? "holds" : "does not hold"} className={good ? "mt-0.5 size-4 shrink-0 text-ok" : "mt-0.5 size-4 shrink-0 text-bad"} strokeWidth={1.75} />
      <div className="min-w-0">
        <p className="font-medium">{text}</p>
        {note && <p className="text-caption text-muted">{note}</p>}
      </div>
    </li>
  );
}

function Unchecked({ job, fetching, onCheck }: Omit<Props, "check">) {
  if (!job.receipt_url) return <p className="p-5 text-dense text-muted">This job has no receipt.</p>;
  if (onCheck) return <div className="flex flex-wrap items-center justify-between gap-3 p-5"><p className="text-dense text-muted">To check it, the whole encrypted picture is fetched.</p><Button onClick={onCheck}>Check it in this browser</Button></div>;
  return fetching ? <SkeletonRows rows={2} /> : <p className="p-5 text-dense text-muted">Not checked.</p>;
}
