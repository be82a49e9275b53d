import type { ApiKey } from "@imageshield/client";

const SOON = 14 * 86_400_000;

/** What a key is to the person: `ending` ones still work, and something is to do. */
export type KeyState = "active" | "soon" | "replaced" | "expired" | "revoked" | "over";

export function stateOf(key: ApiKey, now: Date): KeyState {
  if (key.status === "revoked" || key.status === "expired") return key.status;
  if (isPast(key.expires_at, now)) return "expired";
  if (key.status === "replaced") return isPast(key.grace_until, now) ? "over" : "replaced";
  return key.expires_at !== null && Date.parse(key.expires_at) - now.getTime() < SOON ? "soon" : "active";
}

const isPast = (at: string | null, now: Date): boolean => at !== null && Date.parse(at) <= now.getTime();

/** Whether requests with the key are accepted. */
export const isValid = (state: KeyState): boolean => state === "active" || state === "soon" || state === "replaced";

/** Whether it can be changed and rotated. */
export const isInUse = (state: KeyState): boolean => state === "active" || state === "soon";

/** When it ends or has ended; null is never. */
export function endOf(key: ApiKey): string | null {
  if (key.revoked_at !== null) return key.revoked_at;
  const ends = [key.expires_at, key.grace_until].filter((end) => end !== null);
  return ends.length === 0 ? null : ends.reduce((first, end) => (Date.parse(end) < Date.parse(first) ? end : first));
}
