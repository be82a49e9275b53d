"""Image vectors that are restored as BMP, TIFF or the original file."""

import dataclasses
import io
import struct
from hashlib import sha256

import numpy as np
import tifffile

from shield_core.image.framing import frame, frame_size
from shield_core.image.payload import Layout
from shield_core.keys import canonical
from tests.support import pictures
from tests.vectors.images import Making

MODES = ("L", "LA", "RGB", "RGBA", "I;16")


def vectors():
    """Yield name, expectation, comment, the making and the file, as `images.vectors`."""
    yield from _bitmaps()
    yield from _tiffs()
    yield from _beginnings()


def bitmap(width=5, height=4, *, size=40, top_down=False, image_size=True, colors=0):
    """Write a BMP of 24 bits."""
    rows = np.zeros((height, (width * 3 + 3) // 4 * 4), np.uint8)
    rows[:, : width * 3] = np.random.default_rng(width).integers(0, 256, (height, width * 3))
    fields = (size, width, -height if top_down else height, 1, 24, 0, rows.size * image_size, 2835, 2835, colors, 0)
    header = struct.pack("<IiiHHIIiiII", *fields).ljust(size, b"\0") + bytes(range(256))[: 4 * colors]
    start = 14 + len(header)
    return b"BM" + struct.pack("<I4xI", start + rows.size, start) + header + rows.tobytes()


def tiff(mode, order="<", **options):
    image = np.array(pictures.make(6, 5, mode))
    color = image.ndim == 3 and image.shape[2] > 2
    extra = ["unassalpha"] if image.ndim == 3 and image.shape[2] in {2, 4} else None
    out = io.BytesIO()
    photometric = "rgb" if color else "minisblack"
    tifffile.imwrite(
        out,
        image,
        byteorder=order,
        photometric=photometric,
        extrasamples=extra,
        metadata=None,
        software=False,
        **options,
    )
    return out.getvalue()


def field(tag, value=b"\0", kind=1, **changes):
    sizes = {2: 1, 3: 2, 4: 4, 5: 8}
    made = {
        "count": len(value) // sizes.get(kind, 1),
        "tag": tag,
        "type": kind,
        "value_b64": canonical.b64encode(value),
    }
    return made | changes


def _bitmaps():
    gray = pictures.as_bmp(pictures.make(5, 4, "L"))
    for name, data, comment in (
        ("bottom_up", bitmap(), "24 bits, from the last row to the first"),
        ("top_down", bitmap(top_down=True), "24 bits, a negative height"),
        ("no_padding", bitmap(width=4), "24 bits, rows of a multiple of 4 bytes"),
        ("no_image_size", bitmap(image_size=False), "24 bits, the length of the rows is 0 in the header"),
        ("palette", bitmap(colors=3), "24 bits, three entries of a palette"),
        ("header_52", bitmap(size=52), "24 bits, a header of 52 bytes"),
        ("header_108", bitmap(size=108), "24 bits, a header of 108 bytes"),
        ("header_124", bitmap(size=124), "24 bits, a header of 124 bytes"),
        ("gray", gray, "8 bits, a gray palette"),
        ("gray_0_colors", replaced(gray, 46, bytes(4)), "8 bits, a palette whose number of entries is 0"),
        (
            "gray_300_colors",
            replaced(gray, 46, (300).to_bytes(4, "little")),
            "8 bits, a palette that claims 300 entries",
        ),
        ("gray_fourth_bytes", replaced(gray, 57, b"\x7f"), "8 bits, a palette whose fourth bytes are not all 0"),
    ):
        yield _made(f"success_bmp_{name}", "success", f"BMP: {comment}", data)
    wrong_length = Making("bmp image size", bitmap(), Layout.PIXELS)
    change_header(wrong_length, lambda header: replaced(header, 20, (7).to_bytes(4, "little")))
    comment = "BMP: the length of the rows is set right where it is not 0"
    yield "success_bmp_image_size", "success", comment, wrong_length, wrong_length.image()


def _tiffs():
    for order, name in (("<", "ii"), (">", "mm")):
        for mode in MODES:
            short = mode.lower().replace(";", "")
            yield _made(
                f"success_tiff_{name}_{short}", "success", f"TIFF, {name.upper()}, mode {mode}", tiff(mode, order)
            )
            packed = tiff(mode, order, compression="zlib", predictor=True)
            comment = f"TIFF, {name.upper()}, mode {mode}, packed"
            yield _made(f"success_tiff_{name}_{short}_packed", "success", comment, packed)
        making = Making(f"tiff directories {name}", pictures.gray_tiff(order), Layout.PIXELS)
        making.about["source"]["rebuild"]["tags"] = _directories(order)
        comment = f"TIFF, {name.upper()}: EXIF with Interoperability, and GPS"
        yield f"success_tiff_{name}_directories", "success", comment, making, making.image()
    making = Making("tiff empty directory", pictures.gray_tiff("<"), Layout.PIXELS)
    making.about["source"]["rebuild"]["tags"] = [{"tag": 34665, "tags": []}]
    yield "success_tiff_empty_directory", "success", "TIFF: a directory of no fields", making, making.image()
    making = Making("tiff every type", pictures.gray_tiff("<"), Layout.PIXELS)
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
    fields = [field(50000 + kind, bytes(range(size)), kind, count=1) for kind, size in sizes.items()]
    making.about["source"]["rebuild"]["tags"] = [{"tag": 34665, "tags": fields}]
    yield "success_tiff_every_type", "success", "TIFF: a field of every type", making, making.image()
    strips = pictures.as_tiff(pictures.make(640, 410, "L"))
    yield _made("success_tiff_strips", "success", "TIFF: two strips, of 409 rows and of one", strips)


def _beginnings():
    for name, format_name, start in (
        ("png", "PNG", b"\x89PNG\r\n\x1a\n"),
        ("jpeg", "JPEG", b"\xff\xd8\xff"),
        ("webp", "WEBP", b"RIFF\x00\x00\x00\x00WEBP"),
        *((f"bmp_{size}", "BMP", bmp_start(size)) for size in (12, 40, 52, 56, 64, 108, 124)),
        ("tiff_ii", "TIFF", b"II\x2a\x00"),
        ("tiff_mm", "TIFF", b"MM\x00\x2a"),
        ("bigtiff_ii", "TIFF", b"II\x2b\x00"),
        ("bigtiff_mm", "TIFF", b"MM\x00\x2b"),
    ):
        making = framed(name, start + b" and whatever follows", format=format_name)
        yield f"success_begins_{name}", "success", f"a file that begins as a {format_name}", making, making.image()


def _made(name, expect, comment, data):
    making = Making(name, data, Layout.PIXELS)
    return name, expect, comment, making, making.image()


def framed(name, data, **source):
    """Make an encryption of any bytes in the layout `file`."""
    making = Making(f"framed {name}", pictures.as_png(pictures.make(6, 5)), Layout.FILE)
    width, height = frame_size(len(data))
    making.content = dataclasses.replace(making.content, samples=frame(data), width=width, height=height)
    digests = {"payload_sha256": making.content.samples.tobytes(), "original_sha256": data}
    making.about.update({key: sha256(value).hexdigest() for key, value in digests.items()})
    making.payload_sha256 = making.about["payload_sha256"]
    making.about["source"].update(source)
    return making


def change_header(making, change):
    rebuild = making.about["source"]["rebuild"]
    rebuild["header_b64"] = canonical.b64encode(change(canonical.b64decode(rebuild["header_b64"])))


def replaced(data, at, value):
    return data[:at] + value + data[at + len(value) :]


def bmp_start(size):
    return b"BM" + bytes(12) + size.to_bytes(4, "little")


def _directories(order):
    """Return fields of each kind: short and long values, some of an odd length, in three directories."""
    number = struct.pack(order + "H", 6)
    deepest = {"tag": 40965, "tags": [field(1, b"R98\0", 2)]}
    photo = [field(33434, struct.pack(order + "II", 1, 250), 5), field(36867, b"2026:01:02 03:04:05\0", 2), deepest]
    place = [field(1, b"N\0", 2), field(2, struct.pack(order + "6I", 47, 1, 22, 1, 3, 1), 5)]
    return [
        field(270, b"a picture", 2),
        field(274, number, 3),
        {"tag": 34665, "tags": photo},
        {"tag": 34853, "tags": place},
    ]
