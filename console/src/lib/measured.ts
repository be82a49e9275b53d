import { useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";
import { waitsOf, type Waits } from "@/lib/costs.ts";

const MEASURED_JOBS = 50;

export function useWaits(): Waits {
  const { data } = useQuery({
    queryKey: ["waits"],
    queryFn: ({ signal }) => client.jobs.list({ kind: "encrypt", status: "completed", limit: MEASURED_JOBS }, { signal }),
    staleTime: 60_000,
    select: (page) => waitsOf(page.data),
  });
  return data ?? {};
}

/** Whether the bits come from a simulator; undefined while nobody has said so. */
export function useIsSimulated(): boolean | undefined {
  const { data } = useQuery({ queryKey: ["pools"], queryFn: ({ signal }) => client.entropy.pools({ signal }), staleTime: 60_000, retry: false });
  const kinds = data?.pools.map((pool) => pool.kind);
  return kinds?.length ? kinds.every((kind) => kind === "simulated") : undefined;
}
