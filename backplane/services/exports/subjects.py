"""What an export holds of the database: the files, and for each the columns that are written.

Columns are named one by one, so that no secret gets into an export because a table has a new column.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from backplane import ids
from backplane.db import models
from backplane.db.repositories.account_data import ATTEMPTS, FILES, ITEMS, Source
from backplane.services.exports.opening import Opening

Opened = Callable[[Opening, Any], Mapping[str, Any]]

NAMES: Final = {
    "account_id": "acc",
    "batch_id": "bat",
    "created_by": "usr",
    "delivery_id": "whd",
    "endpoint_id": "whk",
    "event_id": "evt",
    "invited_by": "usr",
    "job_id": "job",
    "key_id": "key",
    "replaced_by": "apk",
    "user_id": "usr",
}
"""Prefixes of ids, by the column."""


def _nothing(_opening: Opening, _row: Any) -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Subject:
    """A file of an export, with a line for each row."""

    file: str
    source: Source
    columns: tuple[str, ...]
    prefix: str | None = None
    """Of the column `id`."""
    opened: Opened = field(default=_nothing)
    """Opens what is sealed in a row."""

    def describe(self, opening: Opening, row: Any) -> dict[str, Any]:
        """Return the line of a row."""
        plain = {name: _plain(getattr(row, name), self._prefix_of(name)) for name in self.columns}
        return {**plain, **self.opened(opening, row)}

    def _prefix_of(self, column: str) -> str | None:
        return self.prefix if column == "id" else NAMES.get(column)


def _plain(value: Any, prefix: str | None) -> Any:
    if isinstance(value, UUID):
        return value.hex if prefix is None else ids.to_wire(prefix, value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


OF_ACCOUNT: Final = (
    Subject(
        "account",
        Source(models.Account, models.Account.id),
        _words("id name personal tier suspended_at closed_at created_at"),
        "acc",
    ),
    Subject("members", Source(models.Membership, models.Membership.account_id), _words("user_id role created_at")),
    Subject(
        "invitations",
        Source(models.Invitation, models.Invitation.account_id),
        _words("id email role invited_by sends sent_at expires_at accepted_at revoked_at created_at"),
        "inv",
    ),
    Subject(
        "api-keys",
        Source(models.ApiKey, models.ApiKey.account_id),
        _words(
            "id created_by name prefix scopes rate_per_hour networks expires_at last_used_at replaced_by grace_until "
            "revoked_at created_at"
        ),
        "apk",
    ),
    Subject(
        "jobs",
        Source(models.Job, models.Job.account_id),
        _words(
            "id batch_id kind status request_id attempts retries purity_requested purity_served purity_reason "
            "layout_requested layout layout_reason regions share_encrypted analyze key_custody recipients key_id image "
            "warnings metrics analysis_version error_code error_title error_detail created_at started_at completed_at "
            "cancel_requested_at expires_at retained_until deleted_at"
        ),
        "job",
        Opening.note,
    ),
    Subject(
        "batches",
        Source(models.Batch, models.Batch.account_id),
        _words("id endings created_at completed_at retained_until deleted_at"),
        "bat",
        Opening.note,
    ),
    Subject(
        "batch-items",
        ITEMS,
        _words("batch_id index job_id error_code error_title error_detail"),
        opened=Opening.item_name,
    ),
    Subject("files", FILES, _words("id job_id purpose size media_type delete_after deleted_at created_at")),
    Subject("keys", Source(models.Key, models.Key.account_id), _words("id job_id custody created_at"), "key"),
    Subject(
        "analyses",
        Source(models.AnalysisSummary, models.AnalysisSummary.account_id),
        _words("job_id version letter entropy correlation chi_square_p npcr uaci duration_ms created_at"),
    ),
    Subject(
        "security-events",
        Source(models.SecurityEvent, models.SecurityEvent.account_id),
        _words("id user_id rule severity count facts first_at last_at acknowledged_at created_at"),
        "sec",
    ),
    Subject(
        "webhook-endpoints",
        Source(models.WebhookEndpoint, models.WebhookEndpoint.account_id),
        _words("id events description enabled disabled_reason failing_since created_at"),
        "whk",
        Opening.webhook_url,
    ),
    Subject(
        "webhook-events",
        Source(models.WebhookEvent, models.WebhookEvent.account_id),
        _words("id type subject_id seq data created_at"),
        "evt",
    ),
    Subject(
        "webhook-deliveries",
        Source(models.WebhookDelivery, models.WebhookDelivery.account_id),
        _words("id event_id endpoint_id status attempts due_at created_at"),
        "whd",
    ),
    Subject("webhook-attempts", ATTEMPTS, _words("delivery_id number started_at outcome status_code duration_ms")),
    Subject(
        "usage",
        Source(models.UsageEntry, models.UsageEntry.account_id),
        _words("job_id run entry kind quantity calls period created_at"),
    ),
)
"""Files of every export."""

OF_USER: Final = (
    Subject(
        "user/profile",
        Source(models.User, models.User.id),
        _words("id email email_verified_at password_changed_at operator suspended_at created_at"),
        "usr",
    ),
    Subject(
        "user/login-sessions",
        Source(models.LoginSession, models.LoginSession.user_id),
        _words("id browser user_agent address methods auth_time created_at last_seen_at"),
        "ses",
    ),
    Subject(
        "user/identities",
        Source(models.UserIdentity, models.UserIdentity.user_id),
        _words("id issuer subject email_at_link created_at last_used_at"),
        "idn",
    ),
    Subject(
        "user/authenticator-apps",
        Source(models.OneTimePassword, models.OneTimePassword.user_id),
        _words("confirmed_at created_at"),
    ),
    Subject(
        "user/passkeys",
        Source(models.Passkey, models.Passkey.user_id),
        _words("id name transports backed_up last_used_at created_at"),
        "pky",
    ),
    Subject(
        "user/recovery-codes",
        Source(models.RecoveryCode, models.RecoveryCode.user_id),
        _words("used_at created_at"),
    ),
    Subject("user/devices", Source(models.KnownDevice, models.KnownDevice.user_id), _words("last_seen_at")),
    Subject(
        "user/memberships",
        Source(models.Membership, models.Membership.user_id),
        _words("account_id role created_at"),
    ),
    Subject(
        "user/mail-choices",
        Source(models.MailChoice, models.MailChoice.user_id),
        _words("category wanted changed_at"),
    ),
    Subject(
        "user/mails",
        Source(models.Mail, models.Mail.user_id),
        _words("kind status created_at ended_at"),
    ),
)
"""Files about the user, in the export of the personal account only."""
