/** The objects of the API, by their names in docs/openapi.json. */

import type { components, paths } from "../api/schema.ts";

type Schemas = components["schemas"];

export type Account = Schemas["Account"];
export type AddedPasskey = Schemas["AddedPasskey"];
export type Analysis = Schemas["Analysis"];
export type ApiKey = Schemas["ApiKey"];
export type ApiKeyChange = Partial<Schemas["ApiKeyChange"]>;
export type ApiKeyPage = Schemas["ApiKeyPage"];
export type ApiKeyWithSecret = Schemas["ApiKeyWithSecret"];
export type AuditEntry = Schemas["AuditEntry"];
export type AuditFinding = Schemas["AuditFinding"];
export type AuditPage = Schemas["AuditPage"];
export type AuditRow = Schemas["AuditRow"];
export type AuditVerdict = Schemas["AuditVerdict"];
export type AuthorizationBegun = Schemas["AuthorizationBegun"];
export type AuthorizationFinished = Schemas["AuthorizationFinished"];
export type AuthorizationStart = Schemas["AuthorizationStart"];
export type Avalanche = Schemas["Avalanche"];
export type Batch = Schemas["Batch"];
export type BatchItem = Schemas["BatchItem"];
export type BatchPage = Schemas["BatchPage"];
export type BatchSummary = Schemas["BatchSummary"];
export type Challenge = Schemas["Challenge"];
export type Comparison = Schemas["Comparison"];
export type ConfirmedFactor = Schemas["ConfirmedFactor"];
export type Counts = Schemas["Counts"];
export type CreatedCredential = Schemas["CreatedCredential"];
export type DeadLetter = Schemas["DeadLetter"];
export type DeadLetterPage = Schemas["DeadLetterPage"];
export type Delivery = Schemas["Delivery"];
export type DeliveryPage = Schemas["DeliveryPage"];
export type EffectiveSettings = Schemas["EffectiveSettings"];
export type Erasure = Schemas["Erasure"];
export type FactorOverview = Schemas["FactorOverview"];
export type FactorReset = Schemas["FactorReset"];
export type Identities = Schemas["Identities"];
export type Identity = Schemas["Identity"];
export type InstallationUsage = Schemas["InstallationUsage"];
export type Invitation = Schemas["Invitation"];
export type InvitationOffer = Schemas["InvitationOffer"];
export type InvitationPage = Schemas["InvitationPage"];
export type InvitationWithLink = Schemas["InvitationWithLink"];
export type Job = Schemas["Job"];
export type JobError = Schemas["JobError"];
export type JobPage = Schemas["JobPage"];
export type KeyFileLocks = Partial<Schemas["KeyFileLocks"]>;
export type LoginSession = Schemas["LoginSession"];
export type LoginSessions = Schemas["LoginSessions"];
export type MailChoices = Schemas["MailChoices"];
export type MailPreferences = Schemas["MailPreferences"];
export type ManagedAccount = Schemas["ManagedAccount"];
export type ManagedAccountChange = Schemas["ManagedAccountChange"];
export type ManagedAccountPage = Schemas["ManagedAccountPage"];
export type ManagedUser = Schemas["ManagedUser"];
export type ManagedUserChange = Schemas["ManagedUserChange"];
export type ManagedUserPage = Schemas["ManagedUserPage"];
export type Me = Schemas["Me"];
export type Member = Schemas["Member"];
export type MemberPage = Schemas["MemberPage"];
export type Membership = Schemas["Membership"];
export type MembershipPage = Schemas["MembershipPage"];
export type NewApiKey = Schemas["CreateApiKey"];
export type NewAuthenticatorApp = Schemas["NewAuthenticatorApp"];
export type NewWebhook = Schemas["NewWebhook"];
export type OutboxEntry = Schemas["OutboxEntry"];
export type OutboxMail = Schemas["OutboxMail"];
export type OutboxPage = Schemas["OutboxPage"];
export type Passkey = Schemas["Passkey"];
export type PendingAddress = Schemas["PendingAddress"];
export type Pool = Schemas["Pool"];
export type Pools = Schemas["Pools"];
export type Provider = Schemas["Provider"];
export type Providers = Schemas["Providers"];
export type Queue = Schemas["Queue"];
export type QueueShare = Schemas["QueueShare"];
export type RecoveryCodes = Schemas["RecoveryCodes"];
export type Region = Schemas["Region"];
export type Registered = Pick<Account, "email"> & Partial<Account>;
export type Role = Member["role"];
export type SecurityEvent = Schemas["SecurityEvent"];
export type SecurityEventPage = Schemas["SecurityEventPage"];
export type Setting = Schemas["Setting"];
export type Setup = Schemas["Setup"];
export type Tier = Schemas["Tier"];
export type Tiers = Schemas["Tiers"];
export type TopAccount = Schemas["TopAccount"];
export type Trends = Schemas["Trends"];
export type Usage = Schemas["Usage"];
export type Use = Schemas["Use"];
export type Webhook = Schemas["Webhook"];
export type WebhookChange = Schemas["WebhookChange"];
export type WebhookPage = Schemas["WebhookPage"];
export type WebhookWithSecret = Schemas["WebhookWithSecret"];

type Query<P extends keyof paths> = paths[P] extends { get: { parameters: { query?: infer Q } } } ? NonNullable<Q> : never;

export type ApiKeyFilter = Query<"/api/v1/auth/keys">;
export type AccountFilter = Query<"/api/v1/admin/accounts">;
export type UserFilter = Query<"/api/v1/admin/users">;
export type JobFilter = Query<"/api/v1/jobs">;
export type AuditFilter = Query<"/api/v1/audit">;
export type BatchFilter = Query<"/api/v1/batches">;
export type TrendDays = Query<"/api/v1/analyze/trends">;
export type UsagePeriod = Query<"/api/v1/usage">;
export type SecurityEventFilter = Query<"/api/v1/security-events">;
export type DeliveryFilter = Query<"/api/v1/webhooks/{webhook_id}/deliveries">;

type Form<P extends keyof paths> = paths[P] extends {
  post: { requestBody: { content: { "multipart/form-data": infer F } } };
}
  ? F
  : never;

/** Fields that the form carries as JSON. */
interface Structured {
  regions?: readonly Region[];
  metadata?: Record<string, string>;
}

type Options<F, Files extends keyof F> = Omit<F, Files | keyof Structured> & Pick<Structured, keyof F & keyof Structured>;

export type EncryptOptions = Options<Form<"/api/v1/encrypt">, "image">;
export type BatchOptions = Options<Form<"/api/v1/batch/encrypt">, "images" | "archive">;
export type AnalyzeOptions = Options<Form<"/api/v1/analyze">, "original" | "encrypted">;
export type DecryptOptions = Options<Form<"/api/v1/decrypt">, "encrypted_image" | "key_file" | "material"> & {
  key_file?: Blob;
  material?: Blob;
};
