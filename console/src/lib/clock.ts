/** Below this, the clocks agree well enough; a date of HTTP has whole seconds. */
const TOLERANCE = 30_000;

let ahead = 0;

/** Learn from the `Date` of an answer how far the clock of this computer is off. */
export function learnClock(date: string | null, now = Date.now()): void {
  const of = date === null ? NaN : Date.parse(date);
  if (Number.isNaN(of)) return;
  ahead = Math.abs(now - of) > TOLERANCE ? now - of : 0;
}

/** The time by the clock of the service: all times of the API are by it. */
export const present = (): Date => new Date(Date.now() - ahead);
