"""Guard against server-side request forgery: allow public addresses, and networks that the operator has allowed.

A host name proves nothing: it can resolve to any address, and to another one a second later. So the code that connects
checks the addresses themselves, at the moment of connecting, and connects to an address that it checked
(docs/decisions/0023).
"""

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from backplane.errors import WebhookUrlRefused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str], Awaitable[Sequence[Address]]]

MAX_URL = 2048
PUBLIC_PORTS = frozenset({443, 8443})
"""The ports that k8s/network.yaml lets the relay reach. A receiver in an allowed network may listen on any port."""

DEFAULT_PORTS = {"https": 443, "http": 80}
RESOLVER_THREADS = 8
UNREACHABLE = "The host's name does not resolve, or does not lead to public addresses alone"
"""One message for both cases: two messages would show which names exist inside the operator's network."""

NOT_PUBLIC = tuple(
    ip_network(text)
    for text in (
        # IANA's registries of special-purpose addresses, and the platform service of a cloud, 168.63.129.16.
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
GLOBAL_UNICAST = IPv6Network("2000::/3")
"""The IPv6 range that is assigned for the Internet. Loopback, link-local, unique local and multicast addresses are
outside of it, and so are the forms that carry an IPv4 address: mapped, compatible, NAT64."""

LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)
NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """The part of a URL that says where to connect: not the path, which may hold a secret."""

    scheme: str
    host: str
    port: int

    @property
    def encrypted(self) -> bool:
        return self.scheme == "https"


class AddressRefused(Exception):
    """The name does not resolve, or resolves to an address to which this service sends nothing."""


class Guard:
    """Decide which addresses may be called, before anything is sent."""

    def __init__(self, allowed: Sequence[Network], *, resolve: Resolve | None = None) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve or Resolver()

    async def addresses(self, target: Target) -> list[Address]:
        """Resolve a target and return the addresses to connect to.

        Raises:
            AddressRefused: it does not resolve, or at least one of its addresses is not permitted.
        """
        found = list(dict.fromkeys(await self._resolve(target.host)))
        if not found or not all(self.permits(address, target) for address in found):
            raise AddressRefused
        return found

    def permits(self, address: Address, target: Target) -> bool:
        if any(address in network for network in self._allowed):
            return True
        return target.encrypted and target.port in PUBLIC_PORTS and is_public(address)

    async def check(self, url: str, *, seconds: float) -> None:
        """Refuse early a URL to which nothing will be sent; a name that resolves too slowly is left to the sender.

        Raises:
            WebhookUrlRefused: the URL is not valid, or its host resolves to an address that is not permitted.
        """
        target = parse(url)
        try:
            async with asyncio.timeout(seconds):
                await self.addresses(target)
        except TimeoutError:
            return
        except AddressRefused:
            raise WebhookUrlRefused(_advice(target)) from None


class Resolver:
    """Resolve names with the system's resolver, on separate threads: a silent name server must not delay other work."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")

    async def __call__(self, host: str) -> list[Address]:
        with_literal = _literal(host)
        if with_literal is not None:
            return [with_literal]
        return await asyncio.get_running_loop().run_in_executor(self._threads, _ask_system, host)


def parse(url: str) -> Target:
    """Parse the target of a URL, strictly: refuse what two parsers might read in two ways.

    Raises:
        WebhookUrlRefused: the message says what is wrong, and repeats nothing of the URL.
    """
    if len(url) > MAX_URL:
        raise WebhookUrlRefused(f"The URL has more than {MAX_URL} characters")
    # Browsers and libraries drop or convert these characters, each in its own way.
    if not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>^`{|}'):
        raise WebhookUrlRefused("The URL must be of printable ASCII: write other characters as %XX, a name as xn--…")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WebhookUrlRefused("This is no URL") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise WebhookUrlRefused("The URL must begin with https:// and a host")
    if "@" in parts.netloc:
        raise WebhookUrlRefused("The URL must not hold a user or password: every message is signed instead")
    if parts.fragment or url.endswith("#"):
        raise WebhookUrlRefused("The URL must have no fragment: it would never be sent")
    if port == 0 or parts.netloc.endswith(":"):
        raise WebhookUrlRefused("The port is not one")
    _check_host(parts.hostname)
    return Target(parts.scheme, parts.hostname, port or DEFAULT_PORTS[parts.scheme])


def is_public(address: Address) -> bool:
    """Return whether an address is on the public Internet, not in a private network, a machine or a cloud platform."""
    if isinstance(address, IPv6Address) and (address not in GLOBAL_UNICAST or address.scope_id):
        return False
    return not any(address in network for network in NOT_PUBLIC)


def _check_host(host: str) -> None:
    if _literal(host) is not None:
        return
    labels = host.split(".")
    # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 to the system's resolver.
    if NUMERIC.fullmatch(labels[-1]) or len(host) > 253 or not all(map(LABEL.fullmatch, labels)):  # noqa: PLR2004 - RFC 1035
        raise WebhookUrlRefused("The host must be a name, or an address in its usual form, without a dot at its end")


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _ask_system(host: str) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return [ip_address(place[0]) for *_, place in found]


def _advice(target: Target) -> str:
    if not target.encrypted:
        return "http is for networks that the operator has allowed: use https"
    if target.port not in PUBLIC_PORTS:
        return "The port must be 443 or 8443, except in networks that the operator has allowed"
    return UNREACHABLE
