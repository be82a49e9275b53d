"""HTTP requests to addresses that users chose: checked at the connection, bounded, and without redirects.

This uses httpcore and not httpx: it has no redirects, proxies, cookies or environment variables to switch off.
"""

import asyncio
import email.utils
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

import httpcore

from backplane.addresses import DEFAULT_PORTS, AddressRefused, Guard, Target, parse
from backplane.errors import WebhookUrlRefused
from backplane.services.webhooks.deliveries import DELIVERED, Answer

TIMEOUT_SECONDS = 10.0
"""For the whole exchange: name, connection, TLS, request and answer."""

MAX_ANSWER = 4096
"""Bytes of an answer that are read, so that a receiver can finish sending it; they are discarded."""

MAX_ADDRESSES = 3
"""How many of a name's addresses are tried."""

SUCCESS, REDIRECT = range(200, 300), range(300, 400)


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connect to the addresses that the guard has checked: the name is resolved once, here, and not again.

    TLS and the Host header still use the name.
    """

    def __init__(self, guard: Guard, target: Target) -> None:
        self._guard = guard
        self._target = target
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to one of the target's addresses. Raises AddressRefused if one of them is not permitted."""
        assert (host, port) == (self._target.host, self._target.port)
        failure: Exception = AddressRefused()
        for address in (await self._guard.addresses(self._target))[:MAX_ADDRESSES]:
            try:
                return await self._network.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


class Poster:
    def __init__(self, guard: Guard, *, tls: ssl.SSLContext | None = None, seconds: float = TIMEOUT_SECONDS) -> None:
        self._guard = guard
        self._tls = tls or ssl.create_default_context()
        self._seconds = seconds

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a message and return its outcome, whatever the receiver does."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._post(url, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            answer = Answer("timeout")
        except (AddressRefused, WebhookUrlRefused):
            answer = Answer("address")
        except httpcore.ProtocolError:
            answer = Answer("protocol")
        except httpcore.NetworkError as error:
            answer = Answer("tls" if _is_tls(error) else "connection")
        return replace(answer, duration_ms=round((time.monotonic() - started) * 1000))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        target = parse(url)
        async with (
            httpcore.AsyncConnectionPool(
                ssl_context=self._tls,
                max_connections=1,
                max_keepalive_connections=0,
                network_backend=CheckedNetwork(self._guard, target),
            ) as connection,
            connection.stream(
                "POST", _address(url, target), headers=[("host", _host(target)), *headers.items()], content=body
            ) as response,
        ):
            await _throw_away(response)
            return _read(response)


async def _throw_away(response: httpcore.Response) -> None:
    left = MAX_ANSWER
    async for chunk in response.aiter_stream():
        left -= len(chunk)
        if left <= 0:
            return


def _read(response: httpcore.Response) -> Answer:
    if response.status in SUCCESS:
        return Answer(DELIVERED, response.status)
    fields = {name.lower(): value for name, value in response.headers}
    outcome = "redirect" if response.status in REDIRECT else "status"
    return Answer(outcome, response.status, retry_after=retry_after(fields.get(b"retry-after", b"").decode("latin-1")))


def retry_after(text: str) -> float | None:
    """Parse `Retry-After`: seconds or a date; None if it is neither."""
    if text.isascii() and text.strip().isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _address(url: str, target: Target) -> httpcore.URL:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # Split here: httpcore's own parser drops what follows a semicolon.
    return httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=path)


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == DEFAULT_PORTS[target.scheme] else f"{name}:{target.port}"


def _is_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None
