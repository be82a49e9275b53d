"""What an API key may do, and the rule that nobody makes a key that may do more than they may themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from backplane.errors import InsufficientScope

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Rights:
    """None sets no limit."""

    scopes: frozenset[str]
    networks: tuple[Network, ...] | None = None
    expires_at: datetime | None = None
    rate_per_hour: int | None = None

    def require_within(self, own: "Rights") -> None:
        """Require that none of these rights exceeds those of the caller.

        Raises:
            InsufficientScope: one does.
        """
        if missing := self.scopes - own.scopes:
            raise InsufficientScope(f"You cannot pass on what you may not do yourself: {' '.join(sorted(missing))}")
        if not _lie_within(self.networks, own.networks):
            raise InsufficientScope("A key that is bound to networks passes on these networks, or parts of them")
        if own.expires_at is not None and (self.expires_at is None or self.expires_at > own.expires_at):
            raise InsufficientScope("A key that expires passes on nothing that lasts longer")
        if own.rate_per_hour is not None and (self.rate_per_hour is None or self.rate_per_hour > own.rate_per_hour):
            raise InsufficientScope("A key with a rate of its own passes on no higher one")


def read_networks(texts: Sequence[str] | None) -> tuple[Network, ...] | None:
    return tuple(map(ip_network, texts)) if texts is not None else None


def is_allowed(address: str | None, networks: tuple[Network, ...] | None) -> bool:
    """Return whether a client's address is in the networks; a client without an address is in none."""
    if networks is None:
        return True
    try:
        found = ip_address(address or "")
    except ValueError:
        return False
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in network for network in networks)


def _lie_within(networks: tuple[Network, ...] | None, outer: tuple[Network, ...] | None) -> bool:
    if outer is None:
        return True
    return networks is not None and all(any(_is_part(one, other) for other in outer) for one in networks)


def _is_part(network: Network, outer: Network) -> bool:
    if isinstance(network, IPv4Network) and isinstance(outer, IPv4Network):
        return network.subnet_of(outer)
    return isinstance(network, IPv6Network) and isinstance(outer, IPv6Network) and network.subnet_of(outer)
