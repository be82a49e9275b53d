"""The tables, a module for each subject; importing this package registers all of them."""

from backplane.db.models.accounts import Account
from backplane.db.models.analyses import AnalysisSummary
from backplane.db.models.audit import AuditEvent
from backplane.db.models.batches import Batch, BatchItem
from backplane.db.models.blobs import Blob
from backplane.db.models.idempotency import IdempotencyKey
from backplane.db.models.invitations import Invitation
from backplane.db.models.jobs import Job, JobEvent, Outbox
from backplane.db.models.keys import Key
from backplane.db.models.login_sessions import LoginSession, RefreshToken, Revocation
from backplane.db.models.notes import BatchTerm, JobTerm
from backplane.db.models.users import Membership, User
from backplane.db.models.webhooks import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent

__all__ = [
    "Account",
    "AnalysisSummary",
    "AuditEvent",
    "Batch",
    "BatchItem",
    "BatchTerm",
    "Blob",
    "IdempotencyKey",
    "Invitation",
    "Job",
    "JobEvent",
    "JobTerm",
    "Key",
    "LoginSession",
    "Membership",
    "Outbox",
    "RefreshToken",
    "Revocation",
    "User",
    "WebhookAttempt",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
