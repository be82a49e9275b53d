import type { Usage, Use } from "@imageshield/client";

/** From this share on, a limit is near. */
const NEAR = 0.8;

export type Standing = "unlimited" | "room" | "near" | "reached";

export function standingOf({ limit, used }: Use): Standing {
  if (limit === null) return "unlimited";
  if (used >= limit) return "reached";
  return used >= NEAR * limit ? "near" : "room";
}

/** From 0 to 1; nothing can be used of a limit of nothing, so that is all of it. */
export const shareOf = ({ limit, used }: Use): number => (limit === null ? 0 : limit === 0 ? 1 : Math.min(1, used / limit));

/** The quotas that stop work, of which a person should know before. */
export const quotasOf = ({ encryptions, stored_bytes }: Usage): { key: "encryptions" | "stored_bytes"; use: Use; standing: Standing }[] => [
  { key: "encryptions", use: encryptions, standing: standingOf(encryptions) },
  { key: "stored_bytes", use: stored_bytes, standing: standingOf(stored_bytes) },
];

/** `12 December`, of the date `2026-12-12`. Days of the service are days of UTC. */
export const dayOf = (date: string): string => new Date(`${date}T00:00:00Z`).toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
