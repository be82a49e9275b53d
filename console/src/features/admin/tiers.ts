import type { Tier } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";

/** The table of tiers; empty until it is known. */
export const useTiers = (): Tier[] => useQuery({ queryKey: ["tiers"], queryFn: ({ signal }) => client.accounts.tiers({ signal }), staleTime: Infinity }).data?.tiers ?? [];
