"""The tables, a module for each subject; importing this package registers all of them."""

from backplane.db.models.accounts import Account
from backplane.db.models.analyses import AnalysisSummary
from backplane.db.models.api_keys import ApiKey
from backplane.db.models.audit import AuditChain, AuditCheckpoint, AuditEvent, AuditProof
from backplane.db.models.batches import Batch, BatchItem
from backplane.db.models.blobs import Blob
from backplane.db.models.erasures import Erasure
from backplane.db.models.factors import FactorReset, KnownDevice, OneTimePassword, Passkey, RecoveryCode
from backplane.db.models.idempotency import IdempotencyKey
from backplane.db.models.invitations import Invitation
from backplane.db.models.jobs import Job, JobEvent, Outbox
from backplane.db.models.keys import Key
from backplane.db.models.login_sessions import LoginSession, RefreshToken, Revocation
from backplane.db.models.mails import Mail, MailChoice
from backplane.db.models.notes import BatchTerm, JobTerm
from backplane.db.models.one_time_tokens import OneTimeToken
from backplane.db.models.security import SecurityEvent, SecurityObservation, SecurityTally
from backplane.db.models.usage import UsageEntry
from backplane.db.models.users import Membership, User, UserIdentity
from backplane.db.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "Account",
    "AnalysisSummary",
    "ApiKey",
    "AuditChain",
    "AuditCheckpoint",
    "AuditEvent",
    "AuditProof",
    "Batch",
    "BatchItem",
    "BatchTerm",
    "Blob",
    "Erasure",
    "FactorReset",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "JobEvent",
    "JobTerm",
    "Key",
    "KnownDevice",
    "LoginSession",
    "Mail",
    "MailChoice",
    "Membership",
    "OneTimePassword",
    "OneTimeToken",
    "Outbox",
    "Passkey",
    "RecoveryCode",
    "RefreshToken",
    "Revocation",
    "SecurityEvent",
    "SecurityObservation",
    "SecurityTally",
    "UsageEntry",
    "User",
    "UserIdentity",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
