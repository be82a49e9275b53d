"""The restored file: the original for `file`, else a PNG, BMP or TIFF (docs/reference/format.md, "Rebuilding")."""

import hashlib
from collections.abc import Callable
from math import isqrt
from typing import Any

from .bmp import rebuild_bmp
from .canonical import from_b64, has_keys
from .failures import demand
from .metadata import begins_as
from .png import Geometry, chunk, write_plain
from .tiff import rebuild_tiff

_CHUNKS = ("iCCP", "eXIf", "pHYs", "tEXt", "zTXt", "iTXt", "tIME", "sRGB", "gAMA", "cHRM", "cICP", "sBIT", "bKGD")
_MOST_CHUNKS = 65_536
_SMALLEST = 16


def rebuild(instructions: dict[str, Any], geometry: Geometry, samples: bytes) -> bytes:
    makers: dict[str, Callable[[dict[str, Any], Geometry, bytes], bytes]] = {
        "PNG": rebuild_png,
        "BMP": rebuild_bmp,
        "TIFF": rebuild_tiff,
    }
    return makers[instructions["as"]](instructions, geometry, samples)


def rebuild_png(instructions: dict[str, Any], geometry: Geometry, samples: bytes) -> bytes:
    demand(has_keys(instructions, "as", "chunks") and isinstance(instructions["chunks"], list), "other keys")
    demand(len(instructions["chunks"]) <= _MOST_CHUNKS, "too many chunks")
    sides = {"before": b"", "after": b""}
    for one in instructions["chunks"]:
        demand(has_keys(one, "data_b64", "place", "type"), "a chunk with other keys")
        demand(isinstance(one["place"], str) and one["place"] in sides, "a chunk at another place")
        demand(one["type"] in _CHUNKS, "a chunk that is not kept")
        sides[one["place"]] += chunk(one["type"].encode(), from_b64(one["data_b64"]))
    return write_plain(geometry, samples, sides["before"], sides["after"])


def unpack_file(payload: bytes, geometry: Geometry, metadata: dict[str, Any]) -> bytes:
    """Return the original file from u64 length ‖ file ‖ zero padding; its picture must be the smallest."""
    length = int.from_bytes(payload[:8], "big")
    pixels = -(-(8 + length) // 3)
    width = max(_SMALLEST, isqrt(pixels - 1) + 1)
    demand(
        (geometry.width, geometry.height) == (width, max(_SMALLEST, -(-pixels // width))),
        "another size for this length",
    )
    file, padding = payload[8 : 8 + length], payload[8 + length :]
    demand(not any(padding), "padding that is not zero")
    demand(hashlib.sha256(file).hexdigest() == metadata["original_sha256"], "another file")
    demand(begins_as(file, metadata["source"]["format"]), "a file that begins as another format")
    return file
