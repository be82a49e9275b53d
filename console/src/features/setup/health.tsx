import { Binary } from "lucide-react";
import { plural } from "@/lib/format.ts";
import { CREDITS, usePools } from "@/lib/pools.ts";
import { useReadiness } from "@/lib/readiness.ts";
import { Live } from "@/ui/badge.tsx";

const PARTS: Record<string, string> = { database: "Database", object_store: "Object store", redis: "Redis", workers: "Workers" };
const KINDS: Record<keyof typeof CREDITS, string> = { simulated: "simulator", hardware: "hardware", os: "the system’s generator" };

/** Whether the parts of the installation answer, and where measured bits come from. */
export function Health({ signedIn }: { signedIn: boolean }) {
  const { data, isError } = useReadiness();
  return (
    <div className="flex min-h-11 flex-wrap items-center gap-x-5 gap-y-2 border-t border-line bg-raised px-6 py-3 text-caption text-muted max-md:px-4">
      {isError && <Live state="offline">The service does not answer</Live>}
      {data && Object.entries(data.checks).map(([name, state]) => <Live key={name} state={state === "ok" ? "live" : "offline"}>{PARTS[name] ?? name}{state !== "ok" && ": no answer"}</Live>)}
      {signedIn && <Source />}
    </div>
  );
}

function Source() {
  const { data } = usePools();
  const pool = data?.pools[0];
  if (!data || !pool) return null;
  return (
    <span className="inline-flex items-center gap-1.5">
      <Binary aria-hidden className="size-3.5 shrink-0" strokeWidth={1.75} />
      {plural(data.pools.length, "worker process", "worker processes")}, source: {KINDS[pool.kind]}, credited {CREDITS[pool.kind].text} {pool.kind === "simulated" ? "bits" : "of each bit"}
    </span>
  );
}
