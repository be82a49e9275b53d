import type { Pools } from "@imageshield/client";
import { useQuery } from "@tanstack/react-query";
import { client } from "@/lib/api.ts";

const EVERY = 5_000;

/** How many measured bits wait in the workers. They report at least every 15 s. */
export const usePools = () => useQuery<Pools>({ queryKey: ["pools"], queryFn: ({ signal }) => client.entropy.pools({ signal }), refetchInterval: EVERY, retry: false });

/** What a measured bit of a source counts for, as a number and as it is written. */
export const CREDITS = {
  simulated: { value: 0, text: "0" },
  hardware: { value: 0.5, text: "1/2" },
  os: { value: 1, text: "1" },
} as const;
