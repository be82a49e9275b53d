import type { Pool } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { Check, TriangleAlert } from "lucide-react";
import { Link } from "@tanstack/react-router";
import { client } from "@/lib/api.ts";
import { count } from "@/lib/format.ts";
import { fetchProvenance } from "@/lib/provenance.ts";
import type { Health } from "@/lib/receipt.ts";
import { Badge } from "@/ui/badge.tsx";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Message } from "@/ui/message.tsx";
import { Time } from "@/ui/time.tsx";

/** The newest key of this account, and how the bits of its source were tested. */
function useLastHealth() {
  return useQuery({
    queryKey: ["jobs", "last-health"],
    queryFn: async ({ signal }) => {
      const { data } = await client.jobs.list({ kind: "encrypt", status: "completed", limit: 1 }, { signal });
      const job = data.at(0);
      return job?.receipt_url ? { job, provenance: await fetchProvenance(job.job_id, signal) } : null;
    },
    staleTime: 30_000,
  });
}

export function HealthCard({ pools }: { pools: Pool[] }) {
  const { data, isPending } = useLastHealth();
  const health = data?.provenance?.health;
  return (
    <Card>
      <CardHead title="Health tests" note={isPending ? "\u00a0" : data && <>The bits of <Link to="/jobs/$job" params={{ job: data.job.job_id }} className="link">your newest key</Link>, <Time at={data.job.completed_at ?? data.job.created_at} /></>} aside={health && <Verdict health={health} />} />
      <CardPart className="pt-2! pb-4!">
        <Tests health={health} isPending={isPending} />
        {data === null && <p className="mt-2 text-dense">Encrypt a picture, and its receipt shows here how its bits were tested.</p>}
        <Alarms pools={pools} />
        <p className="mt-3 text-caption text-muted">These find a source that broke. They never find one that is weak.</p>
      </CardPart>
    </Card>
  );
}

function Verdict({ health }: { health: Health }) {
  if (health.verdict === "passed") return <Badge tone="ok" icon={Check}>Passed</Badge>;
  return health.verdict === "failed" ? <Badge tone="warn" icon={TriangleAlert}>Failed: {health.test}</Badge> : <Badge>Not run</Badge>;
}

const TESTS: { name: string; of: string; limit: (health: Health) => number | null }[] = [
  { name: "Repetition", of: "equal bits in a row", limit: (health) => health.repetition },
  { name: "Proportion", of: "like the first of 1,024", limit: (health) => health.proportion },
  { name: "Balance", of: "ones off 2,048 of 4,096", limit: (health) => health.balance },
  { name: "Replay", of: "64-bit words seen before", limit: (health) => (health.repetition === null ? null : 1) },
];

/** What is tested, and when a test raises an alarm. How near a block came to that, the service does not keep. */
const Tests = ({ health, isPending }: { health: Health | undefined; isPending: boolean }) => (
  <dl>
    {TESTS.map(({ name, of, limit }) => {
      const value = health ? limit(health) : null;
      return (
        <div key={name} className="flex items-baseline justify-between gap-3 border-hairline py-2.5 text-dense not-first:border-t">
          <dt className="font-medium">{name}<span className="block text-caption font-normal text-muted">{of}</span></dt>
          <dd className="numeric whitespace-nowrap text-muted">{value !== null && <>alarm at <strong className="font-semibold text-ink">{value}</strong></>}</dd>
        </div>
      );
    })}
    {(isPending || health?.samples != null) && (
      <div className="flex justify-between gap-3 border-t border-hairline pt-2.5 text-dense">
        <dt className="text-muted">Tested</dt>
        <dd className="numeric">{health?.samples != null && `${count(health.samples)} bits`}</dd>
      </div>
    )}
  </dl>
);

function Alarms({ pools }: { pools: Pool[] }) {
  const alarms = pools.flatMap(({ worker, alarm }) => (alarm ? [{ worker, ...alarm }] : []));
  return alarms.map(({ worker, reason, at }) => (
    <Message key={worker} tone="warn" className="mt-3" title={<>Worker {worker}: the source failed <Time at={at} />.</>}>
      {reason.charAt(0).toUpperCase()}{reason.slice(1)}. Its bits were thrown away. Keys of that time were made of the system’s bits alone and are as strong.
    </Message>
  ));
}
