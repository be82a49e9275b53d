"""A writer of TIFF files from pixels and the kept tags of the original (TIFF 6.0, sections 2, 4 and 14)."""

import io
import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from shield_core.image.formats.tiff_walk import KeptTag

_SHORT, _LONG = 3, 4
_STRIP_BYTES = 1 << 18
_LEVEL = 3
_NONE, _DEFLATE = 1, 8
_DIFFERENCES = 2
_UNASSOCIATED_ALPHA = 2
_INLINE = 4
_LIMIT_OF_COUNT = 2**16
_ORDERS: Final = {"II": "<", "MM": ">"}


@dataclass(frozen=True, slots=True)
class _Written:
    """A field with its values, in the byte order of the file."""

    tag: int
    kind: int
    count: int
    value: bytes


def write_tiff(
    samples: NDArray[np.uint8],
    *,
    width: int,
    height: int,
    bit_depth: int,
    order: str,
    packed: bool,
    tags: tuple[KeptTag, ...],
) -> bytes:
    """Write one page in strips, with Deflate and the difference predictor if the original was compressed.

    Args:
        samples: Shape (height · width, bytes per pixel), uint8; 16-bit samples big-endian.
        width: Pixels.
        height: Pixels.
        bit_depth: 8 or 16 bits per sample.
        order: "II" or "MM": the byte order of the file, and of the values in `tags`.
        packed: Whether to compress.
        tags: The kept tags of the original.

    Returns:
        The file.
    """
    out = io.BytesIO()
    sign = _ORDERS[order]
    out.write(order.encode() + struct.pack(sign + "HI", 42, 0))
    channels = samples.shape[1] * 8 // bit_depth
    rows = samples.reshape(height, width, -1)
    step = max(1, _STRIP_BYTES // (width * samples.shape[1]))
    strips = [
        _write_strip(out, rows[top : top + step], bit_depth, sign, packed=packed) for top in range(0, height, step)
    ]
    own = _describe(
        sign, strips, width=width, height=height, channels=channels, bit_depth=bit_depth, rows=step, packed=packed
    )
    place = _write_directory(out, sign, own, tags)
    out.seek(4)
    out.write(struct.pack(sign + "I", place))
    return out.getvalue()


def _write_strip(
    out: io.BytesIO, rows: NDArray[np.uint8], bit_depth: int, sign: str, *, packed: bool
) -> tuple[int, int]:
    wide = rows.view(">u2") if bit_depth == 16 else rows  # noqa: PLR2004 - bits
    if packed:
        wide = np.diff(wide, axis=1, prepend=np.zeros_like(wide[:, :1]))
    if bit_depth == 16:  # noqa: PLR2004 - bits
        wide = wide.astype(np.dtype(sign + "u2"))
    data = np.ascontiguousarray(wide).tobytes()
    place = _align(out)
    out.write(isal_zlib.compress(data, _LEVEL) if packed else data)
    return place, out.tell() - place


def _describe(
    sign: str,
    strips: list[tuple[int, int]],
    *,
    width: int,
    height: int,
    channels: int,
    bit_depth: int,
    rows: int,
    packed: bool,
) -> list[_Written]:
    color = channels > 2  # noqa: PLR2004 - gray, gray and alpha
    fields = {
        256: (_LONG, [width]),
        257: (_LONG, [height]),
        258: (_SHORT, [bit_depth] * channels),
        259: (_SHORT, [_DEFLATE if packed else _NONE]),
        262: (_SHORT, [2 if color else 1]),
        273: (_LONG, [place for place, _ in strips]),
        277: (_SHORT, [channels]),
        278: (_LONG, [rows]),
        279: (_LONG, [size for _, size in strips]),
        284: (_SHORT, [1]),
    }
    if packed:
        fields[317] = (_SHORT, [_DIFFERENCES])
    if channels in {2, 4}:
        fields[338] = (_SHORT, [_UNASSOCIATED_ALPHA])
    return [
        _Written(tag, kind, len(values), struct.pack(f"{sign}{len(values)}{'H' if kind == _SHORT else 'I'}", *values))
        for tag, (kind, values) in fields.items()
    ]


def _write_directory(out: io.BytesIO, sign: str, own: list[_Written], tags: tuple[KeptTag, ...]) -> int:
    """Write the values, the inner directories, then the directory; return its position."""
    fields = [*own, *(_write_kept(out, sign, tag) for tag in tags)]
    fields.sort(key=lambda field: field.tag)
    entries = [_write_field(out, sign, field) for field in fields]
    place = _align(out)
    out.write(struct.pack(sign + "H", len(entries)) + b"".join(entries) + bytes(4))
    return place


def _write_kept(out: io.BytesIO, sign: str, tag: KeptTag) -> _Written:
    if tag.kind:
        return _Written(tag.tag, tag.kind, tag.count, bytes(tag.value))
    return _Written(tag.tag, _LONG, 1, struct.pack(sign + "I", _write_directory(out, sign, [], tag.tags)))


def _write_field(out: io.BytesIO, sign: str, field: _Written) -> bytes:
    value = field.value
    if len(value) > _INLINE:
        place = _align(out)
        out.write(value)
        value = struct.pack(sign + "I", place)
    return struct.pack(sign + "HHI", field.tag, field.kind, field.count) + value.ljust(_INLINE, b"\x00")


def _align(out: io.BytesIO) -> int:
    if out.tell() % 2:
        out.write(b"\x00")
    return out.tell()
