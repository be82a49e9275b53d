import type { Pool, Pools } from "@imageshield/client";
import { Check, TriangleAlert } from "lucide-react";
import type { ReactNode } from "react";
import { CreditsCard } from "@/features/quantum/credits.tsx";
import { HealthCard } from "@/features/quantum/health.tsx";
import { LevelChart, levelTable } from "@/features/quantum/level-chart.tsx";
import { useSamples } from "@/features/quantum/samples.ts";
import { count } from "@/lib/format.ts";
import { CREDITS, usePools } from "@/lib/pools.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardPart } from "@/ui/card.tsx";
import { ChartCard } from "@/ui/charts/index.ts";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { Message, ProblemMessage } from "@/ui/message.tsx";
import { Columns, PageHead, Stack } from "@/ui/page.tsx";
import { Table, type Column } from "@/ui/table.tsx";
import { Time } from "@/ui/time.tsx";

export default function QuantumPage() {
  const { data, error, isPending, dataUpdatedAt } = usePools();
  const pools = data?.pools ?? [];
  const samples = useSamples(data, dataUpdatedAt);
  return (
    <>
      <PageHead title="Quantum" note="What the workers measure, and what it counts for." />
      <Stack>
        <Figures pools={pools} />
        <Columns side="charts" aside={<><HealthCard pools={pools} /><CreditsCard inUse={pools.map((pool) => pool.source)} /></>}>
          {isPending && <Skeleton><Stack><Bone className="h-[258px] w-full max-md:h-[314px]" /><Bone className="h-[168px] w-full max-md:h-[200px]" /></Stack></Skeleton>}
          {error && <ProblemMessage error={error} />}
          {data && pools.length === 0 && <Message tone="warn" title="No worker has reported in the last minute.">New jobs wait until one starts. Nothing that has ended is affected.</Message>}
          {data && pools.length > 0 && (
            <>
              <ChartCard title="Measured bits waiting" note="In the workers’ memory, each used once. Since you opened the console." table={levelTable(samples)}>
                <LevelChart samples={samples} capacity={data.capacity_bits} />
              </ChartCard>
              <Workers pools={data} />
            </>
          )}
        </Columns>
      </Stack>
    </>
  );
}

/** Zero is printed large: a simulator counts for nothing, and the system's bits are in every seed. */
function Figures({ pools }: { pools: Pool[] }) {
  const source = pools.find((pool) => pool.kind === "simulated") ?? pools.at(0);
  return (
    <div className="grid overflow-hidden rounded-card border border-line bg-surface md:grid-cols-2">
      <Figure value={CREDITS[source?.kind ?? "simulated"].text} title={titleOf(source)}>{textOf(source)}</Figure>
      <Figure value="512" title="bits from the system, for every seed">Drawn when the seed is made, and never left out. If the source fails, the seed is as strong and the receipt says “degraded”.</Figure>
    </div>
  );
}

const Figure = ({ value, title, children }: { value: string; title: string; children: ReactNode }) => (
  <div className="flex items-center gap-4 border-line px-5 py-4 max-md:not-first:border-t md:not-first:border-l">
    <strong className="numeric text-figure">{value}</strong>
    <div className="min-w-0">
      <h2 className="text-card">{title}</h2>
      <p className="text-dense text-muted">{children}</p>
    </div>
  </div>
);

const titleOf = (source: Pool | undefined): string => (source === undefined || source.kind === "simulated" ? "bits credited to a simulator" : `bit credited to each bit of ${source.source}`);

function textOf(source: Pool | undefined) {
  if (source?.kind === "hardware") return <><code>{source.source}</code> is a device. Its bits pass an extractor, and half of each is counted.</>;
  if (source?.kind === "os") return "No source besides the system is in use.";
  return <>{source ? <code>{source.source}</code> : "The default source"} is a simulator: whoever knows its seed knows its bits. They are mixed in and recorded, never counted on.</>;
}

const COLUMNS: Column<Pool>[] = [
  { key: "worker", head: "Worker process", phone: "name", cell: (pool) => <code>{pool.worker}</code> },
  { key: "source", head: "Source", cell: (pool) => <code>{pool.source}</code> },
  { key: "waiting", head: "Waiting", right: true, cell: (pool) => `${count(pool.waiting_bits)} of ${count(pool.capacity_bits)}` },
  { key: "refilled", head: "Refilled", right: true, cell: (pool) => (pool.refill ? <Time at={pool.refill.at} /> : "not yet") },
  { key: "health", head: "Alarm", phone: "badge", cell: (pool) => (pool.alarm ? <Badge tone="warn" icon={TriangleAlert}><Time at={pool.alarm.at} /></Badge> : <Badge tone="ok" icon={Check}>None</Badge>) },
];

const Workers = ({ pools }: { pools: Pools }) => (
  <Card>
    <Table caption="Pools of the worker processes" columns={COLUMNS} rows={pools.pools} rowKey={(pool) => pool.worker} />
    <CardPart tight className="text-caption text-muted">A worker process has a made-up name, new at each start. It is listed for a minute after its last report.</CardPart>
  </Card>
);
