import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";

const EVERY = 30_000;

/** What the account has used: of its month of today, or of the one that has `period`. */
export const useUsage = (period = "") =>
  useQuery({
    queryKey: ["usage", period],
    queryFn: ({ signal }) => client.accounts.usage(period === "" ? {} : { period }, { signal }),
    refetchInterval: EVERY,
    placeholderData: keepPreviousData,
  });
