"""Strict reading of compact JWS (RFC 7515): one spelling for each token, and nothing in it but text and whole numbers.

`jose`, which checks the signatures, accepts several spellings of one token, duplicate keys, `crit` and NaN.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

MAX_TOKEN = 4096
ORDER = 0xFFFFFFFF_00000000_FFFFFFFF_FFFFFFFF_BCE6FAAD_A7179E84_F3B9CAC2_FC632551
"""The order of P-256 (SP 800-186, section 3.2.1.3)."""

_INTEGER = re.compile(r"[0-9]{1,12}", re.ASCII)  # seconds, for 30,000 years
_HALF = 32


class Malformed(ValueError):
    """The token is not in the form that our signer writes."""


@dataclass(frozen=True, slots=True)
class Compact:
    """A token whose signature has not been checked yet."""

    header: Mapping[str, str | int]
    claims: Mapping[str, str | int]
    signature: bytes


def read(token: str) -> Compact:
    """Split a token and read its parts.

    Raises:
        Malformed: longer than 4096 characters, not three parts of canonical base64url, or JSON that is no flat object
            of strings and whole numbers with each key once.
    """
    if len(token) > MAX_TOKEN or token.count(".") != 2:  # noqa: PLR2004  RFC 7515, section 7.1
        raise Malformed
    header, claims, signature = map(_decode, token.split("."))
    return Compact(_flat(header), _flat(claims), signature)


def is_low(signature: bytes) -> bool:
    """Return whether an ES256 signature is, of the twins (r, s) and (r, n - s), the one that our signer writes."""
    return len(signature) == 2 * _HALF and int.from_bytes(signature[_HALF:]) <= ORDER // 2


def with_low_signature(token: str) -> str:
    """Replace the ES256 signature of a token by its twin if the twin is the one that `is_low`."""
    signed, _, text = token.rpartition(".")
    signature = _decode(text)
    if is_low(signature):
        return token
    twin = ORDER - int.from_bytes(signature[_HALF:])
    return f"{signed}.{_encode(signature[:_HALF] + twin.to_bytes(_HALF))}"


def _flat(data: bytes) -> Mapping[str, str | int]:
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_object, parse_int=_integer, parse_float=_refuse, parse_constant=_refuse
        )
    except (ValueError, RecursionError):
        # Not chained: the parser's error contains the token's data.
        raise Malformed from None
    if not isinstance(value, dict):
        raise Malformed
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, str | int]:
    value = dict(pairs)
    if len(value) != len(pairs) or not all(type(one) in {str, int} for one in value.values()):
        raise Malformed
    return value


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Malformed
    return int(text)


def _refuse(_: str) -> NoReturn:
    raise Malformed


def _decode(part: str) -> bytes:
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Malformed from None
    if not data or _encode(data) != part:
        raise Malformed
    return data


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
