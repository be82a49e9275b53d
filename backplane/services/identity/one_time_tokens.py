"""One-time tokens: links in mails, and the code of the first operator.

A token has 32 random bytes. The database keeps its SHA-256, and what it will do, sealed under the day's transit key.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from backplane import ids
from backplane.db.repositories import one_time_tokens
from backplane.db.session import Session
from backplane.errors.users import LinkExpired, LinkUnknown, LinkUsed
from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed

VERIFY_ADDRESS: Final = "verify-address"
CHANGE_ADDRESS: Final = "change-address"
RESET_PASSWORD: Final = "reset-password"  # noqa: S105 - a purpose
RESET_FACTORS: Final = "reset-factors"
OPERATOR: Final = "operator"
LIFETIMES: Final = {
    VERIFY_ADDRESS: timedelta(hours=24),
    CHANGE_ADDRESS: timedelta(hours=24),
    RESET_PASSWORD: timedelta(hours=1),
    RESET_FACTORS: timedelta(hours=24),
    OPERATOR: timedelta(hours=24),
}
"""By purpose. None is longer than the two days after which the transit key of its content is destroyed."""


@dataclass(frozen=True, slots=True)
class SpentToken:
    user_id: UUID | None
    content: dict[str, str] = field(repr=False)


class OneTimeTokens:
    def __init__(self, vault: LocalVault) -> None:
        self._vault = vault

    async def issue(
        self, session: Session, purpose: str, user_id: UUID | None, content: dict[str, str] | None = None
    ) -> str:
        """Make a token, and return it: this is the only time that it is known."""
        token, token_id = secrets.token_urlsafe(32), ids.new()
        await one_time_tokens.add(
            session,
            lifetime=LIFETIMES[purpose],
            id=token_id,
            purpose=purpose,
            token_sha256=digest_of(token),
            user_id=user_id,
            sealed=self._seal(token_id, content) if content is not None else None,
        )
        return token

    async def spend(self, session: Session, purpose: str, token: str) -> SpentToken:
        """Use a token in the transaction of what it does: if that is rolled back, the token can be used again.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: it cannot be used.
        """
        digest = digest_of(token)
        found = await one_time_tokens.spend(session, purpose=purpose, token_sha256=digest)
        if found is not None:
            return SpentToken(found.user_id, {} if found.sealed is None else self._open(found.id, found.sealed))
        known = await one_time_tokens.find(session, purpose=purpose, token_sha256=digest)
        if known is None:
            raise LinkUnknown
        raise LinkUsed if known.used_at is not None else LinkExpired

    async def owner(self, session: Session, purpose: str, token: str) -> UUID | None:
        """Return the user of a token, whatever its state.

        Who changes a user locks the user first and revokes tokens then. Spend in that order, where the same user is
        changed at the same time.
        """
        known = await one_time_tokens.find(session, purpose=purpose, token_sha256=digest_of(token))
        return known.user_id if known is not None else None

    async def revoke(self, session: Session, purpose: str, user_id: UUID | None) -> None:
        """Make all tokens of a user for a purpose useless."""
        await one_time_tokens.spend_all(session, purpose=purpose, user_id=user_id)

    def _seal(self, token_id: UUID, content: dict[str, str]) -> bytes:
        key = self._vault.transit_key_of_today()
        return key.id.bytes + key.seal(json.dumps(content).encode(), _context(token_id))

    def _open(self, token_id: UUID, sealed: bytes) -> dict[str, str]:
        opened = self._vault.transit_key(UUID(bytes=sealed[:16])).open(sealed[16:], _context(token_id))
        content: dict[str, str] = json.loads(opened)
        return content


def digest_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _context(token_id: UUID) -> bytes:
    return LABELS.one_time_token + framed(token_id.bytes)
