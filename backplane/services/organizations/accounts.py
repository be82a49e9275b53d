"""Accounts of a user: the personal one, and organizations, which are made and renamed."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self
from uuid import UUID

from backplane import ids
from backplane.db.models import Account
from backplane.db.repositories import accounts, memberships, users
from backplane.db.session import Database, Session
from backplane.errors import NotFound
from backplane.errors.organizations import TooManyAccounts
from backplane.services.audit import trail
from backplane.services.identity.permissions import OWNER
from backplane.services.organizations.changes import lock, user_of
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.vault import LocalVault

MAX_OWNED = 20
"""Each account has a key in the vault and a share of the queue: more accounts must not mean more of both."""


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """An account, as one of its members sees it; to an API key it has no role."""

    id: UUID
    name: str | None
    personal: bool
    role: str | None
    tier: str
    suspended_at: datetime | None
    closed_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, account: Account, role: str | None) -> Self:
        same = {name: getattr(account, name) for name in cls.__slots__ if name != "role"}
        return cls(role=role, **same)


class Organizations:
    def __init__(self, database: Database, vault: LocalVault, *, tier: str) -> None:
        self._database = database
        self._tier = tier
        self._vault = vault

    async def list(self, caller: Caller) -> Sequence[MembershipFacts]:
        """List the accounts of the user, the personal one first; closed ones too."""
        async with self._database.reading() as session:
            found = await memberships.accounts_of(session, user_of(caller))
        return [MembershipFacts.of(account, role) for account, role in found]

    async def get(self, caller: Caller) -> MembershipFacts:
        """Return the account of the request."""
        async with self._database.reading() as session:
            account = await accounts.by_id(session, caller.account_id)
        if account is None:
            raise NotFound
        return MembershipFacts.of(account, caller.role)

    async def get_made(self, caller: Caller, account_id: UUID) -> MembershipFacts:
        """Return an account of the user, made by an earlier request. Raises NotFound if it is theirs no more."""
        async with self._database.reading() as session:
            found = await memberships.account_of(session, user_of(caller), account_id)
        if found is None:
            raise NotFound
        return MembershipFacts.of(*found)

    async def create(self, submission: Submission, *, name: str) -> MembershipFacts:
        """Make an account with its own key; the user is its owner.

        Raises:
            TooManyAccounts: the user owns as many as a user may.
        """
        caller = submission.caller
        self._vault.require()
        async with self._database.transaction() as session:
            await _demand_room(session, user_of(caller))
            account_id = ids.new()
            key = await asyncio.to_thread(self._vault.create_account_key, account_id)
            account = Account(
                id=account_id,
                name=name,
                personal=False,
                tier=self._tier,
                operator=False,
                kek_id=key.id,
                kek_version=key.version,
            )
            accounts.add(session, account)
            await session.reload(account)
            await memberships.add(session, account_id=account_id, user_id=user_of(caller), role=OWNER)
            trail.record(session, replace(caller, account_id=account_id), "account.created", account_id)
            trail.record(session, caller, "account.created", account_id)
            await submission.record(session, "account", account_id)
        return MembershipFacts.of(account, OWNER)

    async def rename(self, caller: Caller, name: str) -> MembershipFacts:
        """Rename an account. Raises PersonalAccount: such an account is shown by the address of its user."""
        async with self._database.transaction() as session:
            held = await lock(session, caller, "account:write")
            await accounts.rename(session, held.account, name)
            trail.record(session, caller, "account.renamed", held.account.id)
        return MembershipFacts.of(held.account, held.role)


async def _demand_room(session: Session, user_id: UUID) -> None:
    await users.lock(session, user_id)
    if await memberships.count_of(session, user_id, role=OWNER) >= MAX_OWNED:
        raise TooManyAccounts(f"A user owns at most {MAX_OWNED} accounts beside the personal one")
