"""The discovery document of a provider (OpenID Connect Discovery 1.0), kept for an hour."""

import asyncio
import time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from backplane.addresses import parse
from backplane.errors import WebhookUrlRefused
from backplane.errors.federation import ProviderAnswerInvalid, ProviderUnavailable
from backplane.services.identity.federation.fetches import Fetcher
from backplane.services.identity.federation.providers import Provider

PATH = "/.well-known/openid-configuration"
KEPT_SECONDS = 3600.0
PAUSE_SECONDS = 5.0
"""After a failure nobody asks again for so long: a provider that hangs would hold every log-in for its time limit."""

Url = Annotated[str, Field(max_length=2048)]


class Metadata(BaseModel):
    """What the flow needs; members that it does not know are ignored, as the specification demands."""

    model_config = ConfigDict(frozen=True, strict=True, hide_input_in_errors=True)

    issuer: str
    authorization_endpoint: Url
    token_endpoint: Url
    jwks_uri: Url
    userinfo_endpoint: Url | None = None
    token_endpoint_auth_methods_supported: list[str] = ["client_secret_basic"]
    code_challenge_methods_supported: list[str] | None = None
    authorization_response_iss_parameter_supported: bool = False


class Discovery:
    def __init__(self, provider: Provider, fetcher: Fetcher) -> None:
        self._provider = provider
        self._fetcher = fetcher
        self._lock = asyncio.Lock()
        self._known: tuple[float, Metadata] | None = None
        self._failed_at = float("-inf")

    async def metadata(self) -> Metadata:
        """Return the document: fetched once for all who wait.

        Raises:
            ProviderUnavailable: it cannot be fetched.
            ProviderAnswerInvalid: it is not one, or of another issuer.
        """
        async with self._lock:
            if self._known is not None and time.monotonic() - self._known[0] < KEPT_SECONDS:
                return self._known[1]
            if time.monotonic() - self._failed_at < PAUSE_SECONDS:
                raise ProviderUnavailable
            try:
                found = await self._fetch()
            except (ProviderUnavailable, ProviderAnswerInvalid):
                self._failed_at = time.monotonic()
                raise
            self._known = (time.monotonic(), found)
            return found

    async def _fetch(self) -> Metadata:
        fetched = await self._fetcher.get(self._provider.issuer.rstrip("/") + PATH)
        try:
            found = Metadata.model_validate(fetched.document)
        except ValidationError:
            raise ProviderAnswerInvalid("The provider's discovery document lacks something") from None
        if found.issuer != self._provider.issuer:
            raise ProviderAnswerInvalid("The provider's discovery document is of another issuer")
        if "S256" not in (found.code_challenge_methods_supported or ["S256"]):
            raise ProviderAnswerInvalid("The provider does not support PKCE with S256")
        self._check_page(found.authorization_endpoint)
        return found

    def _check_page(self, url: str) -> None:
        """Check the address that browsers are sent to: no script, and not in plaintext where the issuer is not."""
        try:
            target = parse(url)
        except WebhookUrlRefused:
            raise ProviderAnswerInvalid("The provider's authorization endpoint is no address of a page") from None
        if self._provider.issuer.startswith("https://") and not target.encrypted:
            raise ProviderAnswerInvalid("The provider's authorization endpoint is not https")
