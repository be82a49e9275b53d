import { useEffect, useState, useSyncExternalStore } from "react";
import { present } from "@/lib/clock.ts";

/** Whether a media query matches, and again when that changes. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (changed) => {
      const media = matchMedia(query);
      media.addEventListener("change", changed);
      return () => {
        media.removeEventListener("change", changed);
      };
    },
    () => matchMedia(query).matches,
  );
}

/** Under 768 px: the sidebar is a sheet and tables are cards. */
export const usePhone = (): boolean => useMedia("(max-width: 767.98px)");

export const useOnline = (): boolean => useSyncExternalStore(listenOnline, () => navigator.onLine);

function listenOnline(changed: () => void): () => void {
  addEventListener("online", changed);
  addEventListener("offline", changed);
  return () => {
    removeEventListener("online", changed);
    removeEventListener("offline", changed);
  };
}

/** The time by the clock of the service, renewed every `every` milliseconds. */
export function useNow(every = 10_000): Date {
  const [now, setNow] = useState(present);
  useEffect(() => {
    const timer = setInterval(() => {
      setNow(present());
    }, every);
    return () => {
      clearInterval(timer);
    };
  }, [every]);
  return now;
}

/** A text that depends on the time. A long list has many: they share one timer, and only those that changed are drawn again. */
export const useTimed = (text: (now: Date) => string, every = 10_000): string => useSyncExternalStore((changed) => listenTime(every, changed), () => text(present()));

const timed = new Map<number, Set<() => void>>();

function listenTime(every: number, changed: () => void): () => void {
  const all = timed.get(every) ?? new Set();
  if (all.size === 0) startTimer(every, all);
  all.add(changed);
  return () => {
    all.delete(changed);
  };
}

function startTimer(every: number, all: Set<() => void>): void {
  timed.set(every, all);
  const timer = setInterval(() => {
    if (all.size === 0) {
      clearInterval(timer);
      timed.delete(every);
    }
    for (const changed of all) changed();
  }, every);
}

/** True once `wait` milliseconds have passed, so that what is quick shows no skeleton. */
export function useDelay(wait = 200): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => {
      setPassed(true);
    }, wait);
    return () => {
      clearTimeout(timer);
    };
  }, [wait]);
  return passed;
}

/** Milliseconds of the page's own clock, renewed every `every`: that of the machine may be wrong, and may jump. */
export function useSteadyNow(every = 200): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => { setNow(performance.now()); }, every);
    return () => { clearInterval(timer); };
  }, [every]);
  return now;
}
