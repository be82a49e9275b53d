"""Image vectors with one fault: in the PNG, the header, the data that the tag covers, or the metadata."""

import dataclasses
import json
import struct
import zlib
from hashlib import sha256

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.encrypted import png
from shield_core.image.payload import Layout
from tests.support import pictures
from tests.vectors.images import Making, chunk, own_chunk, patched, picture


def vectors():
    """Yield name, expectation, comment, the making and the file, as `images.vectors`."""
    yield from _header()
    yield from _png()
    yield from _commitment()
    yield from _mac()
    yield from _metadata()
    yield from _source()
    yield from _file()


def _header():
    changes = {
        "magic": (0, b"QSIT", "a header that begins with QSIT"),
        "version_0": (4, b"\x00", "version 0"),
        "layout_0": (6, b"\x00", "layout 0"),
        "purity_0": (7, b"\x00", "purity 0"),
        "purity_5": (7, b"\x05", "purity 5"),
        "purity_4": (7, b"\x04", "purity 4 without material"),
        "flag_2": (9, b"\x04", "flag bit 2"),
        "flag_15": (8, b"\x80", "flag bit 15"),
        "width_0": (82, bytes(4), "no width"),
        "height_0": (86, bytes(4), "no height"),
        "height": (89, b"\x06", "a height that is not IHDR's"),
        "bit_depth_16": (90, b"\x10", "a bit depth that is not IHDR's"),
        "color_type_2": (91, b"\x02", "a color type that is not IHDR's"),
        "layout_file": (6, b"\x02", "the layout file with gray samples"),
        "digest_last": (123, b"\x01", "a material digest of which only the last byte is not zero, without the flag"),
        "metadata_length_15": (126, b"\x00\x00\x00\x0f", "a metadata length below a tag's"),
        "metadata_length_high": (126, b"\x7f\xff\xff\xff", "a metadata length of 2^31 - 1"),
    }
    for name, (at, value, comment) in changes.items():
        making = Making(f"more {name}", picture())
        yield f"header_{name}", "header", comment, making, patched(making.image(), at, value)
    for name, size, comment in (("cut", 60, "a qsIS of 60 bytes"), ("short", 129, "a qsIS of 129 bytes")):
        making = Making(f"own {name}", picture())
        yield f"header_own_{name}", "header", comment, making, _with_own(making.image(), lambda own, n=size: own[:n])
    making = Making("own long", picture())
    image = _with_own(making.image(), lambda own: own + b"\0")
    yield "header_own_long", "header", "a byte behind the tag in qsIS", making, image


def _png():
    changes = {
        "compression": (_ihdr(26, 1), "compression method 1 in IHDR"),
        "filter_method": (_ihdr(27, 1), "filter method 1 in IHDR"),
        "own_twice": (lambda parts: [parts[0], parts[1], *parts[1:]], "two chunks qsIS"),
        "own_behind": (lambda parts: [parts[0], parts[2], parts[1], parts[3]], "qsIS behind IDAT"),
        "two_idat": (_split, "the same data in two IDAT chunks"),
        "empty_idat": (lambda parts: [*parts[:3], (b"IDAT", b""), parts[3]], "an empty IDAT at the end"),
        "gamma": (lambda parts: [parts[0], (b"gAMA", b"\0\0\xb1\x8f"), *parts[1:]], "a chunk gAMA behind IHDR"),
        "iend_data": (lambda parts: [*parts[:3], (b"IEND", b"\0")], "an IEND with a byte"),
        "iend_twice": (lambda parts: [*parts, (b"IEND", b"")], "two IEND"),
        "zlib_head": (_idat(lambda data: b"\x78\xda" + data[2:]), "another first two bytes of the zlib stream"),
        "two_blocks": (_idat(_two_blocks), "two stored blocks where one holds it"),
        "empty_block": (_idat(lambda data: data[:2] + b"\0\0\0\xff\xff" + data[2:]), "an empty stored block in front"),
        "not_final": (_idat(lambda data: data[:2] + b"\0" + data[3:]), "a last block that is not marked as the last"),
        "block_length": (
            _idat(lambda data: data[:5] + b"\0\0" + data[7:]),
            "a block length and its complement that do not fit",
        ),
        "filter_up": (_idat(_filter_up), "a row with the filter Up"),
        "long_idat": (_idat(lambda data: data + b"\0"), "a byte behind the Adler-32"),
    }
    for name, (change, comment) in changes.items():
        making = Making(f"png {name}", picture())
        image = making.image()
        made = image[:8] + b"".join(chunk(kind, data) for kind, data in change(_chunks(image)))
        yield f"header_png_{name}", "header", comment, making, made


def _commitment():
    for name, at, comment in (("nonce", 26, "one bit of the nonce"), ("commitment", 50, "one bit of the commitment")):
        making = Making(f"commitment {name}", picture())
        image = making.image()
        flipped = bytes([own_chunk(image)[0][at] ^ 1])
        yield f"commitment_{name}", "commitment", comment, making, patched(image, at, flipped)


def _mac():
    making = Making("mac key id", picture())
    yield "mac_key_id", "mac", "another key id", making, patched(making.image(), 25, b"\x00")
    making = Making("mac purity", picture())
    yield "mac_purity", "mac", "the purity fast in the header", making, patched(making.image(), 7, b"\x01")
    for name, comment, change in (
        ("rows", "two rows exchanged", lambda samples: samples.reshape(5, 6)[[1, 0]].reshape(-1, 1)),
        ("zeros", "samples that are all zero", lambda samples: samples[:12] * 0),
    ):
        making = Making(f"mac {name}", picture())
        header, samples, mac = making.parts()
        samples[:12] = change(samples)
        yield f"mac_{name}", "mac", comment, making, bytes(png.write(header, mac, samples))
    making = Making("mac zero", picture())
    header, samples, _ = making.parts()
    yield "mac_tag_zero", "mac", "a tag that is all zero", making, bytes(png.write(header, bytes(32), samples))
    making, other = Making("mac of one", picture()), Making("mac of another", picture())
    header, samples, _ = making.parts()
    foreign = other.parts()[2]
    yield "mac_tag_foreign", "mac", "the tag of another image", making, bytes(png.write(header, foreign, samples))


class Raw(Making):
    """An image with the given metadata, written unchanged."""

    raw = b""

    def header(self):
        sealed = AESGCM(self.keys.metadata).encrypt(bytes(12), self.raw, None)
        return dataclasses.replace(super().header(), metadata=sealed)


def _metadata():
    changes = {
        "empty": (lambda about: b"", "no metadata at all"),
        "no_json": (lambda about: b"{", "metadata that are no JSON"),
        "list": (lambda about: b"[]", "metadata that are a list"),
        "spaces": (lambda about: json.dumps(about, sort_keys=True).encode(), "metadata with white space"),
        "unsorted": (_unsorted, "keys that do not ascend"),
        "escaped": (lambda about: _compact(about).replace(b"vector", b"\\u0076ector"), "a letter that is escaped"),
        "fraction": (lambda about: _compact(about).replace(b'"version":1', b'"version":1.0'), "a fraction"),
        "twice": (lambda about: b'{"job_id":"vector",' + _compact(about)[1:], "a key that stands twice"),
        "deep": (lambda about: _compact(about | {"source": _nested(20)}), "more than 16 levels"),
        "missing_key": (lambda about: _compact({k: v for k, v in about.items() if k != "job_id"}), "no job_id"),
        "job_id_number": (lambda about: _compact(about | {"job_id": 1}), "a job_id that is a number"),
        "version_true": (lambda about: _compact(about | {"version": True}), "the version true"),
    }
    for name, (change, comment) in changes.items():
        making = Raw(f"metadata {name}", picture())
        making.raw = change(making.about)
        yield f"payload_metadata_{name}", "payload", comment, making, making.image()
    making = Making("metadata foreign key", picture())
    sealed = AESGCM(bytes(32)).encrypt(bytes(12), _compact(making.about), None)
    header = making.header()
    making.header = lambda: dataclasses.replace(header, metadata=sealed)
    yield "payload_metadata_key", "payload", "metadata under another key", making, making.image()


def _source():
    changes = {
        "digest_upper": (
            lambda about: about.update(payload_sha256=about["payload_sha256"].upper()),
            "a digest in capitals",
        ),
        "original_short": (lambda about: about.update(original_sha256="00"), "a digest of one byte"),
        "mode": (lambda about: about["source"].update(mode="RGB"), "a mode that is not the samples'"),
        "format": (lambda about: about["source"].update(format="GIF"), "a format that is not rebuilt as PNG"),
        "name_number": (lambda about: about["source"].update(file_name=7), "a file name that is a number"),
        "rebuild_null": (lambda about: about["source"].update(rebuild=None), "pixels that nothing says how to rebuild"),
        "rebuild_gif": (lambda about: about["source"].update(rebuild={"as": "GIF"}), "pixels to be rebuilt as a GIF"),
        "rebuild_bmp": (
            lambda about: about["source"].update(rebuild={"as": "BMP", "header_b64": "AAAA"}),
            "a BMP header of three bytes",
        ),
        "chunk_place": (_chunk_of(place="between"), "a kept chunk between"),
        "chunk_type": (_chunk_of(type="IDAT"), "a kept chunk IDAT"),
        "chunk_base64": (_chunk_of(data_b64="AB=="), "a kept chunk in Base64 that is not canonical"),
        "source_key": (lambda about: about["source"].update(more=1), "an additional key of the source"),
    }
    for name, (change, comment) in changes.items():
        making = Making(f"source {name}", picture())
        change(making.about)
        yield f"payload_source_{name}", "payload", comment, making, making.image()


def _file():
    data = pictures.as_jpeg(pictures.make(9, 7))
    changes = {
        "length_more": (lambda samples: (len(data) + 1).to_bytes(8, "big"), 0, "a length that is one too many"),
        "length_less": (lambda samples: (len(data) - 1).to_bytes(8, "big"), 0, "a length that is one too few"),
        "length_high": (lambda samples: b"\xff" * 8, 0, "a length of 2^64 - 1"),
        "byte": (lambda samples: b"\xfe", 8, "another first byte of the file, and its digest"),
    }
    for name, (change, at, comment) in changes.items():
        making = Making(f"file {name}", data, Layout.FILE)
        flat = making.content.samples.reshape(-1)
        new = change(flat)
        flat[at : at + len(new)] = list(new)
        _redigest(making)
        yield f"payload_file_{name}", "payload", comment, making, making.image()
    making = Making("file original", data, Layout.FILE)
    making.about["original_sha256"] = "ab" * 32
    yield "payload_file_original", "payload", "another digest of the original file", making, making.image()
    making = Making("file format", data, Layout.FILE)
    making.about["source"]["format"] = "PNG"
    yield "payload_file_format", "payload", "a JPEG that is said to be a PNG", making, making.image()


def _redigest(making):
    making.about["payload_sha256"] = sha256(making.content.samples.tobytes()).hexdigest()


def _compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _unsorted(value):
    members = [f'"{key}":'.encode() + _compact(value[key]) for key in sorted(value, reverse=True)]
    return b"{" + b",".join(members) + b"}"


def _nested(depth):
    return {"a": _nested(depth - 1)} if depth else {}


def _chunk_of(**changes):
    kept = {"data_b64": "YQBi", "place": "before", "type": "tEXt"} | changes
    return lambda about: about["source"].update(rebuild={"as": "PNG", "chunks": [kept]})


def _chunks(image):
    at, found = 8, []
    while at < len(image):
        size = int.from_bytes(image[at : at + 4], "big")
        found.append((image[at + 4 : at + 8], image[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def _with_own(image, change):
    body, start, end = own_chunk(image)
    return image[:start] + chunk(b"qsIS", change(bytes(body))) + image[end:]


def _ihdr(at, value):
    # Offsets as in the file: the data of IHDR begins at 16.
    def change(parts):
        (kind, data), *rest = parts
        return [(kind, data[: at - 16] + bytes([value]) + data[at - 15 :]), *rest]

    return change


def _split(parts):
    data = parts[2][1]
    return [*parts[:2], (b"IDAT", data[:20]), (b"IDAT", data[20:]), parts[3]]


def _idat(change):
    return lambda parts: [*parts[:2], (b"IDAT", change(parts[2][1])), parts[3]]


def _stored(raw, sizes):
    blocks, at = b"", 0
    for number, size in enumerate(sizes):
        final = number == len(sizes) - 1
        blocks += struct.pack("<BHH", final, size, size ^ 0xFFFF) + raw[at : at + size]
        at += size
    return b"\x78\x01" + blocks + struct.pack(">I", zlib.adler32(raw))


def _two_blocks(data):
    raw = zlib.decompress(data)
    return _stored(raw, [10, len(raw) - 10])


def _filter_up(data):
    raw = bytearray(zlib.decompress(data))
    above, below = raw[1:7], raw[8:14]
    raw[7:14] = bytes([2]) + bytes((b - a) & 0xFF for a, b in zip(above, below, strict=True))
    return _stored(bytes(raw), [len(raw)])
