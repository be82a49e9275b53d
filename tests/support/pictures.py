"""Pictures for tests: made from seeds and samples, in every format and kind that the product accepts or refuses."""

import io
import struct
import zlib
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

SAMPLES = Path(__file__).parents[2] / "samples"
CHANNELS = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4}
EXACT = [(kind, mode) for kind in ("PNG", "TIFF") for mode in ("L", "LA", "RGB", "RGBA", "I;16")] + [
    ("BMP", "L"),
    ("BMP", "RGB"),
]
"""Formats and modes that the `pixels` layout restores exactly."""

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def make(width=64, height=48, mode="RGB", seed=0):
    """Draw slopes with noise: neighboring pixels are alike, pictures of different seeds are not."""
    rng = np.random.default_rng(seed)
    if mode == "I;16":
        return Image.fromarray(rng.integers(0, 65536, (height, width), dtype=np.uint16))
    channels = CHANNELS[mode]
    down, across = np.mgrid[0:height, 0:width]
    slopes = down[..., None] * rng.uniform(0.2, 2, channels) + across[..., None] * rng.uniform(0.2, 2, channels)
    pixels = ((slopes + rng.integers(0, 12, (height, width, channels))) % 256).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels, mode="CMYK" if mode == "CMYK" else None)


def sample(name):
    """Return the bytes of a file of samples/."""
    return (SAMPLES / name).read_bytes()


def enlarge(name="astronaut.png", megapixels=12, seed=0):
    """Enlarge a sample to at most so many megapixels, with noise, so that it compresses like a photograph."""
    with Image.open(SAMPLES / name) as image:
        width, height = (int(side * (megapixels * 1e6 / (image.width * image.height)) ** 0.5) for side in image.size)
        large = image.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.array(large)
    noise = np.random.default_rng(seed).integers(-4, 5, (height, width, 1), dtype=np.int16)
    for top in range(0, height, 256):
        part = slice(top, top + 256)
        pixels[part] = np.clip(pixels[part] + noise[part], 0, 255)
    return Image.fromarray(pixels)


def encode(image, kind, **options):
    """Write a picture in a format of Pillow's."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def as_png(image, **options):
    return encode(image, "PNG", **{"compress_level": 1} | options)


def as_jpeg(image, **options):
    return encode(image, "JPEG", **{"quality": 90} | options)


def as_tiff(image, **options):
    return encode(image, "TIFF", **options)


def as_bmp(image, **options):
    return encode(image, "BMP", **options)


def as_webp(image, **options):
    return encode(image, "WEBP", **{"method": 0} | options)


def exif(orientation=6, description="a test picture"):
    """Return an EXIF block with a field in each of its directories."""
    block = Image.Exif()
    block[0x010E] = description
    block[0x0112] = orientation
    block.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
    block.get_ifd(0x8825)[1] = "N"
    return block.tobytes()


@cache
def icc():
    """Return a color profile: sRGB. It holds the second in which it is made."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_exif(image, kind="PNG", orientation=6, **options):
    return encode(image, kind, exif=exif(orientation), **options)


def with_icc(image, kind="PNG", **options):
    return encode(image, kind, icc_profile=icc(), **options)


def animated(kind="PNG", frames=3, width=32, height=24):
    """Return an animated PNG or WebP, or a TIFF of several pages."""
    pictures = [make(width, height, "RGB", seed) for seed in range(frames)]
    return encode(pictures[0], kind, save_all=True, append_images=pictures[1:])


def cmyk(width=32, height=24):
    return as_jpeg(make(width, height, "CMYK"))


def palette(width=32, height=24):
    return as_png(make(width, height).quantize(16))


def gray16_png(width=32, height=24, seed=0):
    return as_png(make(width, height, "I;16", seed))


def rgb16_png(width=8, height=6, seed=0):
    """Write a PNG with 16 bits for each of three channels, which Pillow cannot write."""
    samples = np.random.default_rng(seed).integers(0, 65536, (height, width * 3), dtype=np.uint16).astype(">u2")
    rows = b"".join(b"\x00" + row.tobytes() for row in samples)
    return png(ihdr(width, height, 16, 2), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND"))


def interlaced_png(image):
    """Write an RGB picture in the seven passes of Adam7, which Pillow reads and does not write."""
    samples = np.array(image)
    steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    passes = [samples[top::down, left::across] for left, top, across, down in steps]
    rows = b"".join(b"\x00" + row.tobytes() for part in passes if part.size for row in part)
    return png(ihdr(*image.size, interlace=1), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND"))


def ihdr(width, height, depth=8, color=2, interlace=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))


def chunk(name, data=b""):
    """Write a PNG chunk with its checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*chunks):
    return PNG_SIGNATURE + b"".join(chunks)


def half_a_png(pixels):
    """Write an RGB PNG with a valid structure whose stored pixels end halfway: only decoding finds it."""
    height, width, _ = pixels.shape
    stored = zlib.compress(b"".join(b"\x00" + row.tobytes() for row in pixels), 0)
    return png(ihdr(width, height), chunk(b"IDAT", stored[: len(stored) // 2]), chunk(b"IEND"))


def insert_chunk(data, name, body, before=b"IDAT"):
    """Insert a chunk in a PNG in front of the first one of a type."""
    at = data.index(before) - 4
    return data[:at] + chunk(name, body) + data[at:]


def chunks_of(data):
    """List type and data of the chunks of a PNG."""
    found, at = [], len(PNG_SIGNATURE)
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + size]))
        at += 12 + size
    return found


def long_bmp(header_size):
    """Write a BMP of 4 by 3 pixels with one of the headers that are longer than 40 bytes."""
    header = struct.pack("<IiiHHIIiiII", header_size, 4, 3, 1, 24, 0, 36, 2835, 2835, 0, 0).ljust(header_size, b"\x00")
    start = 14 + header_size
    return b"BM" + struct.pack("<IHHI", start + 36, 0, 0, start) + header + bytes(range(36))


def gray_tiff(order, fields=(), pages=1):
    """Write a TIFF of 4 by 3 gray pixels by hand.

    `fields` are more of them: (tag, type, count, value in the byte order, or the fields of a directory inside).
    """
    out = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 0) + bytes(range(12)))
    own = [
        (256, 3, 4),
        (257, 3, 3),
        (258, 3, 8),
        (259, 3, 1),
        (262, 3, 1),
        (273, 3, 8),
        (277, 3, 1),
        (278, 3, 3),
        (279, 3, 12),
    ]
    numbers = [(tag, kind, 1, struct.pack(order + "H", value)) for tag, kind, value in own]
    pointer = slice(4, 8)
    for _ in range(pages):
        out[pointer] = struct.pack(order + "I", _directory(out, order, sorted([*numbers, *fields])))
        pointer = slice(len(out) - 4, len(out))
    return bytes(out)


def _directory(out, order, fields):
    entries = []
    for tag, kind, count, value in fields:
        body = struct.pack(order + "I", _directory(out, order, value)) if isinstance(value, list) else value
        if len(body) > 4:
            out += bytes(len(out) % 2)
            place = len(out)
            out += body
            body = struct.pack(order + "I", place)
        entries.append(struct.pack(order + "HHI", tag, kind, count) + body.ljust(4, b"\x00"))
    out += bytes(len(out) % 2)
    at = len(out)
    out += struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return at


def pixels(data):
    """Decode a file to an array of its pixels as they are stored, with Pillow alone."""
    with Image.open(io.BytesIO(data)) as image:
        return np.array(image)
