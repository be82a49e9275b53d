"""The first step of an erasure: the keys. After it nothing that is left can be decrypted, in no backup either."""

import asyncio
from uuid import UUID

from backplane import failpoints
from backplane.bus import RedisBus
from backplane.db.repositories import erased, users
from backplane.db.session import Database
from backplane.services.identity.lockout import Lockout
from backplane.vault import LocalVault


class KeyDestruction:
    def __init__(self, database: Database, vault: LocalVault, bus: RedisBus) -> None:
        self._database = database
        self._vault = vault
        self._bus = bus

    async def destroy(self, account_id: UUID) -> None:
        """Destroy the account's keys in the vault; the audit keys are sealed under them, and go from their rows."""
        await asyncio.to_thread(self._vault.erase_account, account_id)
        failpoints.reach("erasure.keys_destroyed")
        async with self._database.transaction() as session:
            await erased.forget_audit_keys(session, account_id)
            user = await users.by_id(session, account_id)
        await self._forget_in_redis(account_id, user.email if user is not None else None)
        failpoints.reach("erasure.redis_forgotten")

    async def _forget_in_redis(self, account_id: UUID, email: str | None) -> None:
        """Forget counts of requests and attempts. Tickets and challenges name nobody, and expire within minutes."""
        await self._bus.forget_all(account_id.hex)
        if email is not None:
            await Lockout(self._bus).forget(email)
