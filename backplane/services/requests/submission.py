"""Who asks for a job, and what comes with such a request whatever it asks for."""

from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

from backplane.db.session import Session
from backplane.services.jobs.notes import NO_NOTE, Note
from backplane.services.requests.reservations import Reservation


@dataclass(frozen=True, slots=True)
class Order:
    """One request that makes a job, or several."""

    account_id: UUID
    request_id: str | None = None
    reservation: Reservation | None = None
    """The idempotency key that the request came under."""
    webhook_url: str | None = field(default=None, repr=False)
    """Where the end of what it makes is to be told."""
    note: Note = NO_NOTE
    """What its owner calls what it makes."""

    def telling(self, webhook_url: str | None, note: Note = NO_NOTE) -> Self:
        return replace(self, webhook_url=webhook_url, note=note)

    async def made(self, session: Session, kind: str, object_id: UUID, *, answer: bytes | None = None) -> None:
        """Write what the request made under its idempotency key, in the transaction that makes it.

        `answer` is for what cannot be told again, a secret that is shown once: it is kept sealed.

        Raises:
            IdempotencyInProgress: another attempt at the same request holds the key by now; nothing may be made.
        """
        if self.reservation is not None:
            await self.reservation.fulfil(session, kind, object_id, answer=answer)
