"""The cookie that holds a browser's refresh token. Only the routes of the session read it."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from backplane.errors import Unauthenticated
from backplane.settings import Settings

MAX_VALUE = 256
PATH = "/api/v1/auth/session"


@dataclass(frozen=True, slots=True)
class RefreshCookie:
    name: str
    path: str
    secure: bool

    @classmethod
    def of(cls, request: Request, settings: Settings) -> Self:
        """Choose the cookie for the scheme that browsers use: behind a proxy only `PUBLIC_URL` tells it.

        Over https the prefix `__Host-` keeps other hosts of the domain from setting it (RFC 6265bis, section 4.1.3.2),
        and demands the path `/`. Over http the path keeps it from other programs on other ports of localhost.
        """
        scheme = settings.public_url.partition(":")[0] if settings.public_url is not None else request.url.scheme
        if scheme == "https":
            return cls("__Host-refresh", "/", secure=True)
        return cls("refresh", PATH, secure=False)

    def read(self, request: Request) -> str | None:
        """Return the token of the request; None if there is none, or several that differ."""
        pairs = (pair.partition("=") for header in request.headers.getlist("cookie") for pair in header.split(";"))
        found = {value.strip() for name, _, value in pairs if name.strip() == self.name}
        token = found.pop() if len(found) == 1 else ""
        return token if 0 < len(token) <= MAX_VALUE else None

    def demand(self, request: Request) -> str:
        token = self.read(request)
        if token is None:
            raise Unauthenticated("There is no session: log in")
        return token

    def write(self, response: Response, token: str, *, seconds: int) -> None:
        response.set_cookie(
            self.name,
            token,
            max_age=seconds,
            path=self.path,
            secure=self.secure,
            httponly=True,
            samesite="strict",
        )

    def clear(self, response: Response) -> None:
        response.delete_cookie(self.name, path=self.path, secure=self.secure, httponly=True, samesite="strict")
