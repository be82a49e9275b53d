import type { Job, JobFilter } from "@imageshield/client";
import type { Search } from "@/lib/address.ts";
import { dayOf, momentsOf } from "@/lib/days.ts";
import { KINDS, PURITIES, STATUSES } from "@/lib/jobs.ts";

type Purity = NonNullable<JobFilter["purity"]>;

/** What the list shows; empty shows all. It is in the address, so that it can be shared. */
export interface Filter {
  status?: Job["status"];
  kind?: Job["kind"];
  purity?: Purity;
  /** Days of this place, both included: `2026-11-21`. */
  since?: string;
  until?: string;
  reference?: string;
  /** The start of a job id. */
  q?: string;
}

export const NAMES = ["status", "kind", "purity", "since", "until", "reference", "q"] as const;

/** An address that removes every filter. */
export const NONE: Record<string, string> = Object.fromEntries(NAMES.map((name) => [name, ""]));

/** Read the filter of an address. What does not belong there is left out. */
export function filterOf(search: Search): Filter {
  const text = (name: (typeof NAMES)[number]): string => (typeof search[name] === "string" ? search[name] : "");
  return Object.fromEntries(
    Object.entries({
      status: oneOf(STATUSES, text("status")),
      kind: oneOf(KINDS, text("kind")),
      purity: oneOf(PURITIES, text("purity")),
      since: dayOf(text("since")),
      until: dayOf(text("until")),
      reference: referenceOf(text("reference")),
      q: startOfId(text("q")),
    }).filter(([, value]) => value !== undefined),
  );
}

export const isEmpty = (filter: Filter): boolean => Object.keys(filter).length === 0;

/** What the service is asked for. The days of this place become moments. */
export function queryOf({ since, until, ...same }: Filter): JobFilter {
  return { ...same, ...momentsOf({ since, until }) };
}

/** The start of an id as the service takes it; undefined if the text is none. */
export function startOfId(text: string): string | undefined {
  const wanted = text.trim().toLowerCase();
  return /^(job_)?[0-9a-f]{1,32}$/.test(wanted) ? wanted : undefined;
}

const MOST_REFERENCE_BYTES = 200;

function referenceOf(text: string): string | undefined {
  const fits = text !== "" && !/\p{Cc}/u.test(text) && new TextEncoder().encode(text).length <= MOST_REFERENCE_BYTES;
  return fits ? text : undefined;
}

function oneOf<T extends string>(known: Record<T, string>, text: string): T | undefined {
  return Object.hasOwn(known, text) ? (text as T) : undefined;
}
