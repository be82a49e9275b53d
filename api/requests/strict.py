"""Strict readers of JSON, URL-encoded forms and queries: UTF-8, each name once, without U+0000 (I-JSON, RFC 7493).

Two readers of one document must not come to different results, and PostgreSQL stores neither U+0000 nor half of a
surrogate pair. So doubtful input is refused here, for every route, before any value is used.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import unquote_to_bytes

from fastapi.exceptions import RequestValidationError
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers

from api.errors import UnsupportedMediaType
from api.schemas.strict import unknown_field

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
MAX_DEPTH = 16
"""The deepest document that a route takes has two levels."""

MAX_INTEGER = 2**53 - 1
"""Beyond it readers round differently (RFC 7493, section 2.2)."""

UNFIT = re.compile("[\\x00\\ud800-\\udfff]")
BROKEN_PERCENT = re.compile(rb"%(?![0-9A-Fa-f]{2})")
NOT_TEXT = "The text is not UTF-8, or holds U+0000 or half of a surrogate pair"
TWICE = "The field is there twice"


def demand_media_type(headers: Headers, expected: str) -> None:
    """Refuse a body with another media type.

    Raises:
        UnsupportedMediaType: another media type, none, several, or a charset that is not UTF-8.
    """
    given = headers.getlist("content-type")
    media_type, parameters = parse_options_header(given[0] if len(given) == 1 else None)
    charset = parameters.get(b"charset", b"utf-8").lower()
    if media_type != expected.encode() or charset not in {b"utf-8", b"utf8"}:
        raise UnsupportedMediaType(f"Send {expected}, in UTF-8")


def read_json(body: bytes) -> Any:
    """Read a JSON document.

    Raises:
        RequestValidationError: it is not UTF-8 or not JSON, has a name twice in one object, U+0000 or half of a
            surrogate pair in a text, a number that readers round differently, or more levels than any route takes.
    """
    try:
        document = json.loads(
            _decode(body, "body"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_number,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError:
        _refuse("json_invalid", "Not a JSON document")
    except RecursionError:
        _refuse("json_depth", f"More than {MAX_DEPTH} levels")
    _check(document, MAX_DEPTH)
    return document


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Read a URL-encoded form.

    Raises:
        RequestValidationError: it is not UTF-8 or badly encoded, has U+0000 in a text, or a field twice.
    """
    pairs = list(_pairs(body, "body"))
    if len({name for name, _ in pairs}) < len(pairs):
        _refuse("duplicate_field", TWICE)
    return pairs


def check_query(query: bytes, known: Mapping[str, bool]) -> None:
    """Refuse a query that could be misunderstood; `known` says of each parameter whether it may come several times.

    Raises:
        RequestValidationError: it is not UTF-8 or badly encoded, or has U+0000, an unknown parameter, or one twice.
    """
    seen = set()
    for name, _ in _pairs(query, "query"):
        if name not in known:
            _refuse("unknown_field", str(unknown_field(known)) if known else "There is no parameter here", "query")
        if name in seen and not known[name]:
            _refuse("duplicate_field", TWICE, "query", name)
        seen.add(name)


def decode(data: bytes) -> str:
    """Read a text.

    Raises:
        UnicodeDecodeError: it is not UTF-8, or holds U+0000, which PostgreSQL does not store.
    """
    text = data.decode()
    if "\0" in text:
        raise UnicodeDecodeError("utf-8", data, data.index(0), data.index(0) + 1, "U+0000")
    return text


def _pairs(encoded: bytes, place: str) -> Iterator[tuple[str, str]]:
    if BROKEN_PERCENT.search(encoded):
        _refuse("not_text", NOT_TEXT, place)
    for pair in filter(None, encoded.split(b"&")):
        name, _, value = pair.replace(b"+", b" ").partition(b"=")
        yield _decode(unquote_to_bytes(name), place), _decode(unquote_to_bytes(value), place)


def _decode(data: bytes, place: str) -> str:
    try:
        return decode(data)
    except UnicodeDecodeError:
        _refuse("not_text", NOT_TEXT, place)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        _refuse("duplicate_field", "A name is there twice in one object")
    return found


def _integer(digits: str) -> int:
    # Its length first: Python refuses to convert thousands of digits, and takes long for fewer.
    if len(digits) > len(str(-MAX_INTEGER)) or abs(int(digits)) > MAX_INTEGER:
        _no_number(digits)
    return int(digits)


def _number(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_number(digits)


def _no_number(_: str) -> NoReturn:
    _refuse("number_range", "A number is beyond what every reader reads alike")


def _check(value: Any, depth: int) -> None:
    if isinstance(value, str):
        if UNFIT.search(value):
            _refuse("not_text", NOT_TEXT)
    elif isinstance(value, dict | list):
        if not depth:
            _refuse("json_depth", f"More than {MAX_DEPTH} levels")
        for one in (*value, *value.values()) if isinstance(value, dict) else value:
            _check(one, depth - 1)


def _refuse(kind: str, message: str, place: str = "body", name: str | None = None) -> NoReturn:
    raise RequestValidationError([{"type": kind, "loc": (place, name) if name else (place,), "msg": message}])
