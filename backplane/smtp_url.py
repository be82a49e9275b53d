"""Addresses of mail servers: `smtps://user:password@host:465` and `smtp://host:587`, with TLS in both."""

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Tls = Literal["implicit", "starttls", "none"]
PORTS = {"smtp": 587, "smtps": 465}
"""The ports of mail submission (RFC 6409 and RFC 8314)."""

WITHOUT_TLS = [("tls", "none")]
FORM = (
    "must be smtp://user:password@host:587, which requires STARTTLS, or smtps://user:password@host:465; write special "
    "characters of the password as %XX. A server without TLS: smtp://host:25?tls=none"
)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    host: str
    port: int
    tls: Tls
    user: str | None
    password: str | None = field(repr=False)


def read_smtp_url(text: str) -> SmtpServer:
    """Read the address of a mail server.

    Raises:
        ValueError: it is none, or would send a password over the network without TLS.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError(FORM) from error
    if parts.scheme not in PORTS or not parts.hostname or parts.path not in {"", "/"} or parts.fragment or port == 0:
        raise ValueError(FORM)
    user, password = _decoded(parts.username), _decoded(parts.password)
    if (user is None) != (password is None):
        raise ValueError("must have a user and a password, or neither")
    server = SmtpServer(parts.hostname, port or PORTS[parts.scheme], _tls(parts.scheme, parts.query), user, password)
    if server.tls == "none" and user is not None and not _is_loopback(server.host):
        raise ValueError("must not send a password without TLS: remove ?tls=none, or the user and the password")
    return server


def _tls(scheme: str, query: str) -> Tls:
    if scheme == "smtps" and not query:
        return "implicit"
    if scheme == "smtp" and parse_qsl(query, keep_blank_values=True) in ([], WITHOUT_TLS):
        return "none" if query else "starttls"
    raise ValueError(FORM)


def _decoded(text: str | None) -> str | None:
    return None if text is None else unquote(text)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
