"""Canonical JSON: RFC 8785, restricted (docs/reference/format.md, "Canonical JSON"), and the types of values in it."""

import base64
import binascii
import json
import re
from typing import Any

from .failures import demand

_KEY = re.compile(r"[a-z0-9_]+", re.ASCII)
_LARGEST = 2**53 - 1
_DEEPEST = 16


def compact(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def indented(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, indent=2).encode() + b"\n"


def parse(data: bytes, form: Any) -> Any:
    """Return the value of `data`, which must be exactly in its canonical `form` (compact or indented)."""
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_object, parse_float=_no_fraction, parse_constant=_no_fraction
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    _check(value, 0)
    demand(form(value) == data, "not canonical")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    demand(len(dict(pairs)) == len(pairs), "a key twice")
    return dict(pairs)


def _no_fraction(text: str) -> Any:
    raise ValueError(f"not an integer: {text}")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, (dict, list)):
        demand(depth < _DEEPEST, "nested too deep")
    if isinstance(value, dict):
        demand(all(_KEY.fullmatch(key) for key in value), "a key of other characters")
        value = list(value.values())
    if isinstance(value, list):
        for element in value:
            _check(element, depth + 1)
    elif is_integer(value):
        demand(abs(value) <= _LARGEST, "an integer too large")
    elif isinstance(value, str):
        value.encode()  # a lone surrogate raises UnicodeEncodeError, a ValueError


def is_integer(value: Any, least: int = -_LARGEST, most: int = _LARGEST) -> bool:
    """Return whether a value is an integer; a bool is not, unlike in Python."""
    return type(value) is int and least <= value <= most


def has_keys(value: Any, *keys: str) -> bool:
    return isinstance(value, dict) and set(value) == set(keys)


def is_hex_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value, re.ASCII) is not None


def from_b64(value: Any, least: int = 0, most: int | None = None) -> bytes:
    """Decode canonical Base64 of `least` (to `most`) bytes."""
    demand(isinstance(value, str), "not Base64: no string")
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error as wrong:
        raise ValueError("not Base64") from wrong
    demand(base64.b64encode(data).decode() == value, "not canonical Base64")
    demand(least <= len(data) and (most is None or len(data) <= most), f"{len(data)} bytes")
    return data
