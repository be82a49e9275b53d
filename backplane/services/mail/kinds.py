"""The kinds of mail. A kind is data: its text is the file of its name in `templates`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

Category = Literal["security", "batches", "limits", "keys"]
Form = Literal["text", "name", "link"]
"""What a value is. A user has chosen a `name`, which may try to look like something else; a `link` is our own."""

SECURITY: Final = "security"
"""Mails of this category cannot be unsubscribed."""

CATEGORIES: Final[dict[Category, bool]] = {"batches": False, "limits": True, "keys": True}
"""The categories that a user may choose, each with its default: programs end many batches a day."""

HOUR, DAY, DAYS = timedelta(hours=1), timedelta(days=1), timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Kind:
    category: Category
    fields: dict[str, Form]
    worth: timedelta = DAY
    """How long it is worth sending, while the mail server does not answer."""
    awaited: bool = False
    """Whether somebody waits for it in front of a page: these go first."""


KINDS: Final[dict[str, Kind]] = {
    "verify-address": Kind(SECURITY, {"link": "link"}, awaited=True),
    "address-taken": Kind(SECURITY, {"log_in": "link", "reset": "link"}, HOUR, awaited=True),
    "password-reset": Kind(SECURITY, {"link": "link"}, HOUR, awaited=True),
    "password-changed": Kind(SECURITY, {"time": "text", "address": "text", "reset": "link"}),
    "address-change": Kind(SECURITY, {"link": "link"}, awaited=True),
    "address-changed": Kind(SECURITY, {"time": "text", "old": "text", "new": "text"}),
    "new-device": Kind(SECURITY, {"time": "text", "device": "name", "address": "text", "sessions": "link"}),
    "account-locked": Kind(SECURITY, {"time": "text", "address": "text", "reset": "link"}),
    "factor-added": Kind(SECURITY, {"time": "text", "factor": "text", "name": "name", "security": "link"}),
    "factor-removed": Kind(SECURITY, {"time": "text", "factor": "text", "name": "name", "security": "link"}),
    "factor-reset": Kind(SECURITY, {"time": "text", "by": "text", "security": "link"}),
    "factor-reset-requested": Kind(SECURITY, {"time": "text", "link": "link"}, awaited=True),
    "identity-linked": Kind(SECURITY, {"time": "text", "provider": "text", "security": "link"}),
    "identity-unlinked": Kind(SECURITY, {"time": "text", "provider": "text", "security": "link"}),
    "invitation": Kind(SECURITY, {"inviter": "text", "account": "name", "role": "text", "link": "link"}, awaited=True),
    "api-key-made": Kind(SECURITY, {"time": "text", "name": "name", "account": "name", "keys": "link"}),
    "security-event": Kind(SECURITY, {"time": "text", "what": "text", "advice": "text", "audit": "link"}),
    "data-export-ready": Kind(SECURITY, {"until": "text", "link": "link"}),
    "erasure-scheduled": Kind(SECURITY, {"account": "name", "on": "text", "link": "link"}),
    "erasure-done": Kind(SECURITY, {"time": "text", "backups_by": "text"}, DAYS),
    "batch-ended": Kind("batches", {"name": "name", "completed": "text", "failed": "text", "link": "link"}),
    "limit-near": Kind("limits", {"limit": "text", "used": "text", "of": "text", "reset": "text", "usage": "link"}),
    "limit-reached": Kind("limits", {"limit": "text", "of": "text", "reset": "text", "usage": "link"}),
    "key-due": Kind("keys", {"name": "name", "on": "text", "keys": "link"}, DAYS),
    "api-key-expiring": Kind("keys", {"name": "name", "account": "name", "on": "text", "keys": "link"}, DAYS),
}
