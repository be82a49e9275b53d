"""Which categories of mail a user wants, and the signed links in mails that end one (RFC 8058)."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, replace
from uuid import UUID

from backplane.db.repositories import mails
from backplane.db.session import Database, ReadSession
from backplane.errors import NotFound
from backplane.services.audit import trail
from backplane.services.mail.kinds import CATEGORIES, SECURITY
from backplane.services.requests.caller import Caller
from backplane.services.requests.links import API
from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed, hkdf

UNSUBSCRIBE = f"{API}/mail/unsubscribe"
MAC_SIZE = 16
SHORTEST = 16 + 1 + MAC_SIZE


@dataclass(frozen=True, slots=True)
class Subscription:
    """What an unsubscribe link names."""

    user_id: UUID
    category: str


class MailPreferences:
    def __init__(self, database: Database, vault: LocalVault) -> None:
        self._database = database
        self._vault = vault

    async def of_user(self, user_id: UUID) -> dict[str, bool]:
        """Return for each category whether the user wants it."""
        async with self._database.reading() as session:
            return await _choices(session, user_id)

    async def choose(self, caller: Caller, user_id: UUID, wanted: dict[str, bool]) -> dict[str, bool]:
        """Set what the user wants, for the given categories."""
        async with self._database.transaction() as session:
            for category, choice in wanted.items():
                await mails.choose(session, user_id, category, wanted=choice)
            trail.record(session, caller, "mail.chosen", user_id, details=wanted)
            return await _choices(session, user_id)

    async def unsubscribe(self, caller: Caller, token: str) -> Subscription:
        """End the category that the link names, for its user. Repeating it changes nothing.

        Raises:
            NotFound: the link is not one of ours.
        """
        found = read_token(self._vault, token)
        async with self._database.transaction() as session:
            await mails.choose(session, found.user_id, found.category, wanted=False)
            owner = replace(caller, account_id=found.user_id)  # a personal account has the id of its user
            trail.record(session, owner, "mail.chosen", found.user_id, details={found.category: False})
        return found

    def read(self, token: str) -> Subscription:
        """Return what the link names, and change nothing."""
        return read_token(self._vault, token)


async def is_wanted(session: ReadSession, user_id: UUID, category: str) -> bool:
    return category == SECURITY or (await _choices(session, user_id))[category]


async def _choices(session: ReadSession, user_id: UUID) -> dict[str, bool]:
    chosen = await mails.choices(session, user_id)
    return {category: chosen.get(category, default) for category, default in CATEGORIES.items()}


def make_token(vault: LocalVault, user_id: UUID, category: str) -> str:
    """Sign a link that ends a category: it never expires, for a mail may be old, and it can do nothing else."""
    named = user_id.bytes + category.encode()
    return urlsafe_b64encode(named + _mac(vault, user_id, category)).decode().rstrip("=")


def read_token(vault: LocalVault, token: str) -> Subscription:
    try:
        decoded = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        user_id, category = UUID(bytes=decoded[:16]), decoded[16:-MAC_SIZE].decode()
    except ValueError as error:
        raise NotFound from error
    valid = len(decoded) >= SHORTEST and hmac.compare_digest(_mac(vault, user_id, category), decoded[-MAC_SIZE:])
    if not valid or category not in CATEGORIES:
        raise NotFound
    return Subscription(user_id, category)


def _mac(vault: LocalVault, user_id: UUID, category: str) -> bytes:
    key = hkdf(vault.fingerprint_key(), info=LABELS.mail_choice)
    return hmac.digest(key, framed(user_id.bytes) + framed(category.encode()), "sha256")[:MAC_SIZE]
