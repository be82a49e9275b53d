import type { AuditEntry } from "@imageshield/client";
import { Link } from "@tanstack/react-router";
import { Ban, Check, Clock, X } from "lucide-react";
import { isOutcome, OUTCOMES, type Outcome } from "@/features/audit/filter.ts";
import type { Names } from "@/features/audit/names.ts";
import { objectOf, sentenceOf } from "@/features/audit/sentence.ts";
import type { Search } from "@/lib/address.ts";
import { count } from "@/lib/format.ts";
import { Badge, type Tone } from "@/ui/badge.tsx";
import { Id } from "@/ui/copyable-id.tsx";
import { Nothing } from "@/ui/job-cells.tsx";
import type { Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

/** The columns; made once, so that rows which have not changed are not drawn again. */
export function columnsOf(names: Names): Column<AuditEntry>[] {
  return [
    { key: "seq", head: "Row", width: "84px", wide: true, phone: "none", cell: (entry) => <Row seq={entry.seq} /> },
    { key: "event", head: "Event", phone: "name", cell: (entry) => <Event entry={entry} names={names} /> },
    { key: "from", head: "From", width: "150px", wide: "xl", phone: "fact", cell: (entry) => (entry.person?.address ? <span className="truncate text-dense text-muted">{entry.person.address}</span> : <Nothing />) },
    { key: "about", head: "About", width: "196px", wide: true, phone: "none", cell: (entry) => <About entry={entry} /> },
    { key: "outcome", head: "Outcome", width: "116px", phone: "badge", cell: (entry) => <OutcomeBadge outcome={entry.outcome} /> },
    { key: "time", head: "Time", width: "150px", right: true, phone: "fact", cell: (entry) => <Time at={entry.created_at} as="moment" /> },
  ];
}

const Row = ({ seq }: { seq: number | null }) =>
  seq === null ? <span title="Waits for its place in the chain" className="text-muted"><Clock aria-hidden className="size-4" strokeWidth={1.75} /><span className="sr-only">Waits for its place in the chain</span></span> : <span className="numeric text-muted">{count(seq)}</span>;

/** A sentence that leads to the details: the address of the page, with the entry. */
function Event({ entry, names }: { entry: AuditEntry; names: Names }) {
  const { who, did, what } = sentenceOf(entry, names);
  return (
    <Link to="." search={((before: Search) => ({ ...before, entry: entry.id }))} resetScroll={false} title={entry.action} className="row-link block md:truncate">
      <bdi className="font-medium max-md:break-all">{who}</bdi> {did}{what !== undefined && <> <bdi className="font-medium max-md:break-all">{what}</bdi></>}
    </Link>
  );
}

function About({ entry }: { entry: AuditEntry }) {
  const object = objectOf(entry);
  if (object === undefined) return <Nothing />;
  return object.to === undefined ? <Id id={object.id} /> : <Link to={object.to} className="link relative z-1"><Id id={object.id} /></Link>;
}

const LOOKS: Record<Outcome, { tone: Tone; icon: typeof Check }> = {
  success: { tone: "ok", icon: Check },
  failure: { tone: "bad", icon: X },
  accepted: { tone: "plain", icon: Clock },
  cancelled: { tone: "plain", icon: Ban },
};

export function OutcomeBadge({ outcome }: { outcome: string }) {
  if (!isOutcome(outcome)) return <Badge>{outcome}</Badge>;
  return <Badge {...LOOKS[outcome]}>{OUTCOMES[outcome]}</Badge>;
}
