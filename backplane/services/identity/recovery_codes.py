"""Recovery codes: ten, each good once, for a user who has lost a second factor."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from backplane import ids
from backplane.db.repositories import recovery_codes
from backplane.db.session import Session
from backplane.services.sealing import account_keys
from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed

NUMBER = 10
LOW = 3
"""With so few left, a user is asked to make new ones."""

SIZE = 10
"""Bytes: 80 bits, which nobody guesses, so a fast digest is enough."""

GROUP = 4
LENGTH = SIZE * 8 // 5
MISREAD = str.maketrans("018", "OIB")
"""Digits that Base32 lacks, because they look like these letters."""


async def replace(session: Session, vault: LocalVault, user_id: UUID) -> list[str]:
    """Make new codes instead of all earlier ones, in the transaction of a change; they are shown once."""
    key = await account_keys.account_key(session, vault, user_id)
    codes = {ids.new(): _new() for _ in range(NUMBER)}
    sealed = [
        (code_id, account_keys.seal(key, _digest(code), _context(user_id, code_id))) for code_id, code in codes.items()
    ]
    await recovery_codes.replace(session, user_id, sealed)
    return [_shown(code) for code in codes.values()]


async def use(session: Session, vault: LocalVault, user_id: UUID, text: str) -> bool:
    """Use up a code; False if it is none of the user's, or was used."""
    given = _digest(read(text))
    opener = account_keys.Opener(vault, user_id)
    matching = [
        code.id
        for code in await recovery_codes.unused(session, user_id)
        if hmac.compare_digest(opener.open(code.sealed, _context(user_id, code.id)), given)
    ]
    return bool(matching) and await recovery_codes.use(session, matching[0])


def read(text: str) -> str:
    """Read a code as people write it: in small letters, with or without spaces and hyphens."""
    return text.upper().replace("-", "").replace(" ", "").translate(MISREAD)


def _new() -> str:
    return base64.b32encode(secrets.token_bytes(SIZE)).decode()


def _shown(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode()).digest()


def _context(user_id: UUID, code_id: UUID) -> bytes:
    return LABELS.second_factor + framed(user_id.bytes) + framed(b"recovery-code") + framed(code_id.bytes)
