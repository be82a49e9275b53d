"""Wiring of accounts, tokens and login sessions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from backplane.services.identity.accounts import Accounts
from backplane.services.identity.browser_sessions import BrowserSessions
from backplane.services.identity.directory import Directory
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.revocations import Revocations
from backplane.services.identity.tickets import Tickets
from backplane.services.identity.tokens import AccessTokens, Tokens
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.services.usage.tiers import Tiers
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class IdentityServices:
    accounts: Accounts
    directory: Directory
    revocations: Revocations
    tokens: Tokens
    sessions: LoginSessions
    browsers: BrowserSessions
    tickets: Tickets

    @classmethod
    def wire(cls, resources: Resources, passphrases: PassphrasePool) -> Self:
        revocations = Revocations(resources.database, resources.bus)
        sessions = LoginSessions(resources.database, revocations)
        access = AccessTokens.from_settings(resources.settings)
        tier = Tiers.from_settings(resources.settings).default
        refresh_seconds = resources.settings.refresh_token_seconds
        return cls(
            accounts=Accounts(resources.database, resources.vault, passphrases, tier=tier),
            directory=Directory(resources.database, revocations),
            revocations=revocations,
            tokens=Tokens(resources.database, access, sessions, refresh_seconds=refresh_seconds),
            sessions=sessions,
            browsers=BrowserSessions(resources.database, access, sessions, refresh_seconds=refresh_seconds),
            tickets=Tickets(resources.bus),
        )

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Hear of revocations while the block runs."""
        with self.directory.watched():
            async with self.revocations.watched():
                yield
