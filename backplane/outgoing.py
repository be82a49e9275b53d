"""Outgoing HTTP: connections to addresses that the guard has checked, and nothing that nobody asked for.

It uses httpcore and not httpx: there are no redirects, proxies, cookies or environment variables to switch off.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from ssl import SSLContext
from urllib.parse import urlsplit

import httpcore

from backplane.addresses import DEFAULT_PORTS, AddressRefused, Guard, Target, parse

MAX_ADDRESSES = 3
"""How many of a name's addresses are tried."""

Headers = Sequence[tuple[str, str]]


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


@asynccontextmanager
async def exchange(
    guard: Guard, tls: SSLContext, method: str, url: str, *, headers: Headers = (), body: bytes = b""
) -> AsyncIterator[httpcore.Response]:
    """Send a request on a connection of its own, and yield the answer, whose body is still to be read.

    Raises:
        WebhookUrlRefused: the URL is not valid.
        AddressRefused: an address of its host is not permitted.
    """
    target = parse(url)
    async with (
        httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=1,
            max_keepalive_connections=0,
            network_backend=CheckedNetwork(guard, target),
        ) as connection,
        connection.stream(
            method, _address(url, target), headers=[("host", _host(target)), *headers], content=body
        ) as response,
    ):
        yield response


def _address(url: str, target: Target) -> httpcore.URL:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    # Split here: httpcore's own parser drops what follows a semicolon.
    return httpcore.URL(scheme=target.scheme, host=target.host, port=target.port, target=path)


def _host(target: Target) -> str:
    name = f"[{target.host}]" if ":" in target.host else target.host
    return name if target.port == DEFAULT_PORTS[target.scheme] else f"{name}:{target.port}"
