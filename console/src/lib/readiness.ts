import { useQuery } from "@tanstack/react-query";
import { learnClock } from "@/lib/clock.ts";

export interface Readiness {
  status: "ok" | "degraded" | "down";
  checks: Record<string, string>;
}

const EVERY = 15_000;

/** Which parts of the service answer: asked every 15 s while the page is seen. */
export const useReadiness = () => useQuery({ queryKey: ["ready"], queryFn: readiness, refetchInterval: EVERY, retry: false });

async function readiness({ signal }: { signal: AbortSignal }): Promise<Readiness> {
  const answer = await fetch("/ready", { signal });
  learnClock(answer.headers.get("Date"));
  // 503 says which part is down, in the same shape.
  if (!answer.ok && answer.status !== 503) throw new Error(`The service answers ${answer.status}`);
  return (await answer.json()) as Readiness;
}
