"""Accounts that a restored backup has brought back although they were erased: they are erased again."""

import asyncio
from datetime import timedelta

from backplane.db.repositories import erased, erasures
from backplane.db.session import Session
from backplane.vault import LocalVault


async def erase_again(session: Session, vault: LocalVault) -> int:
    """Schedule it for now, for every account that the vault notes as erased; return how many there are."""
    known = await asyncio.to_thread(vault.erased_accounts)
    found = await erased.begin_again(session, known)
    for account in found:
        if await erasures.of_account(session, account.id) is None:
            await erasures.add(session, account.id, personal=account.personal, grace=timedelta(0), kept=None)
    return len(found)
