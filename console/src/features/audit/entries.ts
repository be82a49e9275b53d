import { useInfiniteQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { queryOf, type Filter } from "@/features/audit/filter.ts";
import { client } from "@/lib/api.ts";

/** Whose trail: of the chosen account, or of the system. */
export type Chain = "account" | "system";

export const trailOf = (chain: Chain) => (chain === "system" ? client.systemAudit : client.audit);

export const PAGE = 50;
const AGAIN = 15_000;

/** The pages that were asked for. While there is one alone, new entries appear in it. */
export function useEntries(chain: Chain, filter: Filter) {
  const query = queryOf(filter);
  const pages = useInfiniteQuery({
    queryKey: ["audit", chain, query],
    queryFn: ({ pageParam, signal }) => trailOf(chain).search({ ...query, limit: PAGE, ...(pageParam && { cursor: pageParam }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? AGAIN : false),
  });
  const rows = useMemo(() => pages.data?.pages.flatMap((page) => page.data) ?? [], [pages.data]);
  return { pages, rows };
}
