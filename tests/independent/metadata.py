"""The metadata object (docs/reference/format.md, "Metadata") and its `source` (docs/reference/format.md, "Source")."""

import re
from typing import Any

from .canonical import compact, has_keys, is_hex_digest, is_integer, parse
from .ciphers import open_gcm
from .failures import demand
from .header import Header
from .keyfile import KeyFile

_KEYS = ("version", "job_id", "purity", "statement_sha256", "payload_sha256", "original_sha256", "source")
_SOURCE = ("format", "mode", "bit_depth", "file_name", "rebuild")
_REBUILT_AS = {"PNG": "PNG", "JPEG": "PNG", "WEBP": "PNG", "BMP": "BMP", "TIFF": "TIFF"}
_MODES = {(0, 8): "L", (0, 16): "I;16", (2, 8): "RGB", (4, 8): "LA", (6, 8): "RGBA"}
_MODES_OF = {"JPEG": ("L", "RGB"), "WEBP": ("RGB", "RGBA"), "BMP": ("L", "RGB")}
_BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
_MEDIA_TYPE = re.compile(f"{_TOKEN}/{_TOKEN}", re.ASCII)
_MODE = re.compile(r"[!-~]{1,16}", re.ASCII)


def open_metadata(header: Header, key_file: KeyFile, key: bytes) -> dict[str, Any]:
    """Step 11: check the first table; of `source`, check only that it is an object."""
    metadata = parse(open_gcm(key, bytes(12), b"", header.metadata), compact)
    demand(has_keys(metadata, *_KEYS), "other keys")
    demand(is_integer(metadata["version"], 1, 1), "another version")
    demand(isinstance(metadata["job_id"], str), "job_id is no string")
    demand(metadata["purity"] == header.purity == key_file.purity, "three purities that are not one")
    digests = (metadata[name] for name in ("statement_sha256", "payload_sha256", "original_sha256"))
    demand(all(is_hex_digest(one) for one in digests), "not a digest")
    demand(metadata["statement_sha256"] == key_file.statement_sha256, "another statement than the key file's")
    demand(isinstance(metadata["source"], dict), "source is no object")
    return metadata  # type: ignore[no-any-return]


def check_source(source: dict[str, Any], header: Header) -> None:
    """Step 13: check the keys, their types, and that they agree with the header."""
    name = source.get("file_name")
    demand(name is None or isinstance(name, str), "file_name is neither string nor null")
    if header.version == 2:
        _check_other(source)
        return
    demand(has_keys(source, *_SOURCE), "other keys")
    demand(isinstance(source["format"], str) and source["format"] in _REBUILT_AS, "another format")
    demand(is_integer(source["bit_depth"], 1, 64), "another bit depth")
    demand(isinstance(source["mode"], str) and _MODE.fullmatch(source["mode"]) is not None, "another mode")
    if header.layout == "file":
        demand(source["rebuild"] is None, "a file that is to be rebuilt")
        return
    demand(source["mode"] == _MODES[header.geometry.color, header.geometry.depth], "another mode than the header's")
    demand(source["mode"] in _MODES_OF.get(source["format"], _MODES.values()), "a mode that this format does not have")
    demand(source["bit_depth"] == header.geometry.depth, "another bit depth than the header's")
    demand(isinstance(source["rebuild"], dict), "pixels without rebuild")
    demand(source["rebuild"].get("as") == _REBUILT_AS[source["format"]], "one format that comes back as another")


def _check_other(source: dict[str, Any]) -> None:
    demand(has_keys(source, *_SOURCE, "media_type"), "other keys")
    demand(source["format"] == "OTHER", "version 2 with a format of version 1")
    demand(all(source[key] is None for key in ("mode", "bit_depth", "rebuild")), "not null")
    kind = source["media_type"]
    named = isinstance(kind, str) and len(kind) <= 127 and _MEDIA_TYPE.fullmatch(kind) is not None
    demand(kind is None or named, "another media type")


def begins_as(file: bytes, format_name: str) -> bool:
    """Return whether the file begins like its format; OTHER is not compared."""
    if format_name == "BMP":
        return file[:2] == b"BM" and len(file) >= 18 and int.from_bytes(file[14:18], "little") in _BMP_HEADERS
    if format_name == "WEBP":
        return file[:4] == b"RIFF" and file[8:12] == b"WEBP"
    magics = {
        "PNG": (b"\x89PNG\r\n\x1a\n",),
        "JPEG": (b"\xff\xd8\xff",),
        "TIFF": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    }
    return format_name == "OTHER" or file.startswith(magics[format_name])
