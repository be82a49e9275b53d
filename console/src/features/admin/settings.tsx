import type { Setting } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { KeyRound, SearchX } from "lucide-react";
import { SearchBox } from "@/features/admin/search-box.tsx";
import { useAddress } from "@/lib/address.ts";
import { client } from "@/lib/api.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardFoot } from "@/ui/card.tsx";
import { Empty, SkeletonRows } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Table, type Column } from "@/ui/table.tsx";

/** The settings of the gateway that answers, read-only. */
export function Settings() {
  const [search, change] = useAddress();
  const { data, error, isPending } = useQuery({ queryKey: ["admin", "settings"], queryFn: ({ signal }) => client.administration.settings({ signal }), staleTime: Infinity });
  const q = typeof search.q === "string" ? search.q : "";
  if (isPending) return <Card><SkeletonRows rows={12} /></Card>;
  if (data === undefined) return <ProblemMessage error={error} />;
  const rows = data.data.filter(({ name }) => name.includes(q.toUpperCase().replaceAll(" ", "_")));
  return (
    <>
      <search className="mb-4 flex"><SearchBox label="Name of a setting" value={q} onChange={(text) => { change({ q: text }); }} /></search>
      <Card aria-label="Settings">
        {rows.length === 0 ? <Empty icon={SearchX} title="No setting matches.">Search by a part of its name.</Empty> : <Table caption="Settings" columns={COLUMNS} rows={rows} rowKey={({ name }) => name} />}
        <CardFoot>Of this gateway. Change them in its environment and restart it; relay and workers have their own.</CardFoot>
      </Card>
    </>
  );
}

const COLUMNS: Column<Setting>[] = [
  { key: "name", head: "Variable", phone: "name", cell: ({ name }) => <code className="text-[13px] break-all">{name}</code> },
  { key: "value", head: "Value", cell: (setting) => <Value setting={setting} /> },
  { key: "from", head: "From", width: "140px", phone: "badge", cell: ({ from_environment }) => (from_environment ? <Badge>Environment</Badge> : <span className="text-muted">Default</span>) },
];

function Value({ setting: { value, is_secret, is_set } }: { setting: Setting }) {
  if (is_secret && is_set) return <span className="inline-flex items-center gap-1.5 text-muted"><KeyRound aria-hidden className="size-3.5" strokeWidth={1.75} />set, not shown</span>;
  return value === null ? <span className="text-muted">not set</span> : <span className="font-mono text-[13px] break-all">{value}</span>;
}
