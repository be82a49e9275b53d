import type { InstallationUsage, Queue } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { QueueCard } from "@/features/admin/queue.tsx";
import { Revenue } from "@/features/admin/revenue.tsx";
import { TopAccounts } from "@/features/admin/top-accounts.tsx";
import { client } from "@/lib/api.ts";
import { bytes, count, plural } from "@/lib/format.ts";
import { Card, CardHead, CardPart, Stats } from "@/ui/card.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { ProblemMessage } from "@/ui/message.tsx";
import { Stack } from "@/ui/page.tsx";
import { Table, type Column } from "@/ui/table.tsx";

/** What all accounts use together. Counting reads every entry of the month, so it is asked for once a minute. */
export function Usage() {
  const usage = useQuery({ queryKey: ["admin", "usage"], queryFn: ({ signal }) => client.administration.usage({ signal }), staleTime: 60_000 });
  const queue = useQuery({ queryKey: ["admin", "queue"], queryFn: ({ signal }) => client.administration.queue({ signal }), refetchInterval: 5_000 });
  if (usage.isPending) return <Skeleton><Stack><Bone className="h-[98px] w-full max-md:h-[211px]" /><Bone className="h-64 w-full" /></Stack></Skeleton>;
  if (usage.data === undefined) return <ProblemMessage error={usage.error} />;
  return (
    <Stack>
      <Figures usage={usage.data} queue={queue.data} />
      {queue.error && <ProblemMessage error={queue.error} />}
      {queue.data && queue.data.shares.length > 0 && <QueueCard queue={queue.data} />}
      <div className="grid items-start gap-4 max-md:gap-3 lg:grid-cols-2">
        <Tiers usage={usage.data} />
        <Revenue revenue={usage.data.revenue} />
      </div>
      <Jobs usage={usage.data} />
      <TopAccounts rows={usage.data.top_accounts} />
    </Stack>
  );
}

function Figures({ usage, queue }: { usage: InstallationUsage; queue: Queue | undefined }) {
  const jobs = usage.jobs.reduce((sum, one) => sum + one.jobs, 0);
  const accounts = usage.accounts.reduce((sum, one) => sum + one.active, 0);
  return (
    <Stats
      items={[
        { label: "Active accounts", value: count(accounts), note: `${plural(usage.users, "user")}, ${plural(usage.operators, "operator")}` },
        { label: `Jobs in ${monthOf(usage.month)}`, value: count(jobs), note: "without failed and cancelled ones" },
        { label: "Stored", value: bytes(usage.stored_bytes), note: plural(usage.stored_objects, "object") },
        { label: "Waiting now", value: queue ? count(queue.waiting) : "–", note: queue ? `${count(queue.running)} running` : "" },
      ]}
    />
  );
}

const monthOf = (day: string): string => new Date(`${day}T00:00:00Z`).toLocaleDateString("en-GB", { month: "long", timeZone: "UTC" });

const Tiers = ({ usage }: { usage: InstallationUsage }) => (
  <Card>
    <CardHead lined title="Accounts by tier" />
    <Table caption="Accounts by tier" columns={TIERS} rows={usage.accounts} rowKey={({ tier }) => tier} />
  </Card>
);

const TIERS: Column<InstallationUsage["accounts"][number]>[] = [
  { key: "tier", head: "Tier", phone: "name", cell: ({ tier }) => <span className="font-medium capitalize">{tier}</span> },
  { key: "active", head: "Active", right: true, phone: "badge", cell: ({ active }) => count(active) },
  { key: "suspended", head: "Suspended", right: true, phone: "none", cell: ({ suspended }) => count(suspended) },
  { key: "closed", head: "Closed", right: true, phone: "none", cell: ({ closed }) => count(closed) },
];

const Jobs = ({ usage }: { usage: InstallationUsage }) => (
  <Card>
    <CardHead lined title={`Jobs in ${monthOf(usage.month)}`} note="By kind, in the calendar month of UTC" />
    {usage.jobs.length === 0 ? <CardPart className="text-muted">None yet.</CardPart> : <Table caption="Jobs by kind" columns={KINDS} rows={usage.jobs} rowKey={({ kind }) => kind} />}
  </Card>
);

const KINDS: Column<InstallationUsage["jobs"][number]>[] = [
  { key: "kind", head: "Kind", phone: "name", cell: ({ kind }) => <span className="font-medium capitalize">{kind}</span> },
  { key: "jobs", head: "Jobs", right: true, phone: "badge", cell: ({ jobs }) => count(jobs) },
  { key: "calls", head: "API calls", right: true, phone: "none", cell: ({ calls }) => count(calls) },
];
