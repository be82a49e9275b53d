"""The client of a provider: the address to send a browser to, and what its answer is exchanged for."""

import base64
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import quote_plus

from authlib.oauth2.client import OAuth2Client

from backplane.errors.federation import ProviderAnswerInvalid
from backplane.services.identity.federation.authorizations import Secrets
from backplane.services.identity.federation.external import ExternalIdentity
from backplane.services.identity.federation.fetches import Fetched, Fetcher
from backplane.services.identity.federation.providers import Provider

CLIENT_SECRET_BASIC, CLIENT_SECRET_POST = "client_secret_basic", "client_secret_post"
TOKEN = re.compile(r"[\x21-\x7e]{1,16384}", re.ASCII)


class ProviderClient(Protocol):
    """What the two kinds of provider have in common."""

    provider: Provider

    async def authorization_url(self, derived: Secrets, *, redirect_uri: str, again: bool) -> str:
        """Return where to send the browser; with `again`, the provider shall ask the user who they are."""

    async def exchange(
        self, code: str, derived: Secrets, *, redirect_uri: str, iss: str | None, fresh_since: int | None
    ) -> ExternalIdentity:
        """Exchange the code of an answer for the identity of the user.

        Raises:
            ProviderUnavailable: the provider does not answer.
            ProviderAnswerInvalid: what it answers is not valid.
        """


class OAuthClient(OAuth2Client):  # type: ignore[misc]  # authlib has no types
    """The client of authlib over our transport; `fetch_token` returns the coroutine below."""

    async def _fetch_token(
        self, url: str, *, body: str, headers: Mapping[str, str], auth: Any, method: str
    ) -> Mapping[str, Any]:
        url, headers, body = auth.prepare(method, url, dict(headers), body)
        return read_tokens(await self.session.post(url, headers, body))


def oauth_client(
    provider: Provider, fetcher: Fetcher, *, redirect_uri: str, auth_method: str = CLIENT_SECRET_POST
) -> OAuthClient:
    """Return a client for one request."""
    secret = provider.client_secret.get_secret_value() if provider.client_secret is not None else None
    client = OAuthClient(
        fetcher,
        client_id=provider.client_id,
        client_secret=secret,
        token_endpoint_auth_method=auth_method if secret is not None else "none",
        scope=" ".join(provider.scopes),
        redirect_uri=redirect_uri,
        code_challenge_method="S256",
    )
    client.register_client_auth_method((CLIENT_SECRET_BASIC, _authenticate_by_header))
    return client


def read_tokens(fetched: Fetched) -> Mapping[str, Any]:
    """Read the answer of a token endpoint, which has at least an access token.

    Raises:
        ProviderAnswerInvalid: it has none. GitHub refuses with status 200 and a member `error`.
    """
    document = fetched.document
    if not isinstance(document, dict) or fetched.status != HTTPStatus.OK or "error" in document:
        raise ProviderAnswerInvalid("The provider did not accept the code")
    token, kind = document.get("access_token"), document.get("token_type")
    if not isinstance(token, str) or not TOKEN.fullmatch(token) or str(kind).lower() != "bearer":
        raise ProviderAnswerInvalid("The provider gave no access token")
    return document


def _authenticate_by_header(
    client: Any, method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    """Send the credentials of the client form-encoded, as RFC 6749, section 2.3.1, demands and authlib does not."""
    del method
    text = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {base64.b64encode(text.encode()).decode()}"
    return uri, headers, body
