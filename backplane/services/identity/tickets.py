"""Tickets for WebSocket handshakes, because browsers send no Authorization header with them.

A ticket is valid for one handshake, from one origin, for one object, within half a minute; Redis holds only its digest.
"""

import hashlib
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from backplane.bus import RedisBus
from backplane.errors import InsufficientScope
from backplane.services.identity.tokens import Principal

PREFIX = "imageshield:ticket:"
TICKET_BYTES = 32
TICKET_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Ticket:
    """A new ticket; `text` is the secret, and is returned only once."""

    text: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"Ticket(expires_at={self.expires_at!r})"


class Tickets:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def issue(self, holder: Principal, *, subject: str, origin: str) -> Ticket:
        """Make a ticket for one object; the caller has checked that `holder` owns it.

        Raises:
            Unavailable: Redis does not answer.
        """
        ticket = Ticket(
            secrets.token_urlsafe(TICKET_BYTES),
            datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=TICKET_SECONDS),
        )
        kept = {
            "account": holder.account_id.hex,
            "session": holder.session_id.hex,
            "scopes": sorted(holder.scopes),
            "expires_at": holder.expires_at,
            "subject": subject,
            "origin": origin,
        }
        await self._bus.keep(_name(ticket.text), json.dumps(kept).encode(), seconds=TICKET_SECONDS)
        return ticket

    async def spend(self, text: str, *, subject: str, origins: Collection[str]) -> Principal:
        """Use up a ticket for its one handshake, and return its holder.

        Raises:
            InsufficientScope: it was used, is too old, or was issued for another object or another origin.
            Unavailable: Redis does not answer.
        """
        kept = await self._bus.take(_name(text))
        found = json.loads(kept) if kept is not None else {}
        if not found or found["subject"] != subject or list(origins) != [found["origin"]]:
            raise InsufficientScope("The ticket is not good for this: ask for a new one for each connection")
        return Principal(
            account_id=UUID(found["account"]),
            session_id=UUID(found["session"]),
            scopes=frozenset(found["scopes"]),
            expires_at=found["expires_at"],
        )


def _name(text: str) -> str:
    return PREFIX + hashlib.sha256(text.encode()).hexdigest()
