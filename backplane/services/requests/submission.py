"""Submissions: requests that create an object, with caller, idempotency reservation and the object's options."""

from dataclasses import dataclass, field, replace
from typing import Self
from uuid import UUID

from backplane.db.session import Session
from backplane.services.requests.caller import Caller
from backplane.services.requests.notes import NO_NOTE, Note
from backplane.services.requests.reservations import Reservation


@dataclass(frozen=True, slots=True)
class Submission:
    """One request that creates a job, several jobs, or a webhook endpoint."""

    caller: Caller
    once: Reservation | None = None
    """The idempotency key that the request holds."""
    webhook_url: str | None = field(default=None, repr=False)
    """Where to send a message about the end of the created job or batch."""
    note: Note = NO_NOTE
    """The owner's note on the created job or batch."""

    @property
    def account_id(self) -> UUID:
        return self.caller.account_id

    def with_options(self, webhook_url: str | None, note: Note = NO_NOTE) -> Self:
        return replace(self, webhook_url=webhook_url, note=note)

    async def record(self, session: Session, kind: str, object_id: UUID, *, answer: bytes | None = None) -> None:
        """Record the created object under the request's idempotency key, in the creating transaction.

        `answer` is for a secret that is shown once: it is kept sealed, for a client that repeats its request.

        Raises:
            IdempotencyInProgress: another attempt at the same request holds the key by now; nothing may be created.
        """
        if self.once is not None:
            await self.once.fulfill(session, kind, object_id, answer=answer)
