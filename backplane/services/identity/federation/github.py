"""The client of GitHub, which has OAuth 2.0 with PKCE but no ID token: its API says who the user is."""

from http import HTTPStatus
from typing import Any

from backplane.errors.federation import ProviderAnswerInvalid
from backplane.services.identity.federation.authorizations import Secrets
from backplane.services.identity.federation.client import oauth_client
from backplane.services.identity.federation.external import ExternalIdentity, read_email
from backplane.services.identity.federation.fetches import Fetcher
from backplane.services.identity.federation.providers import GITHUB, Provider

AUTHORIZE, TOKEN = "/login/oauth/authorize", "/login/oauth/access_token"
ISSUER = "/login/oauth"
"""What GitHub would send as `iss`: its address with this path is an issuer of its own."""

PUBLIC_API, ENTERPRISE_API = "https://api.github.com", "/api/v3"
MAX_EMAILS = 1000


class GitHubClient:
    def __init__(self, provider: Provider, fetcher: Fetcher) -> None:
        self.provider = provider
        self._fetcher = fetcher
        self._address = provider.issuer.rstrip("/")
        self._api = PUBLIC_API if self._address == GITHUB else self._address + ENTERPRISE_API

    async def authorization_url(self, derived: Secrets, *, redirect_uri: str, again: bool) -> str:
        assert not again, "Provider.confirms"
        client = oauth_client(self.provider, self._fetcher, redirect_uri=redirect_uri)
        url, _ = client.create_authorization_url(
            self._address + AUTHORIZE, state=derived.state, code_verifier=derived.verifier
        )
        return str(url)

    async def exchange(
        self, code: str, derived: Secrets, *, redirect_uri: str, iss: str | None, fresh_since: int | None
    ) -> ExternalIdentity:
        assert fresh_since is None, "Provider.confirms"
        if iss is not None and iss != self._address + ISSUER:
            raise ProviderAnswerInvalid("The answer is from another provider")
        client = oauth_client(self.provider, self._fetcher, redirect_uri=redirect_uri)
        tokens = await client.fetch_token(
            self._address + TOKEN, code=code, code_verifier=derived.verifier, grant_type="authorization_code"
        )
        user = await self._get("/user", tokens["access_token"])
        email = _primary(await self._get("/user/emails", tokens["access_token"]))
        return ExternalIdentity(self.provider.issuer, _subject(user), email, email_verified=email is not None)

    async def _get(self, path: str, token: str) -> Any:
        fetched = await self._fetcher.get(self._api + path, token=token)
        if fetched.status != HTTPStatus.OK:
            raise ProviderAnswerInvalid("GitHub does not say who you are")
        return fetched.document


def _subject(user: Any) -> str:
    """Return the number of the user: a login name can be given to another person."""
    number = user.get("id") if isinstance(user, dict) else None
    if type(number) is not int or not 0 < number < 1 << 63:
        raise ProviderAnswerInvalid("GitHub does not say who you are")
    return str(number)


def _primary(emails: Any) -> str | None:
    """Return the primary address if it is verified."""
    if not isinstance(emails, list) or len(emails) > MAX_EMAILS:
        raise ProviderAnswerInvalid("GitHub does not list your addresses")
    for one in emails:
        if isinstance(one, dict) and one.get("primary") is True and one.get("verified") is True:
            return read_email(one.get("email"))
    return None
