"""Person data of audit entries: addresses, emails, devices.

An act stages it under the installation's key of the month. The sealer, at most a second later, encrypts it under the
audit key of the user; of the account, if an API key acted; or leaves it under the key of the month, which is destroyed
after AUDIT_PERSON_DAYS. So erasing a user makes it unreadable, and no payload changes.
"""

import json
import re
import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Self
from uuid import UUID

from backplane import ids
from backplane.db.models import AuditEvent
from backplane.db.repositories import accounts, audit_keys
from backplane.db.repositories.audit_keys import Holder, HolderKind
from backplane.db.session import ReadSession, Session
from backplane.errors import Gone, NotFound
from backplane.services.sealing import account_keys
from backplane.vault import KEY_SIZE, LocalVault
from shield_core.audit import persons
from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.schedule import LABELS, framed

PREFIXES: Final[Mapping[HolderKind, str]] = {"user": "usr", "account": "acc"}
MONTH: Final = re.compile(r"\d{4}-\d\d", re.ASCII)
MONTH_SIZE: Final = len("2026-01")
MAX_VALUE: Final = 1024
"""Characters of a value: a user agent may have thousands, of which the first say what it is."""


class PersonStage:
    """Encrypts the person data of an entry in the transaction of its act, without a query."""

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault
        self._month, self._key = "", b""

    @classmethod
    def info(cls, vault: LocalVault) -> Mapping[type, Self]:
        """Return the `info` of sessions in which entries with person data are written."""
        return {cls: cls(vault)}

    @classmethod
    def of(cls, session: Session) -> Self:
        found: Self = session.info[cls]
        return found

    def stage(self, event_id: UUID, fields: Mapping[str, str]) -> bytes:
        month = datetime.now(UTC).strftime("%Y-%m")
        if month != self._month:
            self._month, self._key = month, self._vault.person_key(month, create=True)
        short = {name: value[:MAX_VALUE] for name, value in fields.items()}
        return month.encode() + persons.seal(self._key, event_id, short)


@dataclass(frozen=True, slots=True)
class PersonKey:
    """An audit key: its name in payloads, and its 32 bytes."""

    name: str
    secret: bytes = field(repr=False)

    def close(self, event_id: UUID, fields: Mapping[str, str]) -> dict[str, Any]:
        """Return the part `person` of a payload."""
        pseudonyms = {
            f"{name}_b64": b64encode(persons.pseudonym(self.secret, name, value)) for name, value in fields.items()
        }
        sealed = b64encode(persons.seal(self.secret, event_id, fields))
        return {"key": self.name, "pseudonyms": pseudonyms, "sealed_b64": sealed}


class AuditKeys:
    """The keys of person data: of users and accounts in the database, of the installation in the vault."""

    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault

    def destroy_expired(self, days: int) -> None:
        """Destroy the installation's keys of months that ended more than so many days ago."""
        self._vault.destroy_expired_person_keys(days=days)

    async def open_staged(
        self, session: Session, events: Sequence[AuditEvent]
    ) -> dict[UUID, tuple[PersonKey, dict[str, str]]]:
        """Return the person data of unsealed entries, each with its final key.

        An entry is left out if it has no person data, if the key of its month is destroyed, or if its user was erased
        before it got its place.
        """
        months = self._months_of(events)
        staged = {event.id: fields for event in events if (fields := _unstage(event, months)) is not None}
        wanted = {event.id: holder_of(event) for event in events if event.id in staged}
        keys = await self._obtain(session, {holder for holder in wanted.values() if holder is not None})
        found = {}
        for event in events:
            if event.id in staged:
                holder = wanted[event.id]
                month = _month_of(event)
                key = keys.get(holder) if holder is not None else PersonKey(month, months[month])
                if key is not None:
                    found[event.id] = (key, staged[event.id])
        return found

    def _months_of(self, events: Sequence[AuditEvent]) -> dict[str, bytes]:
        """Return the keys of the months in which entries were staged; destroyed ones are left out."""
        months = {_month_of(event) for event in events if event.person is not None}
        return {month: key for month in months if (key := self._of_month_or_none(month)) is not None}

    async def _obtain(self, session: Session, holders: Collection[Holder]) -> dict[Holder, PersonKey]:
        """Return the keys of these holders; a missing one is made, if its holder still exists."""
        found = await audit_keys.sealed(session, holders)
        for holder, sealed in found.items():
            found[holder] = sealed or await self._make(session, holder)
        return self._open_all(found)

    async def _make(self, session: Session, holder: Holder) -> bytes | None:
        """Make the key of a user, under the key of the personal account, which has the same id; or of an account."""
        _, holder_id = holder
        account = await accounts.by_id(session, holder_id)
        if account is None:
            return None
        try:
            sealing = self._vault.account_key(account.id, account.kek_id, account.kek_version)
        except Gone:
            return None
        sealed = account_keys.seal(sealing, secrets.token_bytes(KEY_SIZE), _context(holder))
        await audit_keys.store(session, holder, sealed)
        return sealed

    def _open_all(self, sealed: Mapping[Holder, bytes | None]) -> dict[Holder, PersonKey]:
        """Open keys; those of accounts whose key is destroyed are left out."""
        opened = {}
        for holder, key in sealed.items():
            with suppress(Gone):
                if key is not None:
                    secret = account_keys.Opener(self._vault, holder[1]).open(key, _context(holder))
                    opened[holder] = PersonKey(name_of(holder), secret)
        return opened

    async def read(self, session: ReadSession, events: Sequence[AuditEvent]) -> dict[UUID, dict[str, str]]:
        """Return the readable person data of entries; those whose key is destroyed are left out."""
        parts = {event.id: _closed_part(event) for event in events}
        holders = {holder for part in parts.values() if part and (holder := _holder_named(part["key"]))}
        keys = {key.name: key.secret for key in self._open_all(await audit_keys.sealed(session, holders)).values()}
        months = {part["key"] for part in parts.values() if part} - keys.keys()
        keys |= {month: key for month in months if (key := self._of_month_or_none(month)) is not None}
        staged = self._months_of(events)
        read = {}
        for event in events:
            part = parts[event.id]
            fields = _unseal(event, part, keys) if part else _unstage(event, staged)
            if fields is not None:
                read[event.id] = fields
        return read

    def _of_month_or_none(self, month: str) -> bytes | None:
        try:
            return self._vault.person_key(month) if MONTH.fullmatch(month) else None
        except Gone:
            return None


def holder_of(event: AuditEvent) -> Holder | None:
    """Return whose key protects the person data of an entry; None for the installation's."""
    if event.user_id is not None:
        return "user", event.user_id
    if event.api_key_id is not None and event.account_id is not None:
        return "account", event.account_id
    return None


def _unstage(event: AuditEvent, months: Mapping[str, bytes]) -> dict[str, str] | None:
    if event.person is None:
        return None
    key = months.get(_month_of(event))
    return None if key is None else persons.unseal(key, event.id, event.person[MONTH_SIZE:])


def _month_of(event: AuditEvent) -> str:
    assert event.person is not None
    return event.person[:MONTH_SIZE].decode()


def name_of(holder: Holder) -> str:
    """Name the key of a holder in payloads."""
    kind, holder_id = holder
    return ids.to_wire(PREFIXES[kind], holder_id)


def _holder_named(name: str) -> Holder | None:
    for kind, prefix in PREFIXES.items():
        with suppress(NotFound):
            return kind, ids.from_wire(prefix, name)
    return None


def _closed_part(event: AuditEvent) -> dict[str, Any] | None:
    part: dict[str, Any] | None = json.loads(event.payload)["person"] if event.payload is not None else None
    return part


def _unseal(event: AuditEvent, part: Mapping[str, Any], keys: Mapping[str, bytes]) -> dict[str, str] | None:
    secret = keys.get(part["key"])
    return None if secret is None else persons.unseal(secret, event.id, b64decode(part["sealed_b64"]))


def _context(holder: Holder) -> bytes:
    kind, holder_id = holder
    return LABELS.audit_key + framed(kind.encode()) + framed(holder_id.bytes)
