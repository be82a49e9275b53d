"""Vectors of detached decryption that succeed: a picture that was saved again, and header and tag of its image."""

import zlib

import numpy as np

from shield_core.cipher.purity import Purity
from shield_core.encrypted.header import pack
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from tests.support import pictures
from tests.vectors.images import Making, chunk, picture
from tests.vectors.purities import Measuring
from tests.vectors.saved_again import framed, ihdr, lines, save, with_palette

COLORS = {"L": 0, "LA": 4, "RGB": 2, "RGBA": 6, "I;16": 0}
REGIONS = (Region(1, 1, 3, 2),)


class Saved:
    """An encrypted image in parts, to be saved again."""

    def __init__(self, name, mode="RGB", making=None):
        self.making = making or Making(f"detached {name}", picture(mode))
        header, samples, self.tag = self.making.parts()
        self.header = header
        self.depth, self.color = header.bit_depth, header.color_type
        self.pixels = np.array(samples).reshape(header.height, header.width, header.bytes_per_pixel)

    @property
    def front(self):
        return pack(self.header) + self.tag

    def save(self, **options):
        return save(self.pixels, self.color, self.depth, **options)

    @property
    def rgba(self):
        """Return its pixels as red, green, blue and alpha."""
        height, width, _ = self.pixels.shape
        whole = np.full((height, width, 4), 255, np.uint8)
        whole[..., :3] = self.pixels[..., :3] if self.color & 2 else self.pixels[..., :1]
        if self.color & 4:
            whole[..., 3] = self.pixels[..., -1]
        return whole


def vectors():
    """Yield name, expectation, comment, the making, header and tag, and the picture."""
    for name, comment, saved, data in (*_same(), *_more(), *_palettes(), *_purities()):
        yield f"success_{name}", "success", comment, saved.making, saved.front, data


def _same():
    for mode in COLORS:
        name = mode.lower().replace(";", "")
        saved = Saved(f"filters {mode}", mode)
        yield f"filters_{name}", f"mode {mode}, compressed, with every filter", saved, saved.save()
        saved = Saved(f"interlaced {mode}", mode)
        yield f"interlaced_{name}", f"mode {mode}, interlaced", saved, saved.save(interlaced=True)
    saved = Saved("one pixel", making=Making("detached one pixel", pictures.as_png(pictures.make(1, 1))))
    yield "interlaced_pixel", "one pixel, interlaced: six passes are empty", saved, saved.save(interlaced=True)
    saved = Saved("pieces")
    yield "pieces", "image data in many chunks, one of them empty", saved, _with_empty_idat(saved)
    chunks = {
        "before": [
            chunk(b"gAMA", b"\0\0\xb1\x8f"),
            chunk(b"pHYs", b"\0\0\x0b\x13\0\0\x0b\x13\1"),
            chunk(b"vpAg", b"\0" * 9),
        ],
        "after": [chunk(b"tEXt", b"Software\0another"), chunk(b"eXIf", pictures.exif()[6:])],
    }
    saved = Saved("chunks")
    yield "chunks", "with gAMA, pHYs, eXIf and a chunk of no meaning", saved, saved.save(**chunks)
    saved = Saved("bytes behind")
    yield "bytes_behind", "with bytes behind IEND", saved, saved.save() + b"and more"
    saved = Saved("own")
    own = chunk(b"qsIS", saved.front)
    yield "own", "the chunk qsIS is still there", saved, saved.save(before=[own])
    saved = Saved("foreign own")
    own = chunk(b"qsIS", Saved("another").front)
    yield "own_foreign", "the chunk qsIS of another image: it is not looked at", saved, saved.save(before=[own])
    saved = Saved("behind the stream")
    rows = zlib.compress(lines(saved.pixels, saved.color, saved.depth))
    data = framed(ihdr(6, 5, 8, 2), chunk(b"IDAT", rows + b"more"))
    yield "behind_the_stream", "bytes in IDAT behind the zlib stream", saved, data
    saved = Saved("frames")
    control = b"\0\0\0\0" + b"\0\0\0\x06\0\0\0\x05" + b"\0" * 8 + b"\0\1\0\1\0\0"
    animation = [chunk(b"acTL", b"\0\0\0\1\0\0\0\0"), chunk(b"fcTL", control)]
    yield "animation", "the first frame of an animation", saved, saved.save(before=animation)


def _more():
    for name, mode, color, depth, comment in (
        ("rgb_as_rgba", "RGB", 6, 8, "RGB with alpha added"),
        ("l_as_la", "L", 4, 8, "gray with alpha added"),
        ("l_as_rgb", "L", 2, 8, "gray as RGB"),
        ("l_as_rgba", "L", 6, 8, "gray as RGBA"),
        ("la_as_rgba", "LA", 6, 8, "gray and alpha as RGBA"),
        ("rgb_as_16", "RGB", 2, 16, "RGB in 16 bits"),
        ("rgba_as_16", "RGBA", 6, 16, "RGBA in 16 bits"),
        ("la_as_16", "LA", 4, 16, "gray and alpha in 16 bits"),
        ("l_as_rgba_16", "L", 6, 16, "gray as RGBA in 16 bits"),
    ):
        saved = Saved(name, mode)
        pixels = _wider(_channels(saved.rgba, color), depth)
        yield name, comment, saved, save(pixels, color, depth)
    saved = Saved("i16 as rgb", "I;16")
    pixels = np.concatenate([saved.pixels] * 3, axis=2)
    yield "i16_as_rgb", "gray of 16 bits as RGB", saved, save(pixels, 2, 16, interlaced=True)
    saved = Saved("alpha ignored")
    pixels = saved.rgba
    pixels[..., 3] = np.arange(30, dtype=np.uint8).reshape(5, 6)
    yield "alpha_ignored", "RGB with an alpha that is not 255: only the samples count", saved, save(pixels, 6)
    saved = Saved("one transparent color", "L")
    data = saved.save(before=[chunk(b"tRNS", b"\0" + saved.pixels[0, 0].tobytes())])
    yield "transparent_color", "gray with one transparent color", saved, data


def _palettes():
    for name, mode, depth, options, comment in (
        ("l", "L", 8, {}, "gray with a palette"),
        ("rgb", "RGB", 8, {}, "RGB with a palette"),
        ("rgb_interlaced", "RGB", 8, {"interlaced": True}, "RGB with a palette, interlaced"),
        ("rgba", "RGBA", 8, {"transparent": True}, "RGBA with a palette and tRNS"),
        ("la", "LA", 8, {"transparent": True}, "gray and alpha with a palette and tRNS"),
    ):
        saved = Saved(f"palette {name}", mode)
        yield f"palette_{name}", comment, saved, with_palette(saved.rgba, depth, **options)
    for name, size, depth in (("4_bits", (5, 3), 4), ("2_bits", (3, 1), 2), ("1_bit", (1, 2), 1)):
        making = Making(f"detached palette {name}", pictures.as_png(pictures.make(*size)))
        saved = Saved(name, making=making)
        comment = f"RGB with a palette, in {name.replace('_', ' ')} a pixel"
        yield f"palette_{name}", comment, saved, with_palette(saved.rgba, depth, filters=(1, 4))


def _purities():
    making = Making("detached file", pictures.as_jpeg(pictures.make(9, 7)), Layout.FILE)
    saved = Saved("file", making=making)
    yield "file", "layout file", saved, saved.save()
    for name, purity, regions, comment in (
        ("regions", Purity.BALANCED, REGIONS, "one region"),
        ("multistage", Purity.MULTISTAGE, (), "purity multistage"),
        ("maximum", Purity.MAXIMUM, REGIONS, "purity maximum, one region"),
    ):
        saved = Saved(name, making=Measuring(f"detached {name}", purity, picture("RGB"), regions=regions))
        yield name, comment, saved, saved.save()


def _channels(rgba, color):
    return {2: rgba[..., :3], 4: rgba[..., [0, 3]], 6: rgba}[color]


def _wider(pixels, depth):
    return pixels if depth == 8 else np.repeat(pixels, 2, axis=2)


def _with_empty_idat(saved):
    data = saved.save(pieces=7)
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk(b"IDAT", b"") + data[at:]
