"""Pictures in formats that are not decoded, each as small as its format allows, written from its specification."""

import io
import struct

import numpy as np
from PIL import Image

from tests.support import pictures


def box(name, *parts):
    """Write a box of ISO/IEC 14496-12."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + name + body


def heif(brand=b"heic", compatible=(b"mif1",), width=4032, height=3024):
    """Write a HEIF file as a phone does, with a tile, the picture and a thumbnail, but without coded pixels."""
    sizes = [(512, 512), (width, height), (320, 240)]
    ispe = [box(b"ispe", bytes(4), struct.pack(">II", *size)) for size in sizes]
    meta = box(b"meta", bytes(4), box(b"hdlr", bytes(24)), box(b"iprp", box(b"ipco", box(b"hvcC", b"x"), *ispe)))
    return box(b"ftyp", brand, bytes(4), *compatible) + meta + box(b"mdat", bytes(range(200)))


def cr3():
    return (
        box(b"ftyp", b"crx ", bytes(4), b"crx ", b"isom") + box(b"moov", box(b"uuid", bytes(16))) + box(b"mdat", b"raw")
    )


def gif(width=5, height=4):
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(3) + b"\xff" * 3
    return b"GIF89a" + screen + struct.pack("<BHHHHB", 0x2C, 0, 0, width, height, 0) + b"\x02\x02\x44\x01\x00;"


def jxl(bits):
    """Write a codestream whose first bits are these, from the lowest of each byte on."""
    return b"\xff\x0a" + int(bits[::-1], 2).to_bytes(8, "little") + b"rest of the codestream"


JXL_BITS = {
    (8, 8): "1" + "00000" + "100",  # small, 8 rows, ratio 1:1
    (400, 300): "0" + "00" + f"{299:09b}"[::-1] + "110",  # ratio 4:3
    (1000, 77): "0" + "00" + f"{76:09b}"[::-1] + "000" + "10" + f"{999:013b}"[::-1],
    (64, 32): "1" + f"{3:05b}"[::-1] + "111",  # ratio 2:1
    (16, 24): "1" + f"{2:05b}"[::-1] + "000" + f"{1:05b}"[::-1],
}
"""Sizes and their bits in a SizeHeader (ISO/IEC 18181-1, D.2)."""

JXL_CONTAINER = b"\x00\x00\x00\x0cJXL \x0d\x0a\x87\x0a" + box(b"ftyp", b"jxl ", bytes(4), b"jxl ")


def psd(version=1, width=30, height=20):
    return b"8BPS" + struct.pack(">H6xHIIHH", version, 3, height, width, 8, 3) + bytes(14)


def ico(kind=1):
    picture = pictures.as_png(pictures.make(48, 32))
    entries = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, 4, 38) + struct.pack(
        "<BBBBHHII", 48, 32, 0, 0, 1, 32, len(picture), 42
    )
    return struct.pack("<HHH", 0, kind, 2) + entries + b"tiny" + picture


def raw(*fields, make=b"NIKON CORPORATION\x00", order="<"):
    """Write a TIFF with a preview of 4 by 3 pixels, a maker, and these fields."""
    return pictures.gray_tiff(order, [(271, 2, len(make), make), *fields])


def sub_image(width, height, photometric=32803, order="<"):
    """Describe the sensor's picture in a directory inside."""
    number = struct.Struct(order + "I")
    return [
        (254, 4, 1, number.pack(0)),
        (256, 4, 1, number.pack(width)),
        (257, 4, 1, number.pack(height)),
        (262, 4, 1, number.pack(photometric)),
    ]


def dng():
    return raw((330, 4, 1, sub_image(6000, 4000)), (50706, 1, 4, b"\x01\x04\x00\x00"), make=b"Leica\x00")


def cr2():
    whole = bytearray(pictures.gray_tiff("<"))
    whole[8:12] = b"CR\x02\x00"
    return bytes(whole)


def with_magic(data, magic):
    return magic + data[len(magic) :]


def bitfields_bmp():
    """Write a BMP of 16 bits a pixel whose masks no decoder here knows."""
    masks = struct.pack("<III", 0xF000, 0x0F00, 0x00F0)
    header = struct.pack("<IiiHHIIiiII", 40, 4, 3, 1, 16, 3, 24, 0, 0, 0, 0) + masks
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + 24, 0, 0, 14 + len(header)) + header + bytes(range(24))


def palette_bmp(bits, colors, *, core=False):
    """Write a BMP of 5 by 4 pixels, all of color 1 or the only one, whose palette has these grays."""
    rows = bytes([0x11] if len(colors) > 1 and bits == 4 else [len(colors) > 1]) * ((5 * bits + 31) // 32 * 4) * 4
    head = struct.pack("<IHHHH", 12, 5, 4, 1, bits)
    if not core:
        head = struct.pack("<IiiHHIIiiII", 40, 5, 4, 1, bits, 0, len(rows), 0, 0, len(colors), 0)
    head += b"".join(bytes([gray] * 3 + [0] * (not core)) for gray in colors)
    return b"BM" + struct.pack("<IHHI", 14 + len(head) + len(rows), 0, 0, 14 + len(head)) + head + rows


def run_length_bmp(runs, *, bits=8, width=8, height=4):
    """Write a run-length encoded BMP."""
    palette = b"".join(bytes([gray, gray, 255 - gray, 0]) for gray in range(2**bits))
    kind, used = {8: 1, 4: 2}[bits], len(palette) // 4
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, kind, len(runs), 0, 0, used, 0) + palette
    return b"BM" + struct.pack("<IHHI", 14 + len(header) + len(runs), 0, 0, 14 + len(header)) + header + runs


def bmp_around(picture, compression, width=64, height=48):
    """Write a BMP that holds a JPEG or PNG, as GDI sends it to a printer."""
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 0, compression, len(picture), 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(picture), 0, 0, 54) + header + picture


def deep_tiff(bits=12):
    """Write 4 by 4 pixels of so many bits, packed."""
    size = 2 * bits
    fields = {256: 4, 257: 4, 258: bits, 259: 1, 262: 1, 273: 8, 277: 1, 278: 4, 279: size}
    entries = b"".join(struct.pack("<HHII", tag, 3, 1, value) for tag, value in fields.items())
    body = bytes(range(size))
    return b"II*\x00" + struct.pack("<I", 8 + size) + body + struct.pack("<H", len(fields)) + entries + bytes(4)


def big_tiff(order=">"):
    """Write a BigTIFF of 4 by 3 gray pixels."""
    fields = {256: 4, 257: 3, 258: 8, 259: 1, 262: 1, 273: 16, 277: 1, 278: 3, 279: 12}
    entries = b"".join(struct.pack(order + "HHQQ", tag, 16, 1, value) for tag, value in fields.items())
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HHHQ", 43, 8, 0, 28)
    return head + bytes(range(12)) + struct.pack(order + "Q", len(fields)) + entries + bytes(8)


def tiles_as_strips():
    """Write a TIFF of 16 by 16 pixels in one tile, which the tables of strips list."""
    fields = {256: 16, 257: 16, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 279: 256, 322: 16, 323: 16}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in fields.items())
    directory = struct.pack("<H", len(fields)) + entries + bytes(4)
    return b"II*\x00" + struct.pack("<I", 264) + bytes(range(256)) + directory


def deep_jpeg():
    frame = struct.pack(">HBHHB", 17, 12, 3, 4, 3) + bytes(9)
    return b"\xff\xd8\xff\xc1" + frame + b"\xff\xda\x00\x08\x01\x00\x00\x00\x3f\x00" + b"data" + b"\xff\xd9"


def mpo():
    """Write two JPEGs in one file, as cameras with two lenses do."""
    out = io.BytesIO()
    first, second = pictures.make(64, 48, seed=1), pictures.make(64, 48, seed=2)
    first.save(out, "MPO", save_all=True, append_images=[second])
    return out.getvalue()


def avif():
    out = io.BytesIO()
    Image.fromarray(np.zeros((12, 16, 3), np.uint8)).save(out, "AVIF")
    return out.getvalue()


OTHERS = {
    "heic": (heif(), "image/heic", 4032, 3024),
    "heif": (heif(b"mif1", ()), "image/heif", 4032, 3024),
    "heic by compatible brand": (heif(b"mif1", (b"heic",)), "image/heic", 4032, 3024),
    "avif": (heif(b"avif"), "image/avif", 4032, 3024),
    "avif of a coder": (avif(), "image/avif", 16, 12),
    "cr3": (cr3(), "image/x-canon-cr3", 0, 0),
    "gif": (gif(), "image/gif", 5, 4),
    **{f"jxl {w}x{h}": (jxl(bits), "image/jxl", w, h) for (w, h), bits in JXL_BITS.items()},
    "jxl in boxes": (JXL_CONTAINER + box(b"jxlc", jxl(JXL_BITS[64, 32])), "image/jxl", 64, 32),
    "jxl in parts": (JXL_CONTAINER + box(b"jxlp", bytes(4), jxl(JXL_BITS[8, 8])), "image/jxl", 8, 8),
    "psd": (psd(), "image/vnd.adobe.photoshop", 30, 20),
    "psb": (psd(2), "image/vnd.adobe.photoshop", 30, 20),
    "ico": (ico(), "image/vnd.microsoft.icon", 48, 32),
    "cur": (ico(2), "image/vnd.microsoft.icon", 48, 32),
    "dng": (dng(), "image/x-adobe-dng", 6000, 4000),
    "cr2": (cr2(), "image/x-canon-cr2", 4, 3),
    "nef": (raw((330, 4, 1, sub_image(6000, 4000))), "image/x-nikon-nef", 6000, 4000),
    "nef big-endian": (raw((330, 4, 1, sub_image(60, 40, order=">")), order=">"), "image/x-nikon-nef", 60, 40),
    "arw": (raw((330, 4, 1, sub_image(60, 40)), make=b"SONY\x00"), "image/x-sony-arw", 60, 40),
    "pef": (raw((33422, 1, 4, b"\x00\x01\x01\x02"), make=b"PENTAX\x00"), "image/x-pentax-pef", 4, 3),
    "srw": (raw((330, 4, 1, sub_image(60, 40)), make=b"SAMSUNG\x00"), "image/x-samsung-srw", 60, 40),
    "raw of another maker": (raw((330, 4, 1, sub_image(60, 40)), make=b"Hasselblad\x00"), "image/x-dcraw", 60, 40),
    "raw of nobody": (pictures.gray_tiff("<", [(330, 4, 1, sub_image(60, 40, 34892))]), "image/x-dcraw", 60, 40),
    "orf": (with_magic(pictures.gray_tiff("<"), b"IIRO"), "image/x-olympus-orf", 4, 3),
    "rw2": (with_magic(pictures.gray_tiff("<"), b"IIU\x00"), "image/x-panasonic-rw2", 0, 0),
    "raf": (b"FUJIFILMCCD-RAW 0201" + bytes(90), "image/x-fuji-raf", 0, 0),
    "bmp with bit fields": (bitfields_bmp(), "image/bmp", 4, 3),
    "bmp around a jpeg": (bmp_around(pictures.as_jpeg(pictures.make()), 4), "image/bmp", 64, 48),
    "bmp around a png": (bmp_around(pictures.as_png(pictures.make()), 5), "image/bmp", 64, 48),
    "bmp of 4 bits and gray": (palette_bmp(4, range(16)), "image/bmp", 5, 4),
    "bmp with runs that end early": (run_length_bmp(b"\x08\x05\0\0\0\x01"), "image/bmp", 8, 4),
    "tiff of 14 bits": (deep_tiff(14), "image/tiff", 4, 4),
    "tiff of 10 bits": (deep_tiff(10), "image/tiff", 4, 4),
    "big-endian bigtiff": (big_tiff(), "image/tiff", 4, 3),
    "tiles listed as strips": (tiles_as_strips(), "image/tiff", 16, 16),
    "jpeg of 12 bits": (deep_jpeg(), "image/jpeg", 4, 3),
}
"""By name: the file, and the media type and size that it is to be known by; 0 where the file does not say."""

REFUSED = {
    "SVG": b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
    "SVG without a head": b"<svg><rect/></svg>",
    "PDF": b"%PDF-1.7\n",
    "ZIP": b"PK\x03\x04 and so on",
    "video": box(b"ftyp", b"isom", bytes(4), b"mp42") + box(b"mdat", b""),
    "JPEG 2000": b"\x00\x00\x00\x0cjP  \x0d\x0a\x87\x0a",
    "DICOM": bytes(128) + b"DICM",
    "markup": b"<!DOCTYPE html><html></html>",
    "key file": b'{\n  "format": "imageshield-key-file",\n',
    "nothing known": b"\x01\x02\x03\x04",
}
"""Refused formats, by the word that the refusal contains."""
