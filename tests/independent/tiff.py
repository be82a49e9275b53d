"""TIFF, rebuilt (docs/reference/format.md, "Rebuilding"): byte for byte if it is not compressed."""

import zlib
from typing import Any, Literal, NamedTuple

from .canonical import from_b64, has_keys, is_integer
from .failures import demand
from .png import Geometry

_KEPT = (270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 700, 33432, 33723, 34665, 34675, 34853)
_DIRECTORIES = {None: (34665, 34853), 34665: (40965,)}  # which directories stand in which
_NOWHERE_ELSE = (34665, 34853, 40965)
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_SHORT, _LONG = 3, 4
_STRIP = 262_144
_MOST_FIELDS = 65_535
_WORDS = {"II": "little", "MM": "big"}

Order = Literal["little", "big"]


class Field(NamedTuple):
    kind: int
    count: int
    value: bytes


Directory = dict[int, "Field | Directory"]


def rebuild_tiff(instructions: dict[str, Any], geometry: Geometry, samples: bytes) -> bytes:
    demand(has_keys(instructions, "as", "order", "packed", "tags"), "other keys")
    order, packed = instructions["order"], instructions["packed"]
    demand(isinstance(order, str) and order in _WORDS, "another byte order")
    demand(isinstance(packed, bool), "packed is neither true nor false")
    kept = read_directory(instructions["tags"], None)
    demand(set(kept) <= set(_KEPT), "a tag that is not kept")
    file = _File(order)
    pictures = file.strips(samples, geometry, packed=packed)
    return file.finish({**kept, **_own_fields(geometry, pictures, file.order, packed=packed)})


def read_directory(tags: Any, inside: int | None) -> Directory:
    """Return the fields of a strictly ascending list of tags; `inside` is the tag of their directory."""
    demand(isinstance(tags, list), "tags are no list")
    directory: Directory = {}
    for one in tags:
        demand(isinstance(one, dict) and is_integer(one.get("tag"), 0, 65_535), "a field without a tag")
        demand(one["tag"] > next(reversed(directory), -1), "tags do not ascend strictly")
        if one["tag"] in _DIRECTORIES.get(inside, ()):
            demand(has_keys(one, "tag", "tags"), "a directory with other keys")
            directory[one["tag"]] = read_directory(one["tags"], one["tag"])
        else:
            demand(one["tag"] not in _NOWHERE_ELSE, "a directory elsewhere")
            directory[one["tag"]] = _field(one)
    return directory


def _field(one: dict[str, Any]) -> Field:
    demand(has_keys(one, "count", "tag", "type", "value_b64"), "a field with other keys")
    demand(is_integer(one["type"]) and one["type"] in _SIZES, "a field of another type")
    demand(is_integer(one["count"], 1, 2**32 - 1), "a field of another count")
    value = from_b64(one["value_b64"])
    demand(len(value) == one["count"] * _SIZES[one["type"]], "a value of another length")
    return Field(one["type"], one["count"], value)


class _Strips(NamedTuple):
    rows: int
    offsets: list[int]
    lengths: list[int]


class _File:
    """The bytes of a TIFF, written from the front; the offset of the outer directory is filled in at the end."""

    def __init__(self, order: str) -> None:
        self.order: Order = "little" if order == "II" else "big"
        self._data = bytearray(order.encode() + (42).to_bytes(2, self.order) + bytes(4))

    def strips(self, samples: bytes, geometry: Geometry, *, packed: bool) -> _Strips:
        rows = max(1, _STRIP // geometry.row_size)
        size = rows * geometry.row_size
        strips = [
            _strip(samples[at : at + size], geometry, self.order, packed=packed) for at in range(0, len(samples), size)
        ]
        return _Strips(rows, [self._append(one) for one in strips], [len(one) for one in strips])

    def finish(self, directory: Directory) -> bytes:
        self._data[4:8] = self._directory(directory).to_bytes(4, self.order)
        return bytes(self._data)

    def _directory(self, directory: Directory) -> int:
        """Write a directory, from the inside out; return its offset."""
        demand(len(directory) <= _MOST_FIELDS, "a directory of too many fields")
        fields = {
            tag: _numbers(_LONG, self.order, self._directory(one)) if isinstance(one, dict) else one
            for tag, one in sorted(directory.items())
        }
        table = len(fields).to_bytes(2, self.order)
        for tag, (kind, count, value) in fields.items():
            place = value.ljust(4, b"\0") if len(value) <= 4 else self._append(value).to_bytes(4, self.order)
            table += tag.to_bytes(2, self.order) + kind.to_bytes(2, self.order) + count.to_bytes(4, self.order) + place
        return self._append(table + bytes(4))

    def _append(self, data: bytes) -> int:
        """Write at the next even offset, and return the offset."""
        self._data += bytes(len(self._data) % 2)
        self._data += data
        return len(self._data) - len(data)


def _strip(samples: bytes, geometry: Geometry, order: Order, *, packed: bool) -> bytes:
    """Return rows of samples in the file's byte order; if packed, as differences in one zlib stream."""
    size = geometry.depth // 8
    rows = []
    for at in range(0, len(samples), geometry.row_size):
        row = samples[at : at + geometry.row_size]
        numbers = [int.from_bytes(row[i : i + size], "big") for i in range(0, len(row), size)]
        if packed:
            numbers = _differences(numbers, geometry.pixel_size // size, 256**size)
        rows.append(b"".join(number.to_bytes(size, order) for number in numbers))
    return zlib.compress(b"".join(rows)) if packed else b"".join(rows)


def _differences(numbers: list[int], channels: int, modulus: int) -> list[int]:
    left = [0] * channels + numbers
    return [(number - left[i]) % modulus for i, number in enumerate(numbers)]


def _own_fields(geometry: Geometry, strips: _Strips, order: Order, *, packed: bool) -> Directory:
    channels = geometry.pixel_size * 8 // geometry.depth
    own: Directory = {
        256: _numbers(_LONG, order, geometry.width),
        257: _numbers(_LONG, order, geometry.height),
        258: _numbers(_SHORT, order, *[geometry.depth] * channels),
        259: _numbers(_SHORT, order, 8 if packed else 1),
        262: _numbers(_SHORT, order, 2 if channels >= 3 else 1),
        273: _numbers(_LONG, order, *strips.offsets),
        277: _numbers(_SHORT, order, channels),
        278: _numbers(_LONG, order, strips.rows),
        279: _numbers(_LONG, order, *strips.lengths),
        284: _numbers(_SHORT, order, 1),
    }
    if packed:
        own[317] = _numbers(_SHORT, order, 2)
    if channels in (2, 4):
        own[338] = _numbers(_SHORT, order, 2)
    return own


def _numbers(kind: int, order: Order, *numbers: int) -> Field:
    return Field(kind, len(numbers), b"".join(number.to_bytes(_SIZES[kind], order) for number in numbers))
