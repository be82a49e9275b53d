import { useOnline } from "@/lib/hooks.ts";
import { useReadiness, type Readiness } from "@/lib/readiness.ts";
import type { Liveness } from "@/ui/badge.tsx";

/** How the service is, in a sentence. */
export function useStatus(): { liveness: Liveness; sentence: string } {
  const online = useOnline();
  const { data, isError, isPending } = useReadiness();
  if (!online) return { liveness: "offline", sentence: "This computer is offline" };
  if (isError) return { liveness: "offline", sentence: "The service does not answer" };
  if (isPending) return { liveness: "live", sentence: "Asking the service" };
  return describe(data);
}

function describe({ status, checks }: Readiness): { liveness: Liveness; sentence: string } {
  if (status === "ok") return { liveness: "live", sentence: "All parts answer" };
  if (checks.workers !== "ok" && checks.redis === "ok") return { liveness: "reconnecting", sentence: "No worker answers, jobs wait" };
  const names = Object.keys(checks).filter((name) => checks[name] !== "ok").map((name) => name.replace("_", " "));
  return { liveness: status === "down" ? "offline" : "reconnecting", sentence: `No answer from ${names.join(", ")}` };
}
