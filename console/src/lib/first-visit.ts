import { useEffect } from "react";

/** A new installation has no account: its first visitor goes to the set-up. What cannot be asked changes nothing. */
export function useFirstVisit(): void {
  useEffect(() => {
    const left = new AbortController();
    isEmpty(left.signal).then(
      (empty) => {
        if (empty) location.replace("/setup");
      },
      () => undefined,
    );
    return () => {
      left.abort();
    };
  }, []);
}

async function isEmpty(signal: AbortSignal): Promise<boolean> {
  const answer = await fetch("/api/v1/setup", { signal });
  if (!answer.ok) return false;
  const setup = (await answer.json()) as { empty?: unknown };
  return setup.empty === true;
}
