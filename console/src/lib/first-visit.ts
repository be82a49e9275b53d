import type { Setup } from "@imageshield/client";
import { useEffect, useState } from "react";

/**
 * What the installation offers to people without a session: undefined until it is known, null where it cannot be asked. A
 * new installation has no account: its first visitor goes to the set-up.
 */
export function useFirstVisit(): Setup | null | undefined {
  const [setup, setSetup] = useState<Setup | null>();
  useEffect(() => {
    const left = new AbortController();
    readSetup(left.signal).then(
      (found) => {
        if (found?.empty === true) location.replace("/setup");
        else setSetup(found);
      },
      () => { if (!left.signal.aborted) setSetup(null); },
    );
    return () => {
      left.abort();
    };
  }, []);
  return setup;
}

async function readSetup(signal: AbortSignal): Promise<Setup | null> {
  const answer = await fetch("/api/v1/setup", { signal });
  return answer.ok ? ((await answer.json()) as Setup) : null;
}
