import type { AuditEntry, AuditFilter } from "@imageshield/client";
import type { Search } from "@/lib/address.ts";
import { ACTIONS, GROUPS } from "@/lib/audit-words.ts";
import { dayOf, momentsOf } from "@/lib/days.ts";

export const OUTCOMES = { success: "Done", failure: "Failed", accepted: "Accepted", cancelled: "Cancelled" };
export type Outcome = keyof typeof OUTCOMES;

/** What the list shows; empty shows all. It is in the address, so that it can be shared. */
export interface Filter {
  /** A group of actions, or one action. */
  event?: string;
  /** A kind of actor, or the id of a user or API key. */
  who?: string;
  /** The 32 digits of the object's id. */
  object?: string;
  outcome?: Outcome;
  since?: string;
  until?: string;
}

const NAMES = ["event", "who", "object", "outcome", "since", "until"] as const;

/** An address that removes every filter. */
export const NONE: Record<string, string> = Object.fromEntries(NAMES.map((name) => [name, ""]));

/** Read the filter of an address. What does not belong there is left out. */
export function filterOf(search: Search): Filter {
  const text = (name: (typeof NAMES)[number]): string => (typeof search[name] === "string" ? search[name] : "");
  const outcome = text("outcome");
  return Object.fromEntries(
    Object.entries({
      event: GROUPS.some(({ value }) => value === text("event")) || ACTIONS.includes(text("event")) ? text("event") : undefined,
      who: /^(user|api_key|operator|system|(usr|apk)_[0-9a-f]{32})$/.test(text("who")) ? text("who") : undefined,
      object: digitsOf(text("object")),
      outcome: Object.hasOwn(OUTCOMES, outcome) ? outcome : undefined,
      since: dayOf(text("since")),
      until: dayOf(text("until")),
    }).filter(([, value]) => value !== undefined),
  );
}

export const isEmpty = (filter: Filter): boolean => Object.keys(filter).length === 0;

export type Conditions = Omit<AuditFilter, "limit" | "cursor">;

/** What the service is asked for. */
export function queryOf({ event, who, object, outcome, since, until }: Filter): Conditions {
  return {
    ...(event !== undefined && { action: GROUPS.find(({ value }) => value === event)?.actions ?? [event] }),
    ...(who !== undefined && { actor: who }),
    ...(object !== undefined && { object_id: object }),
    ...(outcome !== undefined && { outcome }),
    ...momentsOf({ since, until }),
  };
}

/** The digits of a whole id, with its prefix or without; undefined if the text is none. */
export const digitsOf = (text: string): string | undefined => /^(?:[a-z]{3}_)?([0-9a-f]{32})$/.exec(text.trim().toLowerCase())?.[1];

export const isOutcome = (outcome: AuditEntry["outcome"]): outcome is Outcome => Object.hasOwn(OUTCOMES, outcome);
