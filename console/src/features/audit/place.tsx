import type { AuditRow } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Clock, Link2, ShieldCheck } from "lucide-react";
import { rowHash } from "@/features/audit/row-hash.ts";
import { count } from "@/lib/format.ts";
import { KeyValues } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Message } from "@/ui/message.tsx";

/** The place of an entry in its chain, and what was hashed. */
export function Place({ row }: { row: AuditRow }) {
  const { data: computed } = useQuery({ queryKey: ["row-hash", row.hash, row.payload, row.prev], queryFn: () => rowHash(row), enabled: row.hash !== null, staleTime: Infinity });
  if (row.hash === null || row.seq === null) return <Message icon={Clock} title="This entry waits for its place in the chain.">It gets one within a second.</Message>;
  const isRight = computed === undefined || computed === null ? undefined : computed === row.hash;
  return (
    <section aria-label="Place in the chain">
      {row.signed ? <Message tone="ok" icon={ShieldCheck} title="Sealed and signed">A signed checkpoint covers this entry.</Message> : <Message icon={Link2} title="Sealed">The next checkpoint signs it, within a minute.</Message>}
      <div className="mt-3">
        <KeyValues items={[
          { name: "Row", value: <span className="numeric">{count(row.seq)}</span> },
          { name: "Hash", value: <><CopyableId id={row.hash} what="hash" whole />{isRight !== undefined && <p className={isRight ? "text-caption text-ok" : "text-caption text-bad"}>{isRight ? "This browser has computed the same." : "This browser computes another one: the entry was changed."}</p>}</> },
          { name: "Row before", value: <CopyableId id={row.prev ?? ""} what="hash of the row before" whole /> },
          { name: "Entry", value: <CopyableId id={row.id} what="entry's id" /> },
        ]} />
      </div>
      <h3 className="mt-4 mb-1.5 text-card">What is hashed</h3>
      <p role="region" aria-label="Canonical payload" className="rounded-picture border border-line bg-raised px-3 py-2 font-mono text-caption break-all whitespace-pre-wrap">{row.payload}</p>
    </section>
  );
}
