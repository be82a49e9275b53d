import { useQuery } from "@tanstack/react-query";
import { learnClock } from "@/lib/clock.ts";
import { useOnline } from "@/lib/hooks.ts";
import type { Liveness } from "@/ui/badge.tsx";

interface Readiness {
  status: "ok" | "degraded" | "down";
  checks: Record<string, string>;
}

const EVERY = 15_000;

/** How the service is: asked every 15 s while the page is seen. */
export function useStatus(): { liveness: Liveness; sentence: string } {
  const online = useOnline();
  const { data, isError, isPending } = useQuery({ queryKey: ["ready"], queryFn: readiness, refetchInterval: EVERY, retry: false });
  if (!online) return { liveness: "offline", sentence: "This computer is offline" };
  if (isError) return { liveness: "offline", sentence: "The service does not answer" };
  if (isPending) return { liveness: "live", sentence: "Asking the service" };
  return describe(data);
}

async function readiness({ signal }: { signal: AbortSignal }): Promise<Readiness> {
  const answer = await fetch("/ready", { signal });
  learnClock(answer.headers.get("Date"));
  // 503 says which part is down, in the same shape.
  if (!answer.ok && answer.status !== 503) throw new Error(`The service answers ${answer.status}`);
  return (await answer.json()) as Readiness;
}

function describe({ status, checks }: Readiness): { liveness: Liveness; sentence: string } {
  if (status === "ok") return { liveness: "live", sentence: "All parts answer" };
  if (checks.workers !== "ok" && checks.redis === "ok") return { liveness: "reconnecting", sentence: "No worker answers, jobs wait" };
  const names = Object.keys(checks).filter((name) => checks[name] !== "ok").map((name) => name.replace("_", " "));
  return { liveness: status === "down" ? "offline" : "reconnecting", sentence: `No answer from ${names.join(", ")}` };
}
