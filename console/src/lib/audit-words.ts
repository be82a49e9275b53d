import type { AuditEntry } from "@imageshield/client";

/** What an action is about. */
export type ObjectKind = "job" | "batch" | "webhook" | "api key" | "user" | "account" | "key" | "session" | "invitation" | "factor" | "identity";

interface Words {
  /** "Ada …": what it says of a success, and of every outcome without words of its own. */
  did: string;
  accepted?: string;
  failed?: string;
  cancelled?: string;
  about?: ObjectKind;
}

/** Every action of `backplane/actions.py`, in words; tests/house compares the two. */
const WORDS = {
  "account.login": { did: "signed in", failed: "could not sign in" },
  "account.logout": { did: "signed out", about: "session" },
  "account.second_factor": { did: "passed the second factor", failed: "failed at the second factor" },
  "account.confirmed": { did: "confirmed who they are", failed: "could not confirm who they are" },
  "account.refresh_reused": { did: "was signed out: a used session token came back" },
  "session.confirmed": { did: "confirmed who they are", failed: "could not confirm who they are", about: "session" },
  "session.end": { did: "ended a login session", about: "session" },

  "account.registered": { did: "registered", about: "user" },
  "account.registration_requested": { did: "asked to register" },
  "password.changed": { did: "changed the password", failed: "could not change the password", about: "user" },
  "password.reset_requested": { did: "asked for a new password" },
  "email.change_requested": { did: "asked for another address", about: "user" },
  "email.changed": { did: "changed the address", about: "user" },
  "email.verified": { did: "verified the address", about: "user" },
  "identity.linked": { did: "linked a provider" },
  "identity.unlinked": { did: "unlinked a provider", about: "identity" },
  "factor.begun": { did: "began to set up an authenticator app" },
  "factor.added": { did: "added a second factor", about: "factor" },
  "factor.renamed": { did: "renamed a passkey", about: "factor" },
  "factor.removed": { did: "removed a second factor", about: "factor" },
  "factors.reset": { did: "reset all second factors", about: "user" },
  "passkey.counter_back": { did: "used a passkey whose counter went back: it may be a copy", about: "factor" },
  "recovery_code.used": { did: "used a recovery code" },
  "recovery_codes.renewed": { did: "made new recovery codes" },
  "mail.chosen": { did: "chose which notices come by mail", about: "user" },

  "account.created": { did: "made an account", about: "account" },
  "account.renamed": { did: "renamed the account", about: "account" },
  "account.closed": { did: "closed the account", about: "account" },
  "account.export": { did: "exported the data of the account", about: "job" },
  "account.erasure_canceled": { did: "kept the account", about: "account" },
  "account.erasure_begun": { did: "began to erase the account", about: "account" },
  "account.erased": { did: "erased the account", about: "account" },
  "user.erased": { did: "erased the user and the personal account", about: "user" },
  "member.erased": { did: "lost the member, who was erased", about: "user" },
  "member.joined": { did: "joined the account", about: "user" },
  "member.left": { did: "left the account", about: "user" },
  "member.removed": { did: "removed a member", about: "user" },
  "member.role_changed": { did: "changed the role of a member", about: "user" },
  "invitation.made": { did: "invited somebody", about: "invitation" },
  "invitation.resent": { did: "sent an invitation again", about: "invitation" },
  "invitation.revoked": { did: "revoked an invitation", about: "invitation" },

  "api_key.created": { did: "made the API key", about: "api key" },
  "api_key.changed": { did: "changed the API key", about: "api key" },
  "api_key.rotated": { did: "replaced an API key by", about: "api key" },
  "api_key.revoked": { did: "revoked the API key", about: "api key" },
  "api_key.refused": { did: "was refused with the API key", about: "api key" },
  "api_key.used": { did: "came from a new network with the API key", about: "api key" },
  "api_key.woken": { did: "used the API key after a long sleep", about: "api key" },

  "image.encrypt": { did: "encrypted a picture", accepted: "sent a picture to encrypt", failed: "could not encrypt a picture", cancelled: "stopped encrypting a picture", about: "job" },
  "image.decrypt": { did: "decrypted a picture", accepted: "sent a picture to decrypt", failed: "could not decrypt a picture", cancelled: "stopped decrypting a picture", about: "job" },
  "image.analyze": { did: "analyzed a picture", accepted: "sent pictures to analyze", failed: "could not analyze a picture", cancelled: "stopped analyzing a picture", about: "job" },
  "image.avalanche": { did: "measured the avalanche effect", accepted: "asked for the avalanche effect", failed: "could not measure the avalanche effect", cancelled: "stopped measuring the avalanche effect", about: "job" },
  "job.cancel": { did: "cancelled a job", about: "job" },
  "job.retry": { did: "tried a job again", about: "job" },
  "job.delete": { did: "deleted a job", about: "job" },
  "job.expire": { did: "deleted a job at the end of its time", about: "job" },
  "job.redrive": { did: "tried a job again that was given up", about: "job" },
  "batch.delete": { did: "deleted a batch", about: "batch" },

  "key.exported": { did: "exported a key file", about: "key" },
  "material.downloaded": { did: "downloaded the material of a picture", about: "job" },
  "report.downloaded": { did: "downloaded a report", about: "job" },
  "result.downloaded": { did: "downloaded a picture", about: "job" },
  "audit.exported": { did: "exported the audit log", about: "account" },
  "ids.not_found": { did: "asked for many ids that do not exist" },
  "mail.read": { did: "read a mail in the outbox" },
  "security_event.acknowledged": { did: "acknowledged a security event" },

  "webhook.created": { did: "added a webhook", about: "webhook" },
  "webhook.changed": { did: "changed a webhook", about: "webhook" },
  "webhook.deleted": { did: "deleted a webhook", about: "webhook" },
  "webhook.disabled": { did: "disabled a webhook that did not answer", about: "webhook" },
  "webhook.replayed": { did: "sent a webhook message again", about: "webhook" },
  "webhook.secret_rotated": { did: "replaced the secret of a webhook", about: "webhook" },
  "webhook.tested": { did: "sent a test to a webhook", about: "webhook" },

  "account.tier": { did: "changed the tier of the account", about: "account" },
  "account.suspend": { did: "suspended the account", about: "account" },
  "account.reinstate": { did: "ended the suspension of the account", about: "account" },
  "user.suspend": { did: "suspended the user", about: "user" },
  "user.reinstate": { did: "ended the suspension of the user", about: "user" },
  "user.unlock": { did: "unlocked the log-in of the user", about: "user" },
  "user.end_sessions": { did: "ended the login sessions of the user", about: "user" },
  "factor_reset.requested": { did: "asked for a reset of the second factors of the user", about: "user" },
  "factor_reset.confirmed": { did: "confirmed the reset of the second factors of the user", about: "user" },
  "factor_reset.withdrawn": { did: "withdrew the reset of the second factors of the user", about: "user" },
  "factor_reset.refused": { did: "refused the reset of the second factors", about: "user" },
  "user.operator_granted": { did: "made an operator of the user", about: "user" },
  "user.operator_revoked": { did: "took the rights of an operator from the user", about: "user" },
  "operator.made": { did: "made an operator of the user", about: "user" },
  "signing_key.rotated": { did: "replaced the key that signs access tokens" },
  "receipt_key.rotated": { did: "replaced the key that signs receipts" },
  "response_key.rotated": { did: "replaced the key that signs answers" },
  "audit_key.rotated": { did: "replaced the key that signs checkpoints of the audit trail" },
  "api_key_pepper.rotated": { did: "replaced the pepper of API keys" },
  "backup.made": { did: "made a backup" },
  "audit.restored": { did: "noted that an older database was restored" },
} satisfies Record<string, Words>;

const known: Partial<Record<string, Words>> = WORDS;

export const ACTIONS = Object.keys(WORDS);

/** What happened, as the end of a sentence that begins with who did it. An action of a later release is its own word. */
export function wordsOf({ action, outcome }: Pick<AuditEntry, "action" | "outcome">): string {
  const words = Object.hasOwn(known, action) ? known[action] : undefined;
  if (words === undefined) return `did ${action}`;
  if (outcome === "accepted") return words.accepted ?? words.did;
  if (outcome === "cancelled") return words.cancelled ?? words.did;
  return outcome === "failure" ? (words.failed ?? words.did) : words.did;
}

export const aboutOf = (action: string): ObjectKind | undefined => (Object.hasOwn(known, action) ? known[action]?.about : undefined);

/** Groups of actions to filter by, with the beginnings of their names. */
export const GROUPS: { value: string; name: string; actions: string[] }[] = [
  { value: "sign-in", name: "Signing in", actions: ["account.login", "account.logout", "account.second_factor", "account.confirmed", "account.refresh_reused", "session."] },
  { value: "credentials", name: "Passwords and factors", actions: ["password.", "email.", "identity.", "factor", "passkey.", "recovery_code", "mail."] },
  { value: "members", name: "Accounts and members", actions: ["account.registered", "account.registration", "account.created", "account.renamed", "account.closed", "account.export", "account.eras", "member.", "invitation."] },
  { value: "api-keys", name: "API keys", actions: ["api_key."] },
  { value: "jobs", name: "Jobs", actions: ["image.", "job.", "batch."] },
  { value: "taken", name: "Downloads and exports", actions: ["key.", "material.", "report.", "result.", "audit.exported", "ids.", "mail.read", "security_event."] },
  { value: "webhooks", name: "Webhooks", actions: ["webhook."] },
  { value: "operators", name: "Operators", actions: ["account.tier", "account.suspend", "account.reinstate", "user.", "operator.", "job.redrive", "factors.reset", "factor_reset.", "signing_key.", "receipt_key.", "response_key.", "audit_key.", "api_key_pepper.", "backup.", "audit.restored"] },
];
