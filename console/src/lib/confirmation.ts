import { useSyncExternalStore } from "react";
import { session } from "@/lib/session.ts";

type Answer = (confirmed: boolean) => void;

let answer: Answer | null = null;
const listeners = new Set<() => void>();

function change(to: Answer | null): void {
  answer = to;
  for (const listener of listeners) listener();
}

session.whenAsked = () => new Promise<boolean>((resolve) => { change(resolve); });

/** Whether a request waits for the person to confirm who they are. */
export const useIsAsked = () => useSyncExternalStore(
  (listener) => {
    listeners.add(listener);
    return () => { listeners.delete(listener); };
  },
  () => answer !== null,
);

/** Let the request go on, or be refused. */
export function answerQuestion(confirmed: boolean): void {
  const waiting = answer;
  change(null);
  waiting?.(confirmed);
}
