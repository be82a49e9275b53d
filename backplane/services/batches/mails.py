"""The mail about the end of a batch, to the user who submitted it. It names the batch by its id only."""

from backplane import ids
from backplane.db.models import Batch
from backplane.db.repositories import batches, memberships, users
from backplane.db.session import Session
from backplane.services.mail.outgoing import Mails, Recipient

PAGE = "/batches"


class BatchMails:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def batch_ended(self, session: Session, batch: Batch) -> None:
        """Write the mail of this end, for a user who still is a member and wants it; a batch of an API key has none."""
        if batch.submitted_by is None or not self._mails.enabled:
            return
        user = await users.by_id(session, batch.submitted_by)
        role = await memberships.role(session, batch.submitted_by, batch.account_id)
        if user is None or user.suspended_at is not None or role is None:
            return
        counts = {status: count for _, status, count in await batches.counts(session, [batch.id])}
        name, completed = ids.to_wire("bat", batch.id), counts.get("completed", 0)
        await self._mails.send(
            session,
            Recipient(user.email, user.id),
            "batch-ended",
            once=f"{batch.id.hex}:{batch.endings}",
            name=name,
            completed=str(completed),
            failed=str(sum(counts.values()) - completed),
            link=self._mails.page(f"{PAGE}/{name}"),
        )
