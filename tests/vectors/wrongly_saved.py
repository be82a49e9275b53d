"""Vectors of detached decryption that fail: changed samples, wrong headers, converted and damaged pictures."""

import dataclasses
import zlib

import numpy as np

from shield_core.cipher.purity import Purity
from shield_core.encrypted.header import pack
from tests.vectors.detached import REGIONS, Saved
from tests.vectors.images import chunk, picture
from tests.vectors.purities import Measuring
from tests.vectors.saved_again import framed, ihdr, lines, save, with_palette


def vectors():
    """Yield name, expectation, comment, the making, header and tag, and the picture, as `detached.vectors`."""
    for name, expect, comment, saved, data, *front in (*_changed(), *_headers(), *_converted(), *_damaged()):
        yield f"{expect}_{name}", expect, comment, saved.making, front[0] if front else saved.front, data


def _changed():
    for name, mode, comment, change in (
        ("sample", "RGB", "the last bit of the last sample", _last_bit),
        ("swapped", "RGB", "red and blue exchanged", lambda pixels: pixels[..., ::-1]),
        ("brighter", "L", "gamma applied", lambda pixels: (255 * (pixels / 255) ** 0.9).astype(np.uint8)),
        ("mirrored", "RGB", "mirrored", lambda pixels: pixels[:, ::-1]),
        ("premultiplied", "RGBA", "color multiplied by alpha and divided again", _premultiplied),
        ("low_bytes", "I;16", "the two bytes of each sample exchanged", lambda pixels: pixels[..., ::-1]),
    ):
        saved = Saved(f"mac {name}", mode)
        saved.pixels = np.ascontiguousarray(change(saved.pixels))
        yield name, "mac", comment, saved, saved.save()
    saved = Saved(
        "mac regions", making=Measuring("detached mac regions", Purity.BALANCED, picture("RGB"), regions=REGIONS)
    )
    saved.pixels[0, 0, 0] ^= 1
    yield "outside_regions", "mac", "a sample outside of the regions", saved, saved.save()
    saved = Saved("mac tag")
    flipped = pack(saved.header) + bytes([saved.tag[0] ^ 1]) + saved.tag[1:]
    yield "tag", "mac", "one bit of the tag", saved, saved.save(), flipped
    saved = Saved("mac metadata")
    sealed = saved.header.metadata
    changed = dataclasses.replace(saved.header, metadata=sealed[:-1] + bytes([sealed[-1] ^ 1]))
    yield "metadata", "mac", "one bit of the metadata", saved, saved.save(), pack(changed) + saved.tag
    saved, other = Saved("mac of one"), Saved("mac of another")
    yield "foreign", "mac", "the picture of another image", saved, other.save()


def _headers():
    for name, comment, change in (
        ("empty", "no bytes", lambda front: b""),
        ("cut", "the last byte is missing", lambda front: front[:-1]),
        ("longer", "a byte behind the tag", lambda front: front + b"\0"),
        ("no_tag", "no tag", lambda front: front[:-32]),
        ("tag_alone", "the tag alone", lambda front: front[-32:]),
        ("magic", "another magic", lambda front: b"QSIX" + front[4:]),
        ("version_3", "version 3", lambda front: front[:4] + b"\3" + front[5:]),
        ("version_0", "version 0", lambda front: front[:4] + b"\0" + front[5:]),
        ("color_type_3", "color type 3", lambda front: front[:91] + b"\3" + front[92:]),
    ):
        saved = Saved(f"header {name}")
        yield name, "header", comment, saved, saved.save(), change(saved.front)
    saved = Saved("commitment")
    changed = dataclasses.replace(saved.header, commitment=bytes(32))
    yield "changed", "commitment", "another commitment", saved, saved.save(), pack(changed) + saved.tag


def _converted():
    saved = Saved("width")
    yield "width", "converted", "a column is missing", saved, save(saved.pixels[:, :-1], 2)
    saved = Saved("height")
    yield "height", "converted", "a row is missing", saved, save(saved.pixels[:-1], 2)
    saved = Saved("turned")
    yield "turned", "converted", "turned by 90 degrees", saved, save(np.rot90(saved.pixels), 2)
    saved = Saved("gray")
    yield "gray", "converted", "RGB as gray", saved, save(saved.pixels[..., :1], 0)
    saved = Saved("gray and alpha", "RGBA")
    yield "gray_alpha", "converted", "RGBA as gray and alpha", saved, save(saved.pixels[..., 2:], 4)
    saved = Saved("opaque", "RGBA")
    yield "no_alpha", "converted", "RGBA without alpha", saved, save(saved.pixels[..., :3], 2)
    saved = Saved("opaque palette", "RGBA")
    yield "opaque_palette", "converted", "RGBA with a palette and no tRNS", saved, with_palette(saved.rgba)
    saved = Saved("one color", "LA")
    data = save(saved.pixels[..., :1], 0, before=[chunk(b"tRNS", b"\0\0")])
    yield "transparent_color", "converted", "gray and alpha as gray with one transparent color", saved, data
    saved = Saved("8 bits", "I;16")
    yield "8_bits", "converted", "8 of 16 bits", saved, save(saved.pixels[..., :1], 0)
    saved = Saved("palette of 16 bits", "I;16")
    yield "palette_16", "converted", "16 bits with a palette", saved, with_palette(saved.rgba)
    saved = Saved("4 bits", "L")
    yield "4_bits", "converted", "4 of 8 bits of gray", saved, save(saved.pixels >> 4, 0, 4)
    saved = Saved("jpeg")
    jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01"
    yield "jpeg", "converted", "the beginning of a JPEG", saved, jpeg
    saved = Saved("first")
    data = framed(ihdr(5, 5, 8, 2), chunk(b"IDAT", b"no zlib stream"))
    yield "first", "converted", "a column is missing, and the image data are damaged", saved, data


def _damaged():
    for name, comment, change in (
        ("cut", "the last byte is missing", lambda saved: saved.save()[:-1]),
        ("no_end", "no IEND", lambda saved: saved.save()[:-12]),
        ("end_data", "data in IEND", lambda saved: saved.save()[:-12] + chunk(b"IEND", b"a")),
        ("checksum", "a wrong checksum of IEND", lambda saved: saved.save()[:-1] + b"\0"),
        ("checksum_other", "a wrong checksum of a text", _wrong_text),
        ("no_image_data", "no IDAT", lambda saved: framed(_ihdr(saved))),
        ("between", "a chunk between the image data", _between),
        ("ihdr_twice", "two IHDR", lambda saved: saved.save(before=[_ihdr(saved)])),
        ("plte_twice", "two PLTE", lambda saved: saved.save(before=[chunk(b"PLTE", b"abc")] * 2)),
        ("no_palette", "a palette that is not there", _no_palette),
        ("palette_of_nothing", "a palette without colors", lambda saved: _indexed(saved, b"")),
        ("palette_part", "a palette with a part of a color", lambda saved: _indexed(saved, b"abcd")),
        ("palette_long", "a palette of 257 colors", lambda saved: _indexed(saved, bytes(771))),
        ("palette_index", "a color that is not in the palette", lambda saved: _indexed(saved, bytes(87))),
        ("chunk_type", "a chunk type with a digit", lambda saved: saved.save(before=[chunk(b"te1t", b"")])),
        ("color_type", "color type 5", lambda saved: _ihdr_of(saved, ihdr(6, 5, 8, 5))),
        ("depth", "RGB of 4 bits", lambda saved: _ihdr_of(saved, ihdr(6, 5, 4, 2))),
        ("interlace_method", "interlace method 2", lambda saved: _ihdr_of(saved, ihdr(6, 5, 8, 2, 2))),
        ("width_0", "width 0", lambda saved: _ihdr_of(saved, ihdr(0, 5, 8, 2))),
        ("filter_5", "filter 5", lambda saved: _of_lines(saved, lambda rows: b"\5" + rows[1:])),
        ("short", "a byte of the last row is missing", lambda saved: _of_lines(saved, lambda rows: rows[:-1])),
        ("long", "a byte behind the last row", lambda saved: _of_lines(saved, lambda rows: rows + b"\0")),
        ("adler", "a wrong Adler-32", lambda saved: _of_stream(saved, lambda data: data[:-1] + bytes([data[-1] ^ 1]))),
        ("stream_cut", "a zlib stream that is cut", lambda saved: _of_stream(saved, lambda data: data[:-5])),
        ("stream", "no zlib stream", lambda saved: _of_stream(saved, lambda data: b"no" + data)),
        ("interlaced_rows", "rows that are not interlaced, as if they were", _as_if_interlaced),
    ):
        saved = Saved(f"damaged {name}")
        yield name, "damaged", comment, saved, change(saved)


def _last_bit(pixels):
    pixels[-1, -1, -1] ^= 1
    return pixels


def _premultiplied(pixels):
    alpha = np.maximum(pixels[..., 3:].astype(int), 1)
    color = (pixels[..., :3] * alpha + 127) // 255
    return np.concatenate([np.minimum((color * 255 + alpha // 2) // alpha, 255), pixels[..., 3:]], axis=2).astype(
        np.uint8
    )


def _ihdr(saved):
    return ihdr(saved.header.width, saved.header.height, saved.depth, saved.color)


def _ihdr_of(saved, other):
    return saved.save().replace(_ihdr(saved), other)


def _wrong_text(saved):
    return saved.save(before=[chunk(b"tEXt", b"a\0b")[:-1] + b"\0"])


def _between(saved):
    data = saved.save(pieces=2)
    at = data.rindex(b"IDAT") - 4
    return data[:at] + chunk(b"tEXt", b"a\0b") + data[at:]


def _no_palette(saved):
    return save(np.zeros((5, 6, 1), np.uint8), 3)


def _indexed(saved, palette):
    indices = np.arange(30, dtype=np.uint8).reshape(5, 6, 1)
    return save(indices, 3, before=[chunk(b"PLTE", palette)])


def _of_lines(saved, change):
    rows = change(lines(saved.pixels, saved.color, saved.depth))
    return framed(_ihdr(saved), chunk(b"IDAT", zlib.compress(rows)))


def _of_stream(saved, change):
    data = zlib.compress(lines(saved.pixels, saved.color, saved.depth))
    return framed(_ihdr(saved), chunk(b"IDAT", change(data)))


def _as_if_interlaced(saved):
    data = zlib.compress(lines(saved.pixels, saved.color, saved.depth))
    return framed(ihdr(6, 5, 8, 2, interlaced=True), chunk(b"IDAT", data))
