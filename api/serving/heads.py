"""What the head of a request must say (RFC 9112, section 3): one host, one target, and a handshake that is one."""

import re
from collections.abc import Sequence
from typing import NoReturn

from api.errors import RequestMalformed

VERSIONS = frozenset({"1.0", "1.1"})
HOST = re.compile(rb"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._~!$&'()*+,;=%-]{1,255})(:[0-9]{1,5})?", re.IGNORECASE)
TARGET = re.compile(rb"(/|https?://)[!-\"$-~]*")
"""Visible ASCII without `#`: a fragment is nothing that a server is told."""

ABSOLUTE = re.compile(rb"https?://([^/?]*).*")
WEBSOCKET_KEY = re.compile(rb"[A-Za-z0-9+/]{21}[AQgw]==")

Headers = Sequence[tuple[bytes, bytes]]


def check_head(version: str, target: bytes, headers: Headers) -> None:
    """Refuse a head that two readers could take for different requests.

    Raises:
        RequestMalformed: not HTTP/1.0 or 1.1, no `Host` (which 1.0 may leave out), several, or one that is none,
            another host in the target, a target with a fragment, or a transfer coding beside `chunked`, which two
            readers could decode differently.
    """
    if version not in VERSIONS:
        _refuse("The request is neither HTTP/1.1 nor HTTP/1.0")
    hosts = _values(headers, b"host")
    if len(hosts) > 1 or (not hosts and version == "1.1") or not all(map(HOST.fullmatch, hosts)):
        _refuse("The request must have one Host header, with a host in it")
    if not TARGET.fullmatch(target):
        _refuse("The target of the request is neither a path nor an address")
    if any(coding.lower() != b"chunked" for coding in _values(headers, b"transfer-encoding")):
        _refuse("The only Transfer-Encoding that is taken is chunked")
    absolute = ABSOLUTE.fullmatch(target)
    if absolute is not None and [absolute[1].lower()] != [host.lower() for host in hosts]:
        _refuse("The target of the request names another host than its Host header")


def check_handshake(version: str, method: str, headers: Headers) -> None:
    """Refuse an upgrade that is no handshake of a WebSocket (RFC 6455, section 4.2.1).

    Raises:
        RequestMalformed: HTTP/1.0, another method, a body, another version of the protocol, or a key that is none.
    """
    lengths = _values(headers, b"content-length") + _values(headers, b"transfer-encoding")
    keys, versions = _values(headers, b"sec-websocket-key"), _values(headers, b"sec-websocket-version")
    if version != "1.1" or method != "GET" or any(length != b"0" for length in lengths):
        _refuse("A handshake is a GET of HTTP/1.1 without a body")
    if versions != [b"13"] or len(keys) != 1 or not WEBSOCKET_KEY.fullmatch(keys[0]):
        _refuse("A handshake has one Sec-WebSocket-Version, 13, and one Sec-WebSocket-Key of 16 bytes")


def _values(headers: Headers, name: bytes) -> list[bytes]:
    return [value for given, value in headers if given == name]


def _refuse(detail: str) -> NoReturn:
    raise RequestMalformed(detail)
