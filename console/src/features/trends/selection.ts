import { useAddress } from "@/lib/address.ts";

/** The service compares 2 to 20 analyses. */
export const LEAST = 2;
export const MOST = 20;

/** The jobs chosen for comparison: they are in the address, so that a link keeps them. */
export function useCompared(): [string[], (ids: string[]) => void] {
  const [search, change] = useAddress();
  const chosen = [search.compare].flat().filter((id): id is string => typeof id === "string" && id !== "");
  return [[...new Set(chosen)], (ids) => { change({ compare: ids }); }];
}

/** Why so many jobs cannot be compared; undefined if they can. */
export function refusal(count: number): string | undefined {
  if (count < LEAST) return "Choose one more";
  return count > MOST ? `At most ${MOST}` : undefined;
}

/** Ids in as many comparisons as they need. */
export const chunks = (ids: readonly string[]): string[][] => Array.from({ length: Math.ceil(ids.length / MOST) }, (_, index) => ids.slice(index * MOST, (index + 1) * MOST));
