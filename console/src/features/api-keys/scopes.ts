import type { NewApiKey, Role } from "@imageshield/client";

export type Scope = NewApiKey["scopes"][number];

/** What each scope lets a key do. The type demands all that the service knows. */
const TEXTS: Record<Scope, string> = {
  "jobs:read": "See jobs, batches, reports and receipts",
  "jobs:write": "Encrypt, decrypt, cancel, retry and delete jobs",
  "results:read": "Fetch encrypted and decrypted pictures",
  "keys:export": "Fetch key files, which open pictures",
  "webhooks:read": "See webhook endpoints and their messages",
  "webhooks:write": "Make, change and delete webhook endpoints",
  "usage:read": "See usage and limits",
  "audit:read": "Search, export and verify the audit trail",
  "account:read": "See the account and its members",
  "account:write": "Rename the account, read its invitations",
  "api-keys:read": "See API keys, without their secrets",
  "api-keys:write": "Make further keys with no more rights",
};

export const SCOPES = Object.entries(TEXTS).map(([scope, text]) => ({ scope: scope as Scope, text }));

/** What a program needs that encrypts pictures and fetches them. */
export const USUAL: Scope[] = ["jobs:read", "jobs:write", "results:read"];

const LACKING: Partial<Record<Role, readonly Scope[]>> = {
  member: ["webhooks:write", "api-keys:read", "api-keys:write", "audit:read", "account:write"],
  auditor: ["jobs:write", "results:read", "keys:export", "webhooks:write", "api-keys:write", "account:write"],
};

/** Whether a role may give a scope: nobody gives what they may not do themselves. */
export const mayGive = (role: Role | null, scope: Scope): boolean => !(role !== null && LACKING[role]?.includes(scope));
