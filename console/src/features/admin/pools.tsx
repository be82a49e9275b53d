import type { Pool } from "@imageshield/client";
import { Check, TriangleAlert } from "lucide-react";
import { count } from "@/lib/format.ts";
import { usePools } from "@/lib/pools.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardFoot } from "@/ui/card.tsx";
import { SkeletonRows } from "@/ui/empty.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

/** The pools of measured bits, one in each worker process. */
export function EntropyPools() {
  const { data, error, isPending } = usePools();
  if (isPending) return <Card><SkeletonRows rows={3} /></Card>;
  if (data === undefined) return <ProblemMessage error={error} />;
  if (data.pools.length === 0) return <Message tone="warn" title="No worker has reported in the last minute.">New jobs wait until one starts.</Message>;
  return (
    <Card aria-label="Entropy pools">
      <Table caption="Entropy pools" columns={COLUMNS} rows={data.pools} rowKey={({ worker }) => worker} />
      <CardFoot>{count(data.waiting_bits)} of {count(data.capacity_bits)} bits wait. Each is used once; 4096 serve a picture.</CardFoot>
    </Card>
  );
}

const COLUMNS: Column<Pool>[] = [
  { key: "worker", head: "Worker process", phone: "name", cell: ({ worker }) => <code className="break-all">{worker}</code> },
  { key: "source", head: "Source", cell: ({ source, kind }) => <>{source} <span className="text-muted">({kind})</span></> },
  { key: "waiting", head: "Bits waiting", right: true, cell: (pool) => `${count(pool.waiting_bits)} of ${count(pool.capacity_bits)}` },
  { key: "refilled", head: "Refilled", right: true, phone: "none", cell: ({ refill }) => (refill ? <Time at={refill.at} /> : "not yet") },
  { key: "reported", head: "Reported", right: true, phone: "none", wide: true, cell: ({ reported_at }) => <Time at={reported_at} /> },
  { key: "alarm", head: "Alarm", phone: "badge", cell: ({ alarm }) => (alarm ? <Badge tone="warn" icon={TriangleAlert}>{alarm.reason}</Badge> : <Badge tone="ok" icon={Check}>None</Badge>) },
];
