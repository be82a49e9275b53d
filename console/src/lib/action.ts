import { useState } from "react";

/**
 * What a button or a form does: `run` starts it, `busy` while it is under way, `error` if it has failed.
 * With `onError`, the failure goes there instead.
 */
export function useAction<Given extends unknown[]>(act: (...given: Given) => Promise<void>, onError?: (error: unknown) => void) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const start = async (...given: Given) => {
    setBusy(true);
    setError(null);
    try {
      await act(...given);
    } catch (failure) {
      (onError ?? setError)(failure);
    } finally {
      setBusy(false);
    }
  };
  return { run: (...given: Given) => void start(...given), busy, error };
}
