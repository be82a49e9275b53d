"""Tickets for WebSocket handshakes, because browsers send no Authorization header with them.

A ticket is valid for one handshake, from one origin, for one object, within half a minute; Redis holds only its digest.
"""

import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backplane.bus import RedisBus
from backplane.errors import InsufficientScope
from backplane.services.identity.principal import Principal

PREFIX = "imageshield:ticket:"
TICKET_BYTES = 32
TICKET_SECONDS = 30

IDS = {"account_id", "user_id", "session_id", "api_key_id", "made_by"}
SETS = {"scopes", "methods"}


@dataclass(frozen=True, slots=True)
class Ticket:
    """A new ticket; `text` is the secret, and is returned only once."""

    text: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Ticket(expires_at={self.expires_at!r})"


@dataclass(frozen=True, slots=True)
class Spent:
    """The credential that a ticket was issued for, and the account of the request."""

    holder: Principal
    account_id: UUID


class Tickets:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def issue(self, holder: Principal, account_id: UUID, *, subject: str, origin: str) -> Ticket:
        """Make a ticket for one object; the caller has checked that `holder` owns it.

        Raises:
            Unavailable: Redis does not answer.
        """
        ticket = Ticket(
            secrets.token_urlsafe(TICKET_BYTES),
            datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=TICKET_SECONDS),
        )
        kept = {
            "account": account_id.hex,
            "holder": _written(holder),
            "subject": subject,
            "origin": origin,
        }
        await self._bus.keep(_name(ticket.text), json.dumps(kept).encode(), seconds=TICKET_SECONDS)
        return ticket

    async def spend(self, text: str, *, subject: str, origins: Collection[str]) -> Spent:
        """Use up a ticket for its one handshake, and return its holder.

        Raises:
            InsufficientScope: it was used, is too old, or was issued for another object or another origin.
            Unavailable: Redis does not answer.
        """
        kept = await self._bus.take(_name(text))
        found = json.loads(kept) if kept is not None else {}
        if (
            not found
            or found.get("holder") is None
            or found["subject"] != subject
            or list(origins) != [found["origin"]]
        ):
            raise InsufficientScope("The ticket is not good for this: ask for a new one for each connection")
        return Spent(_read(found["holder"]), UUID(found["account"]))


def _written(holder: Principal) -> dict[str, Any]:
    # Without what is null: a gateway of the release before does not know the newest field, which few holders have.
    given = {name: value for name, value in asdict(holder).items() if value is not None}
    return given | {name: given[name].hex for name in IDS & given.keys()} | {name: sorted(given[name]) for name in SETS}


def _read(written: dict[str, Any]) -> Principal:
    given = {name: value for name, value in written.items() if value is not None}
    return Principal(
        **given
        | {name: UUID(given[name]) for name in IDS & given.keys()}
        | {name: frozenset(given[name]) for name in SETS}
    )


def _name(text: str) -> str:
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()
