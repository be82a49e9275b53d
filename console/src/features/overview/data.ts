import { useQuery } from "@tanstack/react-query";
import { firstDay } from "@/features/overview/counts.ts";
import { client } from "@/lib/api.ts";
import { present } from "@/lib/clock.ts";
import { isOpen } from "@/lib/jobs.ts";

const FAST = 3_000;
const SLOW = 15_000;
export const RECENT = 8;
const MOST = 100;
const WEEK = 7 * 86_400_000;

/** The newest jobs of any state: quickly asked again while one of them runs. */
export const useRecent = () =>
  useQuery({ queryKey: ["jobs", "recent"], queryFn: ({ signal }) => client.jobs.list({ limit: RECENT }, { signal }), refetchInterval: ({ state }) => (state.data?.data.some(isOpen) ? FAST : SLOW) });

export const useRunning = () => useQuery({ queryKey: ["jobs", "running"], queryFn: ({ signal }) => client.jobs.list({ status: "processing", limit: 5 }, { signal }), refetchInterval: FAST });

export const useWaiting = () => useQuery({ queryKey: ["jobs", "waiting"], queryFn: ({ signal }) => client.jobs.list({ status: "pending", limit: MOST }, { signal }), refetchInterval: FAST });

/** The moment a week ago, to the hour, so that the key of the query stays. */
export function weekAgo(): string {
  const at = new Date(present().getTime() - WEEK);
  at.setUTCMinutes(0, 0, 0);
  return at.toISOString();
}

export function useFailed() {
  const since = weekAgo();
  return useQuery({ queryKey: ["jobs", "failed", since], queryFn: ({ signal }) => client.jobs.list({ status: "failed", created_after: since, limit: MOST }, { signal }), refetchInterval: SLOW });
}

export const useWebhooks = () => useQuery({ queryKey: ["webhooks"], queryFn: ({ signal }) => client.webhooks.list({ signal }), refetchInterval: 60_000 });

export function useDays() {
  const first_day = firstDay(present());
  return useQuery({ queryKey: ["trends", first_day], queryFn: ({ signal }) => client.analyses.trends({ first_day }, { signal }), refetchInterval: 60_000 });
}
