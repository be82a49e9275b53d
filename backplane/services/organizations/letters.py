"""Mails of invitations."""

from dataclasses import dataclass, field

from backplane.db.session import Session
from backplane.settings import Settings

LOCAL_URL = "http://localhost:8000"
"""Links of a development installation without PUBLIC_URL."""

PAGE = "/invitation"


@dataclass(frozen=True, slots=True)
class Letter:
    """What an invited person reads."""

    address: str = field(repr=False)
    inviter: str = field(repr=False)
    account: str
    role: str
    link: str = field(repr=False)


class Letters:
    def __init__(self, *, public_url: str) -> None:
        self._public_url = public_url

    @classmethod
    def from_settings(cls, settings: Settings) -> "Letters":
        return cls(public_url=settings.public_url or LOCAL_URL)

    def link(self, token: str) -> str:
        """Return the address of the page that accepts; no server sees the token, because it is in the fragment."""
        return f"{self._public_url}{PAGE}#token={token}"

    async def send(self, session: Session, letter: Letter) -> bool:  # noqa: ARG002 - this release has no mail
        """Mail an invitation after the commit; False if the installation sends no mail."""
        return False
