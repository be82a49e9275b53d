import type { AuditEntry } from "@imageshield/client";
import type { Names } from "@/features/audit/names.ts";
import { aboutOf, wordsOf, type ObjectKind } from "@/lib/audit-words.ts";
import { shortId } from "@/lib/format.ts";

export interface Sentence {
  who: string;
  did: string;
  /** What it was done to, if it has a name. */
  what: string | undefined;
}

export function sentenceOf(entry: AuditEntry, names: Names): Sentence {
  return { who: whoOf(entry, names), did: wordsOf(entry), what: whatOf(entry, names) };
}

function whoOf({ actor, user_id, api_key_id, person }: AuditEntry, names: Names): string {
  if (api_key_id !== null) return `API key ${names.keys.get(api_key_id) ?? shortId(api_key_id)}`;
  if (user_id !== null) return names.users.get(user_id) ?? shortId(user_id);
  if (actor === "system") return "The service";
  if (actor === "operator") return "An operator at the machine";
  return person?.email ?? "Somebody";
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

function whatOf(entry: AuditEntry, names: Names): string | undefined {
  const { details } = entry;
  const [from, to] = [text(details.from), text(details.to)];
  if (from !== undefined && to !== undefined) return `from ${from} to ${to}`;
  const about = aboutOf(entry.action);
  if (about === "api key") return names.keys.get(`apk_${entry.object_id ?? ""}`) ?? text(details.prefix);
  // Most acts on users are of the user itself.
  if (about === "user" && `usr_${entry.object_id ?? ""}` !== entry.user_id) return names.users.get(`usr_${entry.object_id ?? ""}`);
  return text(details.role) && `as ${text(details.role) ?? ""}`;
}

const PAGES: Partial<Record<ObjectKind, { prefix: string; page: string }>> = {
  job: { prefix: "job", page: "/jobs" },
  batch: { prefix: "bat", page: "/batches" },
  webhook: { prefix: "whk", page: "/webhooks" },
};
const PREFIXES: Partial<Record<ObjectKind, string>> = { "api key": "apk", key: "key", session: "ses", invitation: "inv", factor: "psk", identity: "idn", account: "acc", user: "usr" };

/** The id of what an entry is about, and its page if it has one. */
export function objectOf({ action, object_id }: AuditEntry): { id: string; to: string | undefined } | undefined {
  if (object_id === null) return undefined;
  const about = aboutOf(action);
  const place = about && PAGES[about];
  if (place) return { id: `${place.prefix}_${object_id}`, to: `${place.page}/${place.prefix}_${object_id}` };
  const prefix = about && PREFIXES[about];
  return { id: prefix === undefined ? object_id : `${prefix}_${object_id}`, to: undefined };
}
