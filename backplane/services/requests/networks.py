"""Groups of network addresses: one subscriber, and one network."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

SUBSCRIBER = {4: 32, 6: 64}
"""Bits of an address that name one customer of a provider."""

RANGE = {4: 24, 6: 48}
"""Bits of an address that stay the same while a device is in a network: the rest may change."""


def subscriber_of(address: str | None) -> str | None:
    return _cut(address, SUBSCRIBER)


def range_of(address: str | None) -> str | None:
    return _cut(address, RANGE)


def _cut(address: str | None, bits: dict[int, int]) -> str | None:
    """Return the network of an address; None for what is no address."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address or "")
    except ValueError:
        return None
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ip_network((parsed, bits[parsed.version]), strict=False))
