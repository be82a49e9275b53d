"""Type checks of values in authentic metadata: objects, lists, strings and numbers."""

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from shield_core.errors import PayloadInvalid

_SHA256 = re.compile(r"[0-9a-f]{64}")


def keys(value: object, names: AbstractSet[str]) -> Mapping[str, Any]:
    """Return an object with exactly these keys.

    Raises:
        PayloadInvalid: the value is anything else, as for all functions here.
    """
    if not isinstance(value, dict) or value.keys() != names:
        raise PayloadInvalid("keys that do not belong, or are missing")
    return value


def items(value: object, limit: int) -> Sequence[Any]:
    """Return a list of at most `limit` items."""
    if not isinstance(value, list) or len(value) > limit:
        raise PayloadInvalid("not a list, or one that is too long")
    return value


def digest(value: object) -> str:
    """Return the SHA-256, 64 hexadecimal digits in lower case."""
    if not isinstance(value, str) or not _SHA256.fullmatch(value):
        raise PayloadInvalid("not a SHA-256")
    return value


def text(value: object) -> str:
    """Return a string."""
    if not isinstance(value, str):
        raise PayloadInvalid("not a text")
    return value


def boolean(value: object) -> bool:
    """Return true or false."""
    if not isinstance(value, bool):
        raise PayloadInvalid("neither true nor false")
    return value


def whole(value: object, limit: int) -> int:
    """Return a whole number from 0 to below the limit."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise PayloadInvalid("not a number of this kind")
    return value
