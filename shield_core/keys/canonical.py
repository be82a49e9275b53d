"""Canonical JSON: exactly one sequence of bytes for each value, so that bytes can be authenticated and compared.

RFC 8785 without fractions, keys of `[a-z0-9_]+`, at most 16 levels: docs/reference/format.md, "Canonical JSON".
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

MAX_DEPTH = 16
"""Levels of nested arrays and objects: far more than the product's documents have, far fewer than parsers support."""

MAX_INTEGER = 2**53 - 1
"""The largest integer that a double holds exactly: other languages read JSON numbers as doubles."""

_KEY = re.compile(r"[a-z0-9_]+", re.ASCII)
_INTEGER = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")


class NotCanonical(ValueError):
    """A value has no canonical form, or bytes are not in canonical form."""


def dumps(value: object) -> bytes:
    """Write a value in the compact form.

    Args:
        value: Mappings with string keys, lists, tuples, strings, integers, booleans and None. A lone surrogate becomes
            U+FFFD.

    Returns:
        UTF-8, without white space, keys ascending.

    Raises:
        NotCanonical: a fraction, a large integer, a key outside `[a-z0-9_]+`, more than 16 levels, or any other type.
    """
    text = json.dumps(_plain(value, 0), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def dumps_indented(value: object) -> bytes:
    """Write a value in the indented form of the key file: two spaces, and a final line feed.

    Raises:
        NotCanonical: as `dumps`.
    """
    text = json.dumps(_plain(value, 0), sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False)
    return text.encode() + b"\n"


def loads(data: bytes) -> Any:
    """Read the compact form strictly.

    Returns:
        Dictionaries, lists, strings, integers, booleans and None.

    Raises:
        NotCanonical: the bytes differ from what `dumps` writes for the same value.
    """
    return _read(data, dumps)


def loads_indented(data: bytes) -> Any:
    """Read the indented form strictly.

    Raises:
        NotCanonical: the bytes differ from what `dumps_indented` writes for the same value.
    """
    return _read(data, dumps_indented)


def loads_respelled(data: bytes) -> Any:
    """Read a value in any JSON spelling: with other white space, another order of keys, escaped characters.

    Raises:
        NotCanonical: not JSON, a duplicate key, or a value that has no canonical form.
    """
    value = _parse(data)
    dumps(value)
    return value


def b64encode(data: bytes) -> str:
    """Write bytes as padded Base64 (RFC 4648, section 4)."""
    return base64.b64encode(data).decode("ascii")


def b64decode(text: object) -> bytes:
    """Read Base64 that `b64encode` would write.

    Raises:
        NotCanonical: not a string, not the alphabet, wrong padding, or stray bits after the last byte.
    """
    if not isinstance(text, str):
        raise NotCanonical("Base64 is a string")
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise NotCanonical("not Base64") from None
    if b64encode(data) != text:
        raise NotCanonical("Base64 that is not canonical")
    return data


def _read(data: bytes, write: Callable[[object], bytes]) -> Any:
    value = _parse(data)
    if write(value) != data:
        raise NotCanonical("not the canonical form")
    return value


def _parse(data: bytes) -> Any:
    try:
        return json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except NotCanonical:
        raise
    except (ValueError, RecursionError):
        # Not chained: the parser's error contains the whole document, and the document may hold a key.
        raise NotCanonical("not JSON") from None


def _plain(value: object, depth: int) -> object:
    """Copy a value into the plain types that json writes, and refuse values without a canonical form."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise NotCanonical("an integer beyond 2^53 - 1")
        return int(value)
    if depth == MAX_DEPTH:
        raise NotCanonical("more than 16 levels")
    if isinstance(value, Mapping):
        return {_key(key): _plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, depth + 1) for item in value]
    raise NotCanonical(f"{type(value).__name__} has no canonical form")


def _key(key: object) -> str:
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise NotCanonical("a key outside [a-z0-9_]+")
    return str(key)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotCanonical("a key that occurs twice")
    return value


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise NotCanonical("an integer beyond 2^53 - 1")
    return int(text)


def _refuse_number(_: str) -> NoReturn:
    raise NotCanonical("a fraction")
