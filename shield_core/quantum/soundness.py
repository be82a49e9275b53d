"""Checks of an untrusted entropy statement: docs/explanation/entropy.md, "The statement".

Every statement that a writer of version 1 writes passes. The checks do not show that it is true: the signer vouches for
that, and nobody can prove it.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from shield_core.errors import ReceiptInvalid
from shield_core.quantum.conditioner import OS_BYTES
from shield_core.quantum.sources import SourceKind
from shield_core.quantum.statement import FORMAT, VERSION

PURITIES: Final = frozenset({"fast", "balanced", "multistage", "maximum"})
VERDICTS: Final = frozenset({"passed", "failed", "not-run"})

_KEY_ID: Final = re.compile(r"key_[0-9a-f]{32}", re.ASCII)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
_LONGEST_NAME: Final = 256
_ADDED: Final = frozenset({"segments", "lanes"})
"""Fields introduced with `multistage` and `maximum`, like `draws` and `strength_bits`: older statements lack them."""


def check(statement: object) -> None:
    """Refuse a statement that no writer writes.

    Args:
        statement: a value that canonical JSON can hold.

    Raises:
        ReceiptInvalid: a missing or additional field, a field of the wrong kind, or values that exclude each other: for
            example a simulator that is credited with entropy, or more credit than bits.
    """
    value = _object(statement, "statement")
    if value.get("format") != FORMAT or type(value.get("version")) is not int or value["version"] != VERSION:
        raise ReceiptInvalid("The statement is none of version 1")
    if value.keys() not in (_FIELDS.keys(), _FIELDS.keys() - _ADDED):
        raise ReceiptInvalid("The statement has a missing or additional field")
    for name, part in value.items():
        _demand(_FIELDS[name](part), name)
    _check_credit(value)


def _check_credit(value: Mapping[str, Any]) -> None:
    (part, whole), kind = value["source"]["credited_bits_per_bit"], value["source"]["kind"]
    _demand(0 <= part <= whole and whole > 0 and (kind != SourceKind.SIMULATED or part == 0), "source")
    for name in ("raw", "segments", "lanes"):
        if value.get(name) is not None:
            _demand(value[name]["credited_bits"] * whole <= value[name]["bits"] * part, name)


def _demand(sound: bool, name: str) -> None:
    if not sound:
        raise ReceiptInvalid(f"The statement's {name} cannot be")


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ReceiptInvalid(f"{name} is not an object")
    return value


def _is_name(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_text(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


def _or_null(is_sound: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or is_sound(value)


def _one_of(values: frozenset[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and value in values


def _with(*optional: str, **parts: Callable[[object], bool]) -> Callable[[object], bool]:
    """Accept objects that have at least these fields; a source may add others about itself."""
    return lambda value: (
        isinstance(value, dict)
        and all(is_sound(value[name]) if name in value else name in optional for name, is_sound in parts.items())
    )


def _is_fraction(value: object) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [int, int]


_MEASURED: Final[Mapping[str, Callable[[object], bool]]] = {
    "draws": _is_count,
    "bits": _is_count,
    "shots": _or_null(_is_count),
    "credited_bits": _is_count,
    "measured_at": _or_null(_is_text(_TIME)),
}
_FIELDS: Final[Mapping[str, Callable[[object], bool]]] = {
    "format": _is_name,
    "version": _is_count,
    "key_id": _is_text(_KEY_ID),
    "job_id": _is_name,
    "purity": _with(
        requested=_one_of(PURITIES), served=_one_of(PURITIES), reason=_or_null(lambda value: isinstance(value, str))
    ),
    "degraded": lambda value: isinstance(value, bool),
    "source": _with(
        name=_is_name,
        kind=_one_of(frozenset(SourceKind)),
        credited_bits_per_bit=_is_fraction,
        description=lambda value: isinstance(value, dict),
    ),
    "raw": _with("draws", **_MEASURED),
    "segments": _or_null(_with(seeds=_is_count, seed_bits=_is_count, **_MEASURED)),
    "lanes": _or_null(_with(discarded=_is_count, health=_with(verdict=_one_of(VERDICTS)), **_MEASURED)),
    "pool": _or_null(_with(waiting_bits=_is_count, topped_up=lambda value: isinstance(value, bool))),
    "health": _with(verdict=_one_of(VERDICTS)),
    # Every writer uses the operating system's bits for a key; its strength rests on them.
    "system": _with(generator=_is_name, bits=lambda value: type(value) is int and value >= OS_BYTES * 8),
    "conditioning": _with("strength_bits", function=_is_name, seed_bits=_is_count, strength_bits=_is_count),
    "started_at": _is_text(_TIME),
    "finished_at": _is_text(_TIME),
}
