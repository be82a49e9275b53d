"""The directory: the standing of users and API keys in accounts, kept in memory until it changes."""

import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from backplane.db.repositories import memberships
from backplane.db.repositories.memberships import Standing
from backplane.db.session import Database
from backplane.services.identity.revocations import Revocations

__all__ = ["Directory", "Standing"]

KEPT_AT_MOST = 10_000
KEPT_SECONDS = 60.0
"""A revocation clears an entry at once. This is for rows that an operator changes by hand."""

Key = tuple[UUID | None, UUID]


class Directory:
    def __init__(self, database: Database, revocations: Revocations) -> None:
        self._database = database
        self._revocations = revocations
        self._known: OrderedDict[Key, tuple[float, Standing]] = OrderedDict()
        self._changes = 0

    async def find(self, user_id: UUID | None, account_id: UUID) -> Standing | None:
        """Return what a user is in an account, or without a user, what the account is; None for no such member."""
        key = (user_id, account_id)
        known = self._known.get(key)
        if known is not None and time.monotonic() - known[0] < KEPT_SECONDS:
            self._known.move_to_end(key)
            return known[1]
        changes = self._changes
        async with self._database.reading() as session:
            if user_id is None:
                found = await memberships.standing_of_account(session, account_id)
            else:
                found = await memberships.standing(session, user_id, account_id)
        # What was read before a revocation may be what has changed.
        if found is not None and changes == self._changes:
            self._keep(key, found)
        return found

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Forget what is revoked, while the block runs."""
        with self._revocations.on_revoked(self.forget):
            yield

    def forget(self, holder_id: UUID) -> None:
        """Forget all that is known of a user or an account."""
        self._changes += 1
        for key in [key for key in self._known if holder_id in key]:
            del self._known[key]

    def _keep(self, key: Key, standing: Standing) -> None:
        self._known[key] = (time.monotonic(), standing)
        self._known.move_to_end(key)
        while len(self._known) > KEPT_AT_MOST:
            self._known.popitem(last=False)
