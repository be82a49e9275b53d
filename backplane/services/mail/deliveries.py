"""Mails for the relay: claim what is due, and record what became of it.

An attempt is counted before it starts. If its sender dies, another one repeats it with the same Message-ID: SMTP has no
way to ask whether a server has accepted a mail, so a mail whose sender died between the server's answer and its record
is sent twice.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from secrets import SystemRandom
from uuid import UUID

from backplane.db.models import Mail
from backplane.db.repositories import mails
from backplane.db.session import Database
from backplane.errors import ApplicationError
from backplane.mail.messages import Letter
from backplane.mail.outcomes import Outcome
from backplane.metrics import DEAD_MAILS, MAIL_ATTEMPTS, MAIL_OLDEST_DUE, SWEPT
from backplane.services.mail.contents import unseal
from backplane.vault import LocalVault

FIRST_WAIT, LONGEST_WAIT = 30.0, 3600.0
"""Seconds between two attempts: doubled each time, up to an hour, until the mail is no longer worth sending."""

JITTER = 0.2
MAX_ATTEMPTS = 60
"""More than back-off allows in a day: each attempt above it crashed its sender."""

KEPT_DAYS = 60
"""Longer than any period of a limit, about which a user gets one mail."""

DEAD_DAYS = 7
"""How long a mail that was given up counts in the metric."""

RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """One attempt at one mail."""

    row: Mail
    letter: Letter

    @property
    def user_id(self) -> UUID | None:
        return self.row.user_id


@dataclass(frozen=True, slots=True)
class DeadMail:
    """A mail that was given up. Its recipient is forgotten; the user says whose it was."""

    id: UUID
    user_id: UUID | None
    kind: str
    attempts: int
    outcome: str
    status_code: int | None
    created_at: datetime
    ended_at: datetime


class MailDeliveries:
    def __init__(self, database: Database, vault: LocalVault, *, sender: str) -> None:
        self._database = database
        self._vault = vault
        self._sender = sender

    async def claim(self, *, busy_users: Collection[UUID]) -> ClaimedMail | None:
        """Claim the next due mail, of no busy user; None if nothing is due."""
        while True:
            async with self._database.transaction() as session:
                row = await mails.claim(session, busy_users=busy_users)
            if row is None:
                return None
            if row.attempts > MAX_ATTEMPTS:
                await self._end(row, "dead", "interrupted", None)
                continue
            try:
                return ClaimedMail(row, self._read(row))
            except ApplicationError as error:
                # The transit key is destroyed, or the vault is not mounted.
                await self._postpone(row, error.code, None)

    async def finish(self, claimed: ClaimedMail, outcome: Outcome) -> None:
        """Record the outcome of an attempt, and the time of the next one."""
        MAIL_ATTEMPTS.labels(outcome=outcome.code).inc()
        if outcome.final:
            await self._end(claimed.row, "sent" if outcome.sent else "dead", outcome.code, outcome.status)
        else:
            await self._postpone(claimed.row, outcome.code, outcome.status)

    async def measure(self) -> None:
        """Measure how far behind the senders are, and how many mails were given up."""
        async with self._database.reading() as session:
            MAIL_OLDEST_DUE.set(await mails.oldest_due_seconds(session))
            DEAD_MAILS.set(await mails.count_dead(session, days=DEAD_DAYS))

    async def forget(self) -> None:
        """Delete old mails, some at a time."""
        found = 1
        while found:
            async with self._database.transaction() as session:
                found = await mails.delete_old(session, days=KEPT_DAYS)
            SWEPT.labels(what="mail").inc(found)

    async def _end(self, row: Mail, status: str, outcome: str, status_code: int | None) -> None:
        async with self._database.transaction() as session:
            await mails.end(session, row, status=status, outcome=outcome, status_code=status_code)

    async def _postpone(self, row: Mail, outcome: str, status_code: int | None) -> None:
        """Try again later, or give up the mail if it is no longer worth sending by then."""
        wait = min(FIRST_WAIT * 2 ** (row.attempts - 1), LONGEST_WAIT) * RANDOM.uniform(1 - JITTER, 1 + JITTER)
        async with self._database.transaction() as session:
            held = await mails.postpone(session, row, after_seconds=wait, outcome=outcome, status_code=status_code)
            if not held:
                await mails.end(session, row, status="dead", outcome=outcome, status_code=status_code)

    def _read(self, row: Mail) -> Letter:
        assert row.sealed is not None
        content = unseal(self._vault, row.id, row.sealed)
        return Letter(
            id=row.id,
            message_id=row.message_id,
            sender=self._sender,
            recipient=content.recipient,
            subject=content.subject,
            text=content.text,
            html=content.html,
            written_at=row.created_at,
            unsubscribe_url=content.unsubscribe_url,
        )


async def dead_mails(database: Database, *, limit: int) -> list[DeadMail]:
    """List the mails that were given up, newest first."""
    async with database.reading() as session:
        found = await mails.dead(session, limit=limit)
    return [_facts(mail) for mail in found]


def _facts(mail: Mail) -> DeadMail:
    assert mail.ended_at is not None
    return DeadMail(
        mail.id,
        mail.user_id,
        mail.kind,
        mail.attempts,
        mail.outcome or "",
        mail.status_code,
        mail.created_at,
        mail.ended_at,
    )
