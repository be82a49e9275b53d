"""The signing keys of a provider (JWK Set, RFC 7517)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.util import base64_to_int

from backplane.errors.federation import ProviderAnswerInvalid
from backplane.services.identity.federation.fetches import Fetcher

KEPT_SECONDS = 3600.0
"""A key that the provider has withdrawn is accepted for at most this long."""

REFETCH_SECONDS = 60.0
"""An unknown key id leads to one request a minute."""

MAX_KEYS = 100
MIN_RSA_BITS = 2048
KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
"""The key type of an algorithm."""

PUBLIC_MEMBERS = frozenset({"kty", "kid", "n", "e", "crv", "x", "y"})


class SigningKeySet:
    def __init__(self, fetcher: Fetcher, address: Callable[[], Awaitable[str]], *, algorithm: str) -> None:
        self._fetcher = fetcher
        self._address = address
        self._kind = KINDS[algorithm[:2]]
        self._lock = asyncio.Lock()
        self._keys: Mapping[str | None, Key] = {}
        self._fetched_at = float("-inf")

    async def find(self, kid: str | None) -> Key:
        """Return the key of an id; without an id, the only one there is.

        Raises:
            ProviderUnavailable: the keys cannot be fetched.
            ProviderAnswerInvalid: the provider has no such key.
        """
        async with self._lock:
            age = time.monotonic() - self._fetched_at
            if age > KEPT_SECONDS or (self._choose(kid) is None and age > REFETCH_SECONDS):
                await self._fetch()
            found = self._choose(kid)
        if found is None:
            raise ProviderAnswerInvalid("The ID token is signed with a key that the provider does not publish")
        return found

    def _choose(self, kid: str | None) -> Key | None:
        if kid is None and len(self._keys) == 1:
            return next(iter(self._keys.values()))
        return self._keys.get(kid)

    async def _fetch(self) -> None:
        fetched = await self._fetcher.get(await self._address())
        listed = fetched.document.get("keys") if isinstance(fetched.document, dict) else None
        if not isinstance(listed, list) or len(listed) > MAX_KEYS:
            raise ProviderAnswerInvalid("The provider's key set is not one")
        keys = [self._read(one) for one in listed]
        self._keys = {key.kid: key for key in keys if key is not None}
        self._fetched_at = time.monotonic()

    def _read(self, listed: Any) -> Key | None:
        """Read a key that can sign; None for any other: of a kind that is not expected, or for encryption."""
        if not isinstance(listed, dict) or listed.get("kty") != self._kind or listed.get("use", "sig") != "sig":
            return None
        if not isinstance(listed.get("kid", ""), str):
            return None
        public = {name: value for name, value in listed.items() if name in PUBLIC_MEMBERS}
        try:
            # Before the import, which warns of a short key.
            if self._kind == "RSA" and base64_to_int(public["n"]).bit_length() < MIN_RSA_BITS:
                return None
            return JWKRegistry.import_key(public)
        except (JoseError, ValueError, TypeError, KeyError):
            return None
