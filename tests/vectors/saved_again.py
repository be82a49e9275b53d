"""Writers of PNG for the vectors of detached decryption: the same samples as other programs may save them."""

import struct
import zlib

import numpy as np

from tests.vectors.images import chunk

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
WHOLE = ((0, 0, 1, 1),)


def save(pixels, color, depth=8, *, interlaced=False, filters=(0, 1, 2, 3, 4), before=(), after=(), pieces=1):
    """Write pixels (height, width, bytes per pixel), each sample of less than a byte in a byte of its own.

    `before` and `after` are chunks around the image data, which is cut into `pieces` chunks.
    """
    height, width, _ = pixels.shape
    data = zlib.compress(lines(pixels, color, depth, interlaced=interlaced, filters=filters), 9)
    size = -(-len(data) // pieces)
    idat = [chunk(b"IDAT", data[at : at + size]) for at in range(0, len(data), size)]
    return framed(ihdr(width, height, depth, color, interlaced), *before, *idat, *after)


def ihdr(width, height, depth, color, interlaced=False):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlaced))


def framed(*chunks):
    return SIGNATURE + b"".join(chunks) + chunk(b"IEND", b"")


def lines(pixels, color, depth, *, interlaced=False, filters=(0,)):
    """Return all rows after the numbers of their filters, pass by pass; the filters take turns."""
    step, found = max(1, CHANNELS[color] * depth // 8), b""
    for left, top, across, down in ADAM7 if interlaced else WHOLE:
        part = pixels[top::down, left::across]
        above = None
        for number, row in enumerate(part if part.size else ()):
            line = packed(row.reshape(-1), depth)
            above = bytes(len(line)) if above is None else above
            kind = filters[number % len(filters)]
            found += bytes([kind]) + filtered(kind, line, above, step)
            above = line
    return found


def packed(samples, depth):
    if depth >= 8:
        return samples.astype(np.uint8).tobytes()
    bits = "".join(f"{sample:0{depth}b}" for sample in samples.tolist())
    return int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")


def filtered(kind, line, above, step):
    out = bytearray()
    for i, value in enumerate(line):
        a, b, c = (line[i - step] if i >= step else 0), above[i], (above[i - step] if i >= step else 0)
        near = min((a, b, c), key=lambda one: abs(a + b - c - one))
        out.append((value - (0, a, b, (a + b) // 2, near)[kind]) & 255)
    return bytes(out)


def with_palette(pixels, depth=8, *, transparent=False, seed=0, **options):
    """Write pixels of red, green, blue and alpha with a palette of their colors, in an order of no meaning."""
    height, width, _ = pixels.shape
    colors = sorted({tuple(pixel) for pixel in pixels.reshape(-1, 4).tolist()})
    order = np.random.default_rng(seed).permutation(len(colors)).tolist()
    palette = [colors[at] for at in order]
    index = {color: number for number, color in enumerate(palette)}
    indices = np.array([index[tuple(pixel)] for pixel in pixels.reshape(-1, 4).tolist()], np.uint8)
    before = [chunk(b"PLTE", bytes(value for color in palette for value in color[:3]))]
    if transparent:
        alpha = bytes(color[3] for color in palette)
        before.append(chunk(b"tRNS", alpha.rstrip(b"\xff")))
    return save(indices.reshape(height, width, 1), 3, depth, before=before, **options)
