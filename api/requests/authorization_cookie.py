"""The cookie that binds a log-in by a provider to the browser that began it."""

from dataclasses import dataclass
from typing import Self

from starlette.requests import Request
from starlette.responses import Response

from api.requests.refresh_cookie import RefreshCookie
from backplane.services.identity.federation.authorizations import SECONDS
from backplane.settings import Settings

PATH = "/api/v1/auth/oidc"


@dataclass(frozen=True, slots=True)
class AuthorizationCookie:
    """A cookie like that of the session, with a name and a path of its own.

    The page of the callback sends it by a script, so `SameSite=Strict` does not hold it back.
    """

    cookie: RefreshCookie

    @classmethod
    def of(cls, request: Request, settings: Settings) -> Self:
        secure = RefreshCookie.of(request, settings).secure
        name, path = ("__Host-authorization", "/") if secure else ("authorization", PATH)
        return cls(RefreshCookie(name, path, secure=secure))

    def read(self, request: Request) -> str | None:
        return self.cookie.read(request)

    def write(self, response: Response, value: str) -> None:
        self.cookie.write(response, value, seconds=SECONDS)

    def clear(self, response: Response) -> None:
        self.cookie.clear(response)
