import type { Job, JobFilter, JobPage } from "@imageshield/client";
import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { useCallback, useEffect, useMemo } from "react";
import { replaceJob } from "@/features/history/cache.ts";
import { queryOf, type Filter } from "@/features/history/filter.ts";
import { merge } from "@/features/history/merge.ts";
import { client, queries } from "@/lib/api.ts";
import { isOpen } from "@/lib/jobs.ts";

export const PAGE = 25;
const FAST = 3_000;
const SLOW = 15_000;
const MOST_FOLLOWED = 10;

const list = (query: JobFilter, cursor: string, signal: AbortSignal) => client.jobs.list({ ...query, limit: PAGE, ...(cursor && { cursor }) }, { signal });

/** The pages of the list that were asked for, and what has changed on the first one since. */
export function useJobs(filter: Filter) {
  const query = queryOf(filter);
  const key = ["jobs", "list", query];
  const pages = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam, signal }) => list(query, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    // The pages are asked for once: asking for all of them again would take a request each.
    staleTime: Infinity,
    refetchOnWindowFocus: false,
  });
  const kept = pages.data?.pages;
  const newest = useNewest(query, kept?.[0]);
  useGap(key, kept, newest);
  const rows = useMemo(() => merge(kept ?? [], newest), [kept, newest]);
  useOlder(rows);
  return { pages, rows, loadAll: useLoadAll(pages) };
}

/** The first page, asked for again and again: quickly while something on it runs. */
function useNewest(query: JobFilter, first: JobPage | undefined): JobPage | undefined {
  const { data } = useQuery({
    queryKey: ["jobs", "newest", query],
    queryFn: ({ signal }) => list(query, "", signal),
    enabled: first !== undefined,
    initialData: first,
    staleTime: 0,
    refetchOnMount: false,
    refetchInterval: ({ state }) => (state.data?.data.some(isOpen) ? FAST : SLOW),
  });
  return data;
}

/** If so much is new that jobs between the two are unknown, the list begins again. */
function useGap(key: unknown[], pages: JobPage[] | undefined, newest: JobPage | undefined): void {
  const first = pages?.[0]?.data[0]?.job_id;
  const last = newest?.has_more ? newest.data.at(-1)?.job_id : undefined;
  const gap = first !== undefined && last !== undefined && last > first;
  useEffect(() => {
    if (gap) void queries.resetQueries({ queryKey: key });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says the same as the gap: another list has another one
  }, [gap]);
}

/** Jobs below the first page that still run are asked for one by one. */
function useOlder(rows: Job[]): void {
  useQueries({
    queries: rows.slice(PAGE).filter(isOpen).slice(0, MOST_FOLLOWED).map(({ job_id }) => ({
      queryKey: ["jobs-running", job_id],
      queryFn: async ({ signal }: { signal: AbortSignal }) => {
        const job = await client.jobs.get(job_id, { signal });
        replaceJob(job);
        return job;
      },
      refetchInterval: FAST,
    })),
  });
}

const MOST_PAGES = 40;

/** Load the rest of the pages, as far as a person could still check, and return the ids of all. */
function useLoadAll({ fetchNextPage }: { fetchNextPage: () => Promise<{ hasNextPage: boolean; isError: boolean; data?: { pages: JobPage[] } | undefined }> }) {
  return useCallback(async (): Promise<string[]> => {
    let loaded: JobPage[] = [];
    for (let page = 0; page < MOST_PAGES; page++) {
      const { hasNextPage, isError, data } = await fetchNextPage();
      loaded = data?.pages ?? loaded;
      if (!hasNextPage || isError) break;
    }
    return loaded.flatMap((one) => one.data.map((job) => job.job_id));
  }, [fetchNextPage]);
}
