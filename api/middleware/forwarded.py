"""The caller's address and scheme, as trusted proxies tell them: RFC 7239, and the older `X-Forwarded-*`.

A proxy appends the address of its own peer to what it got. So the list is read from the right, and only as long as the
address that wrote an entry is trusted: everything further left may come from the caller.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import islice
from typing import Literal

from starlette.datastructures import Headers

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]
Style = Literal["x-forwarded", "forwarded"]

HOPS = 16
"""More proxies than any installation has. A caller can fill its header with trusted addresses."""

ELEMENT_LENGTH = 512
"""The most characters of one proxy's entry: the search for its begin takes the square of them."""

TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 - of RFC 9110
PAIR = rf'{TOKEN}=(?:{TOKEN}|"(?:[^"\\]|\\.)*")'
ELEMENT = re.compile(rf"[ \t]*+(?:{PAIR})?+(?:[ \t]*+;[ \t]*+(?:{PAIR})?+)*+[ \t]*+", re.ASCII)
"""Possessive: two ways to divide white space would be tried for each semicolon."""

PARAMETER = re.compile(rf'({TOKEN})=(?:({TOKEN})|"((?:[^"\\]|\\.)*)")', re.ASCII)
NODE = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?|([0-9a-fA-F:.]+)", re.ASCII)
"""An address with or without a port. One of version 6 without brackets has no port."""

SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request comes from: the caller's address, and the scheme that the caller used, if a proxy tells it."""

    address: str
    scheme: str | None = None


def find_origin(peer: str, headers: Headers, *, trusted: Networks, style: Style) -> Origin:
    """Find the caller behind the peer of a connection.

    What cannot be read ends the search: the caller is then the last proxy that was read.
    """
    address = read_address(peer)
    if address is None:
        return Origin(peer)
    scheme = None
    if _is_trusted(address, trusted):
        entries = _forwarded(headers) if style == "forwarded" else _x_forwarded(headers)
        for node, told in islice(entries, HOPS):
            # What the outermost trusted proxy has seen.
            scheme = told or scheme
            before = read_address(node)
            if before is None:
                break
            address = before
            if not _is_trusted(address, trusted):
                break
    return Origin(str(address), scheme)


def read_address(node: str) -> Address | None:
    """Read an address with or without a port; one of version 4 in one of version 6 is the first. None for others."""
    found = NODE.fullmatch(node.strip(" \t"))
    try:
        address = ip_address(next(filter(None, found.groups()))) if found else None
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_trusted(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)


def _x_forwarded(headers: Headers) -> Iterator[tuple[str, str | None]]:
    """Return the addresses from the right, each with the scheme, which has no list of its own."""
    schemes = headers.getlist("x-forwarded-proto")
    scheme = SCHEMES.get(schemes[0].strip().lower()) if len(schemes) == 1 else None
    rest = ",".join(headers.getlist("x-forwarded-for"))
    if not rest:
        yield "", scheme
    while rest:
        rest, _, node = rest.rpartition(",")
        yield node, scheme


def _forwarded(headers: Headers) -> Iterator[tuple[str, str | None]]:
    """Return `for` and `proto` of each entry from the right: a quotation mark of the caller's cannot reach so far."""
    rest = ",".join(headers.getlist("forwarded"))
    while rest:
        begin = _begin_of_last(rest)
        if begin is None:
            return
        found = [(one[1].lower(), one[2] or re.sub(r"\\(.)", r"\1", one[3])) for one in PARAMETER.finditer(rest, begin)]
        rest = rest[: max(0, begin - 1)]
        values = dict(found)
        if len(values) != len(found):
            return
        yield values.get("for", ""), SCHEMES.get(values.get("proto", "").lower())


def _begin_of_last(text: str) -> int | None:
    """Find where the last entry begins: after the last comma from which on everything is one entry."""
    earliest, end = max(0, len(text) - ELEMENT_LENGTH), len(text)
    while end >= earliest:
        comma = text.rfind(",", earliest, end)
        if comma < 0:
            return 0 if earliest == 0 and ELEMENT.fullmatch(text) else None
        if ELEMENT.fullmatch(text, comma + 1):
            return comma + 1
        end = comma
    return None
