"""The client of an OpenID provider: authorization code flow with PKCE."""

from http import HTTPStatus
from typing import Any

from backplane.errors.federation import ProviderAnswerInvalid
from backplane.services.identity.federation import id_tokens
from backplane.services.identity.federation.authorizations import Secrets
from backplane.services.identity.federation.client import CLIENT_SECRET_BASIC, CLIENT_SECRET_POST, oauth_client
from backplane.services.identity.federation.discovery import Discovery, Metadata
from backplane.services.identity.federation.external import ExternalIdentity
from backplane.services.identity.federation.fetches import Fetcher
from backplane.services.identity.federation.id_tokens import Claims, Expected
from backplane.services.identity.federation.providers import Provider
from backplane.services.identity.federation.signing_key_sets import SigningKeySet


class OpenIdClient:
    def __init__(self, provider: Provider, fetcher: Fetcher) -> None:
        self.provider = provider
        self._fetcher = fetcher
        self._discovery = Discovery(provider, fetcher)
        self._keys = SigningKeySet(fetcher, self._key_address, algorithm=provider.id_token_algorithm)

    async def authorization_url(self, derived: Secrets, *, redirect_uri: str, again: bool) -> str:
        metadata = await self._discovery.metadata()
        client = oauth_client(self.provider, self._fetcher, redirect_uri=redirect_uri)
        # `max_age` makes the provider state when the user proved who they are.
        asked: dict[str, Any] = {"prompt": "login", "max_age": 0} if again else {}
        url, _ = client.create_authorization_url(
            metadata.authorization_endpoint,
            state=derived.state,
            nonce=derived.nonce,
            code_verifier=derived.verifier,
            **asked,
        )
        return str(url)

    async def exchange(
        self, code: str, derived: Secrets, *, redirect_uri: str, iss: str | None, fresh_since: int | None
    ) -> ExternalIdentity:
        metadata = await self._discovery.metadata()
        self._check_issuer(iss, metadata)
        client = oauth_client(
            self.provider, self._fetcher, redirect_uri=redirect_uri, auth_method=_auth_method(metadata)
        )
        tokens = await client.fetch_token(
            metadata.token_endpoint, code=code, code_verifier=derived.verifier, grant_type="authorization_code"
        )
        id_token = tokens.get("id_token")
        if not isinstance(id_token, str):
            raise ProviderAnswerInvalid("The provider gave no ID token")
        expected = Expected(derived.nonce, tokens["access_token"], fresh_since)
        claims = await id_tokens.verify(id_token, self.provider, self._keys, expected)
        if claims.email is None:
            claims = await self._add_email(claims, metadata, tokens["access_token"])
        return id_tokens.identity_of(claims, self.provider)

    def _check_issuer(self, iss: str | None, metadata: Metadata) -> None:
        """Refuse the answer of another provider (RFC 9207, section 2.4)."""
        if iss is None and metadata.authorization_response_iss_parameter_supported:
            raise ProviderAnswerInvalid("The answer does not name the provider that it is from")
        if iss is not None and iss != self.provider.issuer:
            raise ProviderAnswerInvalid("The answer is from another provider")

    async def _add_email(self, claims: Claims, metadata: Metadata, token: str) -> Claims:
        """Ask for the address where the ID token has none; the answer must be of the same user."""
        if metadata.userinfo_endpoint is None:
            return claims
        fetched = await self._fetcher.get(metadata.userinfo_endpoint, token=token)
        found = fetched.document
        if fetched.status != HTTPStatus.OK or not isinstance(found, dict) or found.get("sub") != claims.sub:
            raise ProviderAnswerInvalid("The provider's answer about you is not valid")
        return claims.model_copy(update={name: found.get(name) for name in ("email", "email_verified")})

    async def _key_address(self) -> str:
        return (await self._discovery.metadata()).jwks_uri


def _auth_method(metadata: Metadata) -> str:
    supported = metadata.token_endpoint_auth_methods_supported
    return CLIENT_SECRET_BASIC if CLIENT_SECRET_BASIC in supported else CLIENT_SECRET_POST
