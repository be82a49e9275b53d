"""Range and conditional requests (RFC 9110, sections 13 and 14): which part of a file to send, or none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers

from api.errors import PreconditionFailed, RangeNotSatisfiable

_RANGES = re.compile(r"bytes=([0-9,\- \t]+)", re.ASCII | re.IGNORECASE)
_ONE = re.compile(r"([0-9]*)-([0-9]*)", re.ASCII)
_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_DIGITS = 19
"""More digits than the size of any file has: a longer number is too large without reading it."""


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes of a file from `start` on and before `stop`."""

    start: int
    stop: int
    size: int

    @property
    def whole(self) -> bool:
        return self.stop - self.start == self.size

    @property
    def content_range(self) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{self.size}"


def demand_match(headers: Headers, etag: str) -> None:
    """Refuse a request for other bytes: it has `If-Match`, and that is neither the tag of these bytes nor `*`.

    Raises:
        PreconditionFailed: the header names another file, or no file. A weak tag does not count.
    """
    given = headers.getlist("if-match")
    if given and not _names(given, etag, strong=True):
        raise PreconditionFailed


def is_known(headers: Headers, etag: str) -> bool:
    """Return whether the caller has these bytes: `If-None-Match` has their tag, or `*`."""
    return _names(headers.getlist("if-none-match"), etag, strong=False)


def _names(given: Sequence[str], etag: str, *, strong: bool) -> bool:
    listed = ", ".join(given)
    tags = [tag for weak, tag in _TAG.findall(listed) if not (weak and strong)]
    return listed.strip() == "*" or f'"{etag}"' in tags


def read_range(headers: Headers, *, etag: str, size: int) -> Part | None:
    """Read `Range`; None if the whole file is to be sent.

    That is so if the header is malformed or names several ranges, which a server may ignore, and if `If-Range` names
    other bytes. A date in `If-Range` never matches: the answers here have no `Last-Modified`.

    Raises:
        RangeNotSatisfiable: no byte of the range is in the file.
    """
    given, condition = headers.getlist("range"), headers.getlist("if-range")
    if len(given) != 1 or (condition and condition != [f'"{etag}"']):
        return None
    ranges = _RANGES.fullmatch(given[0].strip())
    wanted = [one.strip() for one in ranges[1].split(",") if one.strip()] if ranges else []
    one = _ONE.fullmatch(wanted[0]) if len(wanted) == 1 else None
    if one is None or one.groups() == ("", ""):
        return None
    first, last = (_number(text) for text in one.groups())
    if first is None:
        start, stop = max(0, size - (last or 0)), size
    elif last is not None and last < first:
        return None
    else:
        start, stop = first, size if last is None else min(size, last + 1)
    if start >= stop:
        raise RangeNotSatisfiable(size)
    return Part(start, stop, size)


def _number(text: str) -> int | None:
    digits = text.lstrip("0") or text[:1]
    return None if not digits else int(digits) if len(digits) <= _DIGITS else 10**_DIGITS
