"""Mails to the owners of an account that has used 80 %, or all, of a limit: each once in a month of the account."""

from collections import OrderedDict
from datetime import date
from uuid import UUID

from backplane.db.repositories import memberships
from backplane.db.repositories.usage import Standing
from backplane.db.session import Session
from backplane.errors.limits import LimitUse
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.services.mail.values import moment

NEAR_PERCENT = 80
NAMES = {"encryptions_per_month": "Encryptions a month", "stored_bytes": "Stored bytes"}
PAGE = "/usage"
NEVER = "when jobs are deleted"

KEPT_AT_MOST = 10_000
"""A client that is refused does not cause a transaction each time."""


class LimitNotices:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails
        self._told: OrderedDict[tuple[UUID, str, date], None] = OrderedDict()

    async def used(self, session: Session, account_id: UUID, standing: Standing, *, before: int, now: LimitUse) -> None:
        """Follow a use, in its transaction: write the mail of the mark that it has passed."""
        if before < now.limit <= now.used:
            await self._tell(session, account_id, standing, "limit-reached", now)
        elif before * 100 < now.limit * NEAR_PERCENT <= now.used * 100:
            await self._tell(session, account_id, standing, "limit-near", now)

    def is_known(self, account_id: UUID, standing: Standing, name: str) -> bool:
        """Return whether this process has told the owners that the limit is reached, and note that it does."""
        key = (account_id, name, standing.starts)
        known = key in self._told
        self._told[key] = None
        while len(self._told) > KEPT_AT_MOST:
            self._told.popitem(last=False)
        return known

    async def refused(self, session: Session, account_id: UUID, standing: Standing, limit: LimitUse) -> None:
        """Follow a refusal: what a request needs may be more than is left, before all of it is used."""
        await self._tell(session, account_id, standing, "limit-reached", limit)

    async def _tell(self, session: Session, account_id: UUID, standing: Standing, kind: str, limit: LimitUse) -> None:
        values = {
            "limit": NAMES[limit.name],
            "of": f"{limit.limit:,}",
            "reset": moment(limit.reset) if limit.reset is not None else NEVER,
            "usage": self._mails.page(PAGE),
        }
        if kind == "limit-near":
            values["used"] = f"{limit.used:,}"
        once = f"{account_id.hex}:{limit.name}:{standing.starts}"
        for user in await memberships.owners(session, account_id):
            await self._mails.send(session, Recipient(user.email, user.id), kind, once=once, dropped=False, **values)
