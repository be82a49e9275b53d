import type { Pools } from "@imageshield/client";
import { useEffect, useSyncExternalStore } from "react";

/** A level, and when this page saw it, in milliseconds since the page was loaded: the clock of the machine may be wrong. */
export interface Sample {
  at: number;
  bits: number;
}

const MOST = 720;
let samples: readonly Sample[] = [];
const listeners = new Set<() => void>();

/** The levels that were seen since the console was opened. The service keeps no history of them. */
export function useSamples(pools: Pools | undefined, seen: number): readonly Sample[] {
  useEffect(() => {
    if (pools === undefined || pools.pools.length === 0) return;
    samples = [...samples, { at: performance.now(), bits: pools.waiting_bits }].slice(-MOST);
    for (const listener of listeners) listener();
  }, [pools, seen]);
  return useSyncExternalStore(listen, () => samples);
}

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
