import type { Pools } from "@imageshield/client";
import { Binary, Check, Cpu, TriangleAlert } from "lucide-react";
import { count } from "@/lib/format.ts";
import { CREDITS, usePools } from "@/lib/pools.ts";
import { Card, CardHead, CardPart } from "@/ui/card.tsx";
import { Bone, Skeleton } from "@/ui/empty.tsx";
import { explain } from "@/lib/problems.ts";
import { Progress } from "@/ui/progress.tsx";
import { Time } from "@/ui/time.tsx";

/** The sources of the bits, what each is credited, and how many wait. */
export function Bits() {
  const { data, error, isPending } = usePools();
  return (
    <Card>
      <CardHead title="Where the bits come from" />
      <CardPart className="grid gap-2.5 pt-2! text-dense">
        <p className="flex items-center gap-2"><Cpu aria-hidden className="size-4" strokeWidth={1.75} />System generator<span className="numeric ml-auto font-medium">512 bits a seed</span></p>
        {isPending && <Skeleton><Bone className="h-16 w-full" /></Skeleton>}
        {error && !data && <p className="text-muted">{explain(error).sentence} How many bits wait is not known.</p>}
        {data && (data.pools.length > 0 ? <Waiting pools={data} /> : <p className="text-muted">No worker has reported in the last minute.</p>)}
      </CardPart>
    </Card>
  );
}

function Waiting({ pools: { pools, waiting_bits, capacity_bits } }: { pools: Pools }) {
  const sources = [...new Map(pools.map((pool) => [pool.source, pool])).values()].filter((pool) => pool.kind !== "os");
  const refilled = pools.flatMap((pool) => pool.refill?.at ?? []).toSorted().at(-1);
  const alarm = pools.flatMap((pool) => pool.alarm?.at ?? []).toSorted().at(-1);
  return (
    <>
      {sources.map(({ source, kind }) => (
        <p key={source} className="flex items-center gap-2"><Binary aria-hidden className="size-4" strokeWidth={1.75} /><span>{kind === "simulated" ? "Simulator" : "Device"} <code>{source}</code></span><span className="numeric ml-auto font-medium">credited {CREDITS[kind].text}</span></p>
      ))}
      <div className="mt-1">
        <Progress share={capacity_bits === 0 ? 0 : waiting_bits / capacity_bits} label="Measured bits waiting" />
        <p className="numeric mt-1.5 flex justify-between gap-3 text-caption text-muted"><span>{count(waiting_bits)} of {count(capacity_bits)} bits waiting</span>{refilled && <span className="whitespace-nowrap">refilled <Time at={refilled} /></span>}</p>
      </div>
      {alarm === undefined
        ? <p className="flex items-center gap-1.5 text-ok"><Check aria-hidden className="size-4" strokeWidth={2} />No alarm since the workers started</p>
        : <p className="flex items-center gap-1.5 text-warn"><TriangleAlert aria-hidden className="size-4" strokeWidth={1.75} />Alarm <Time at={alarm} /></p>}
    </>
  );
}
