"""Region image vectors, made step by step from docs/reference/format.md, Regions, with the reference cipher."""

import dataclasses
import struct
from hashlib import sha256

import numpy as np

from shield_core.cipher import reference
from shield_core.encrypted import png, tag
from shield_core.encrypted.header import pack
from shield_core.image.regions import Region
from tests.vectors.images import Making, chunk, own_chunk, picture

COUNT = 124
LIST = 126
TWO = (Region(2, 0, 3, 2), Region(1, 1, 3, 3))
"""Of a picture 6 pixels wide and 5 high; they share two pixels."""


class Redacting(Making):
    """One encryption of a list of regions of a picture of 6 by 5 pixels."""

    def __init__(self, name, regions=TWO, mode="L"):
        super().__init__(name, picture(mode))
        self.regions = regions
        self.places = [
            y * 6 + x
            for y in range(5)
            for x in range(6)
            if any(r.x <= x < r.x + r.width and r.y <= y < r.y + r.height for r in regions)
        ]
        self.about["payload_sha256"] = sha256(self.content.samples[self.places].tobytes()).hexdigest()

    def header(self):
        return dataclasses.replace(super().header(), regions=self.regions)

    def parts(self):
        samples = self.content.samples.copy()
        noise = reference.stream(samples[self.places].tobytes(), self.keys.stream)
        noise = np.frombuffer(noise, np.uint8).reshape(len(self.places), -1)
        samples[self.places] = noise[reference.order(len(self.places), self.keys.permutation)]
        header = self.header()
        return header, samples, tag.compute(self.keys.mac, pack(header), samples)


def vectors():
    """Yield name, expectation, comment, the making and the file, as `images.vectors`."""
    for mode in ("L", "LA", "RGB", "RGBA", "I;16"):
        name = f"regions_{mode.lower().replace(';', '')}"
        yield f"success_{name}", "success", f"two regions that overlap, mode {mode}", Redacting(name, mode=mode), None
    for name, regions, comment in (
        ("regions_pixel", (Region(5, 4, 1, 1),), "one region of one pixel, the last"),
        ("regions_whole", (Region(0, 0, 6, 5),), "one region that is the whole picture"),
        ("regions_64", tuple(every(64)), "64 regions, most of which overlap"),
    ):
        yield f"success_{name}", "success", comment, Redacting(name, regions), None
    yield from _mac()
    yield from _header()
    yield from _payload()


def every(count):
    """Return a number of regions of a picture of 6 by 5 pixels, in order."""
    found = (Region(x, y, w, h) for y in range(4) for x in range(5) for h in (1, 2) for w in (1, 2))
    return [region for region, _ in zip(found, range(count), strict=False)]


def _mac():
    making = Redacting("clear sample")
    header, samples, mac = making.parts()
    samples[0, 0] ^= 1
    yield "mac_regions_clear", "mac", "one bit of the clear part", making, bytes(png.write(header, mac, samples))
    making = Redacting("sample of a region")
    header, samples, mac = making.parts()
    samples[making.places[0], 0] ^= 1
    yield "mac_regions_inside", "mac", "one bit of a region", making, bytes(png.write(header, mac, samples))
    for name, regions, comment in (
        ("moved", (Region(2, 0, 3, 2), Region(2, 1, 3, 3)), "a region moved by a pixel"),
        ("removed", (), "the list left away"),
        ("added", (Region(0, 0, 1, 1), *TWO), "a region more"),
    ):
        making = Redacting(f"regions {name}")
        header, samples, mac = making.parts()
        header = dataclasses.replace(header, regions=regions)
        yield f"mac_regions_{name}", "mac", comment, making, bytes(png.write(header, mac, samples))


def _header():
    first, second = ((r.x, r.y, r.width, r.height) for r in TWO)
    lists = {
        "unsorted": ([second, first], "two regions that are not in their order"),
        "twice": ([first, first], "a region that stands twice"),
        "zero_width": ([(1, 1, 0, 3)], "a region without width"),
        "zero_height": ([(1, 1, 3, 0)], "a region without height"),
        "too_wide": ([(4, 1, 3, 1)], "a region that reaches over the right edge"),
        "too_high": ([(1, 4, 1, 2)], "a region that reaches over the lower edge"),
        "overflow": ([(1, 1, 2**32 - 1, 1)], "a region whose right edge is 2^32"),
        "65": ([(r.x, r.y, r.width, r.height) for r in every(65)], "65 regions"),
        "none": ([], "the flag without a region"),
    }
    for name, (regions, comment) in lists.items():
        making = Redacting(f"regions {name}")
        yield f"header_regions_{name}", "header", comment, making, _listing(making.image(), regions)
    making = Redacting("regions without flag")
    image = making.image()
    front = bytes(own_chunk(image)[0])
    without = front[:9] + b"\x00" + front[10:]
    yield "header_regions_no_flag", "header", "regions without the flag", making, _with_chunk(image, without)


def _payload():
    making = Redacting("regions untrue")
    header, samples, _ = making.parts()
    header = dataclasses.replace(header, regions=TWO[:1])
    mac = tag.compute(making.keys.mac, pack(header), samples)
    image = bytes(png.write(header, mac, samples))
    yield "payload_regions_untrue", "payload", "an authentic list that leaves out a region", making, image
    making = Redacting("regions digest")
    making.about["payload_sha256"] = making.content.metadata["payload_sha256"]
    yield "payload_regions_digest", "payload", "the digest of all pixels in place of the payload's", making, None


def _listing(image, regions):
    front = bytes(own_chunk(image)[0])
    listed = b"".join(struct.pack(">4I", *region) for region in regions)
    behind = front[LIST + 16 * len(TWO) :]
    return _with_chunk(image, front[:COUNT] + len(regions).to_bytes(2, "big") + listed + behind)


def _with_chunk(image, front):
    _, start, end = own_chunk(image)
    return image[:start] + chunk(b"qsIS", front) + image[end:]
