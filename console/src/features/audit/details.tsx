import type { AuditRow } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { OutcomeBadge } from "@/features/audit/columns.tsx";
import { trailOf, type Chain } from "@/features/audit/entries.ts";
import type { Names } from "@/features/audit/names.ts";
import { Place } from "@/features/audit/place.tsx";
import { objectOf, sentenceOf } from "@/features/audit/sentence.ts";
import { absolute } from "@/lib/format.ts";
import { KeyValues } from "@/ui/card.tsx";
import { CopyableId } from "@/ui/copyable-id.tsx";
import { Sheet } from "@/ui/dialog.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";

interface Props {
  chain: Chain;
  id: string;
  names: Names;
  onClose: () => void;
  /** Show only what is like this entry. */
  onOnly: (filter: Record<string, string>) => void;
}

/** An entry with everything that is known of it, and its place in the chain. */
export function Details({ chain, id, names, onClose, onOnly }: Props) {
  const { data, error } = useQuery({
    queryKey: ["audit-entry", chain, id],
    queryFn: ({ signal }) => trailOf(chain).get(id, { signal }),
    // It is signed within a minute.
    refetchInterval: ({ state }) => (state.data?.signed === false ? 5_000 : false),
  });
  return (
    <Sheet open onClose={onClose} title="Entry" from="right">
      {error !== null && data === undefined && <ProblemMessage error={error} />}
      {error === null && data === undefined && <SkeletonRows rows={8} />}
      {data && <Entry row={data} names={names} onOnly={onOnly} />}
    </Sheet>
  );
}

function Entry({ row, names, onOnly }: { row: AuditRow; names: Names; onOnly: Props["onOnly"] }) {
  const { who, did, what } = sentenceOf(row, names);
  return (
    <>
      <p className="text-lead break-words"><bdi className="font-semibold">{who}</bdi> {did}{what !== undefined && <> <bdi className="font-semibold">{what}</bdi></>}.</p>
      <p className="mt-2 mb-4"><OutcomeBadge outcome={row.outcome} /></p>
      <KeyValues items={factsOf(row)} />
      <p className="mt-3 mb-5 flex flex-wrap gap-x-4 gap-y-1 text-dense">
        {row.object_id !== null && <Only text="All entries about this" onClick={() => { onOnly({ object: row.object_id ?? "" }); }} />}
        <Only text="All entries of this kind" onClick={() => { onOnly({ event: row.action }); }} />
      </p>
      <Place row={row} />
    </>
  );
}

const Only = ({ text, onClick }: { text: string; onClick: () => void }) => <button type="button" onClick={onClick} className="max-md:min-h-11"><span className="link">{text}</span></button>;

function factsOf(row: AuditRow) {
  const object = objectOf(row);
  const facts = [
    { name: "Time", value: absolute(new Date(row.created_at)) },
    { name: "User", value: row.user_id && <CopyableId id={row.user_id} what="user's id" /> },
    { name: "Role", value: row.role },
    { name: "API key", value: row.api_key_id && <CopyableId id={row.api_key_id} what="key's id" /> },
    { name: "Address", value: row.person?.address },
    { name: "Email", value: row.person?.email },
    { name: "Device", value: row.person?.device },
    { name: "About", value: object && (object.to === undefined ? <CopyableId id={object.id} /> : <Link to={object.to} className="link font-mono text-[13px] break-all">{object.id}</Link>) },
    { name: "Action", value: <code className="text-[13px]">{row.action}</code> },
    ...Object.entries(row.details).map(([name, value]) => ({ name: <code className="text-[13px] break-all">{name}</code>, value: typeof value === "string" ? value : JSON.stringify(value) })),
    { name: "Request", value: row.request_id && <CopyableId id={row.request_id} what="request id" /> },
  ];
  return facts.filter(({ value }) => value !== undefined && value !== null && value !== "");
}
