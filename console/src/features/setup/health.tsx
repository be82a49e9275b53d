import { useQuery } from "@tanstack/react-query";
import { Binary } from "lucide-react";
import type { Pool } from "@imageshield/client";
import { client } from "@/lib/api.ts";
import { plural } from "@/lib/format.ts";
import { Live } from "@/ui/badge.tsx";

interface Readiness {
  checks: Record<string, string>;
}

const EVERY = 15_000;
const NAMES: Record<string, string> = { database: "Database", object_store: "Object store", redis: "Redis", workers: "Workers" };
const CREDITS: Record<Pool["kind"], string> = { simulated: "simulator, credited 0 bits", hardware: "hardware, credited 1/2 for each bit", os: "the system’s generator" };

/** Whether the parts of the installation answer, and where measured bits come from. */
export function Health({ signedIn }: { signedIn: boolean }) {
  const { data, isError } = useQuery({ queryKey: ["ready"], queryFn: readiness, refetchInterval: EVERY, retry: false });
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-5 gap-y-2 border-t border-line bg-raised px-6 py-3 text-caption text-muted max-md:px-4" aria-live="off">
      {isError && <Live state="offline">The service does not answer</Live>}
      {data && Object.entries(data.checks).map(([name, state]) => <Live key={name} state={state === "ok" ? "live" : "offline"}>{NAMES[name] ?? name}{state !== "ok" && ": no answer"}</Live>)}
      {signedIn && <Source />}
    </div>
  );
}

function Source() {
  const { data } = useQuery({ queryKey: ["pools"], queryFn: ({ signal }) => client.entropy.pools({ signal }), retry: false });
  const pool = data?.pools[0];
  if (!data || !pool) return null;
  return (
    <span className="inline-flex items-center gap-1.5">
      <Binary aria-hidden className="size-3.5" strokeWidth={1.75} />
      {plural(data.pools.length, "worker process", "worker processes")}, source: {CREDITS[pool.kind]}
    </span>
  );
}

async function readiness({ signal }: { signal: AbortSignal }): Promise<Readiness> {
  const answer = await fetch("/ready", { signal });
  // 503 says which part is down, in the same shape.
  if (!answer.ok && answer.status !== 503) throw new Error(`The service answers ${answer.status}`);
  return (await answer.json()) as Readiness;
}
