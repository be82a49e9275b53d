"""Where this service may be told to send something: public addresses, and what the operator has allowed beside them.

A name proves nothing: it may lead anywhere, and somewhere else a second later. So what counts is checked on the
addresses themselves, by whoever connects, at the moment of connecting, and the connection goes to the address that
was checked (docs/decisions/0023).
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
"""What k8s/network.yaml lets the relay reach; a receiver in an allowed network may listen on any port."""

DEFAULT_PORTS = {"https": 443, "http": 80}
RESOLVER_THREADS = 8
UNREACHABLE = "The host's name does not resolve, or does not lead to public addresses alone"
"""One word for both: told apart, they would show which names exist inside the operator's network."""

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
"""All of IPv6 that is handed out for the Internet. Outside of it lie loopback, link-local, unique local, multicast, and
the forms that carry an IPv4 address: mapped, compatible, NAT64."""

LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII | re.IGNORECASE)
NUMERIC = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """What a URL says of where to connect to; nothing of its path, which may hold a secret."""

    scheme: str
    host: str
    port: int

    @property
    def encrypted(self) -> bool:
        return self.scheme == "https"


class AddressRefused(Exception):
    """The name leads nowhere, or where this service does not send anything."""


class Guard:
    """Knows what may be called, and says so before anything is sent."""

    def __init__(self, allowed: Sequence[Network], *, resolve: Resolve | None = None) -> None:
        self._allowed = tuple(allowed)
        self._resolve = resolve or Resolver()

    async def addresses(self, target: Target) -> list[Address]:
        """Resolve a target and return where to connect to.

        Raises:
            AddressRefused: it leads nowhere, or one of its addresses is not to be called: a single one is enough.
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
        """Say early that nothing will be sent there; one that resolves too slowly is for the sender to judge.

        Raises:
            WebhookUrlRefused: the URL, or where it leads now.
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
    """Asks the system. On threads of its own: a name server that does not answer must hold up nobody else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(RESOLVER_THREADS, thread_name_prefix="resolve")

    async def __call__(self, host: str) -> list[Address]:
        with_literal = _literal(host)
        if with_literal is not None:
            return [with_literal]
        return await asyncio.get_running_loop().run_in_executor(self._threads, _ask_system, host)


def parse(url: str) -> Target:
    """Read where a URL leads, strictly: what two parsers might read in two ways is refused.

    Raises:
        WebhookUrlRefused: says what is wrong, and nothing of what was sent.
    """
    if len(url) > MAX_URL:
        raise WebhookUrlRefused(f"The URL has more than {MAX_URL} characters")
    # Browsers and libraries drop or turn these characters, each in its own way.
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
    """Say whether an address belongs to the Internet, and to nobody's own network, machine or cloud."""
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
