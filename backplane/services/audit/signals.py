"""Which audit entries the rules look at (`backplane.services.security`), and what of them.

The sealer writes an observation beside each of these entries, in its transaction. So the rules see every entry once, in
one order, and read neither the trail nor person data.
"""

from collections.abc import Mapping
from typing import Any, Final

from backplane.db.models import AuditEvent, SecurityObservation
from backplane.services.audit.persons import PersonKey
from backplane.services.audit.trail import FAILURE, SUCCESS
from backplane.services.requests.networks import range_of, subscriber_of
from shield_core.audit.persons import pseudonym

LOGGED_IN, LOG_IN_FAILED = "logged_in", "log_in_failed"
UNLOCK_FAILED = "unlock_failed"
FETCHED, EXPORTED = "fetched", "exported"
IDS_MISSED = "ids_missed"
KEY_USED, KEY_WOKEN = "api_key_used", "api_key_woken"
CREDENTIAL_CHANGED = "credential_changed"
FACTOR_REMOVED, FACTORS_RESET = "factor_removed", "factors_reset"
ROLE_GIVEN, OPERATOR_MADE = "role_given", "operator_made"

SIGNALS: Final[Mapping[tuple[str, str], str]] = {
    ("account.login", SUCCESS): LOGGED_IN,
    ("account.login", FAILURE): LOG_IN_FAILED,
    ("account.second_factor", FAILURE): LOG_IN_FAILED,
    ("session.confirmed", FAILURE): LOG_IN_FAILED,
    ("password.changed", FAILURE): LOG_IN_FAILED,
    ("image.decrypt", FAILURE): UNLOCK_FAILED,
    ("result.downloaded", SUCCESS): FETCHED,
    ("material.downloaded", SUCCESS): FETCHED,
    ("key.exported", SUCCESS): EXPORTED,
    ("ids.not_found", FAILURE): IDS_MISSED,
    ("api_key.used", SUCCESS): KEY_USED,
    ("api_key.woken", SUCCESS): KEY_WOKEN,
    ("api_key.created", SUCCESS): CREDENTIAL_CHANGED,
    ("api_key.rotated", SUCCESS): CREDENTIAL_CHANGED,
    ("email.change_requested", SUCCESS): CREDENTIAL_CHANGED,
    ("factor.added", SUCCESS): CREDENTIAL_CHANGED,
    ("identity.linked", SUCCESS): CREDENTIAL_CHANGED,
    ("password.changed", SUCCESS): CREDENTIAL_CHANGED,
    ("factor.removed", SUCCESS): FACTOR_REMOVED,
    ("factors.reset", SUCCESS): FACTORS_RESET,
    ("member.joined", SUCCESS): ROLE_GIVEN,
    ("member.role_changed", SUCCESS): ROLE_GIVEN,
    ("operator.made", SUCCESS): OPERATOR_MADE,
    ("user.operator_granted", SUCCESS): OPERATOR_MADE,
}
"""Signals by action and outcome."""

HARMLESS: Final = frozenset({"second-factor-required", "passkeys-unavailable", "too-many-attempts", "unavailable"})
"""Codes of failures at which nothing wrong was entered."""

WRONG_PASSWORD: Final = "decryption-failed"  # noqa: S105 - a code
FACTS: Final = ("account_id", "count", "days", "from", "last", "role", "to")
"""The details that rules read."""


def observe(event: AuditEvent, person: tuple[PersonKey, Mapping[str, str]] | None) -> SecurityObservation | None:
    """Return what the rules see of an entry, given its person data with their key; None for most entries."""
    signal = SIGNALS.get((event.action, event.outcome))
    if signal is None or not _counts(signal, event.details.get("code")):
        return None
    return SecurityObservation(
        at=event.created_at,
        signal=signal,
        account_id=event.account_id,
        user_id=event.user_id,
        api_key_id=event.api_key_id,
        object_id=event.object_id,
        request_id=event.request_id,
        facts={name: event.details[name] for name in FACTS if name in event.details},
        **(_traces(*person) if person is not None else {}),
    )


def _counts(signal: str, code: Any) -> bool:
    return code == WRONG_PASSWORD if signal == UNLOCK_FAILED else code not in HARMLESS


def _traces(key: PersonKey, fields: Mapping[str, str]) -> dict[str, bytes | None]:
    """Return pseudonyms of where an act came from."""
    address = fields.get("address")
    values = {"address": subscriber_of(address), "network": range_of(address), "device": fields.get("device")}
    return {
        name: None if value is None else pseudonym(key.secret, f"security_{name}", value)
        for name, value in values.items()
    }
