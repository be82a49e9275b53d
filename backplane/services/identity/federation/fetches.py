"""Requests to identity providers: bounded in time and size, JSON only, to addresses that the guard permits."""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpcore

from backplane.addresses import AddressRefused, Guard
from backplane.errors import WebhookUrlRefused
from backplane.errors.federation import ProviderUnavailable
from backplane.outgoing import Headers, exchange

TIMEOUT_SECONDS = 10.0
"""For a whole exchange: name, connection, TLS, request and answer."""

MAX_ANSWER = 262_144
"""Bytes. The largest documents are key sets: Google's has 2 kB, and one with fifty RSA keys 30 kB."""

ACCEPT = ("Accept", "application/json")
AGENT = ("User-Agent", "imageshield")
"""GitHub refuses requests without it."""

SERVER_ERRORS = range(500, 600)


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer: any status but a failure of the server, and a document of JSON."""

    status: int
    document: Any


class Fetcher:
    def __init__(self, guard: Guard, *, seconds: float = TIMEOUT_SECONDS) -> None:
        self._guard = guard
        self._seconds = seconds

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # it reads all certificates, which takes 20 ms

    async def get(self, url: str, *, token: str | None = None) -> Fetched:
        """Fetch a document; see `_fetch`."""
        credential = [("Authorization", f"Bearer {token}")] if token is not None else []
        return await self._fetch("GET", url, [ACCEPT, AGENT, *credential], b"")

    async def post(self, url: str, headers: Mapping[str, str], body: str) -> Fetched:
        """Send a form; see `_fetch`."""
        own = {"Content-Length": str(len(body.encode())), **headers}
        return await self._fetch("POST", url, [ACCEPT, AGENT, *own.items()], body.encode())

    async def _fetch(self, method: str, url: str, headers: Headers, body: bytes) -> Fetched:
        """Send a request and read its answer.

        Raises:
            ProviderUnavailable: no answer in time, none in JSON, a failure of the server, or an address that is not
                permitted.
        """
        try:
            async with asyncio.timeout(self._seconds):
                status, data = await self._exchange(method, url, headers, body)
        except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            raise ProviderUnavailable from None
        except (AddressRefused, WebhookUrlRefused):
            raise ProviderUnavailable("The provider's address is not one that this service may call") from None
        if status in SERVER_ERRORS:
            raise ProviderUnavailable("The provider has a failure of its own")
        return Fetched(status, _parse(data))

    async def _exchange(self, method: str, url: str, headers: Headers, body: bytes) -> tuple[int, bytes]:
        data = bytearray()
        async with exchange(self._guard, self._tls, method, url, headers=headers, body=body) as response:
            async for chunk in response.aiter_stream():
                data += chunk
                if len(data) > MAX_ANSWER:
                    raise ProviderUnavailable("The provider's answer is too large")
            return response.status, bytes(data)


def _parse(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        # Not chained: the parser's error contains the data, which may be a token.
        raise ProviderUnavailable("The provider's answer is not JSON") from None
