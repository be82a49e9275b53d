"""Image vectors of the four purities, made from docs/reference/format.md, Material, with the reference cipher."""

import dataclasses
import struct
from hashlib import sha256, shake_256

import numpy as np
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.cipher import reference
from shield_core.cipher.purity import Purity
from shield_core.encrypted import png, tag
from shield_core.encrypted.header import pack
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from tests.support import pictures
from tests.vectors.images import Making, picture

REGIONS = (Region(2, 0, 3, 2), Region(1, 1, 3, 3))


def seal(plaintext, key, key_id, *, head=b"QSMT\x01", last=1):
    """Seal material of one chunk."""
    head += key_id.bytes
    return head + AESGCM(key).encrypt(bytes(11) + bytes([last]), plaintext, head)


def joined(lanes):
    return struct.pack(">H", len(lanes)) + b"".join(struct.pack(">Q", len(lane)) + lane for lane in lanes)


class Measuring(Making):
    """One encryption with material; a vector can change it before and after sealing."""

    def __init__(self, name, purity, data=None, layout=Layout.AUTO, regions=()):
        super().__init__(name, data or picture(), layout)
        self.name, self.purity, self.regions = name, purity, regions
        self.about["purity"] = purity.value
        self.places = self._places()
        self.plain = self.content.samples[self.places].tobytes()
        self.seeds = [self.measured("seed", 32)] if purity is Purity.MULTISTAGE else []
        self.lanes = self._lanes() if purity is Purity.MAXIMUM else []
        self.secret = b"".join(self.seeds) if self.seeds else joined(self.lanes)
        if regions:
            self.about["payload_sha256"] = sha256(self.plain).hexdigest()

    def measured(self, what, size):
        return shake_256(f"{what} of {self.name}".encode()).digest(size)

    def _places(self):
        width, height = self.content.width, self.content.height
        return [
            y * width + x
            for y in range(height)
            for x in range(width)
            if not self.regions or any(r.x <= x < r.x + r.width and r.y <= y < r.y + r.height for r in self.regions)
        ]

    def _lanes(self):
        words, size = None, 4 * (len(self.places) - 1)
        while words is None:
            lanes = [self.measured("lane 0", len(self.plain)), b"", self.measured("lane 2", size)]
            try:
                reference.order(len(self.places), self.keys.permutation, lanes=lanes)
                words = lanes
            except reference.WrongLane:
                size += 4  # a word was rejected
        return words

    def sealed(self):
        """Return the valid material."""
        if not self.purity.needs_material:
            return None
        return seal(self.secret, self.keys.material, self.header_id())

    def header_id(self):
        return super().header().key_id

    def header(self, material=None):
        digest = None if material is None else sha256(material).digest()
        return dataclasses.replace(super().header(), purity=self.purity, material_sha256=digest, regions=self.regions)

    def parts(self, material=None):
        samples = self.content.samples.copy()
        noise = reference.stream(self.plain, self.keys.stream, seeds=self.seeds, lanes=self.lanes)
        noise = np.frombuffer(noise, np.uint8).reshape(len(self.places), -1)
        samples[self.places] = noise[reference.order(len(self.places), self.keys.permutation, lanes=self.lanes)]
        header = self.header(self.sealed() if material is None else material)
        return header, samples, tag.compute(self.keys.mac, pack(header), samples)

    def made(self, material=None):
        """Return the image with the digest of `material` in its header."""
        header, samples, mac = self.parts(material)
        return bytes(png.write(header, mac, samples))


def vectors():
    """Yield name, expectation, comment, the making, the image and the material that is given with it."""
    for name, expect, comment, making, material, given in _all():
        yield name, expect, comment, making, making.made(material), given


def _all():
    for purity in Purity:
        for layout, data in (("pixels", None), ("file", pictures.as_jpeg(pictures.make(9, 7)))):
            name = f"success_{purity.value}_{layout}"
            making = Measuring(name, purity, data, Layout(layout))
            comment = f"purity {purity.value}, layout {layout}"
            yield name, "success", comment, making, None, making.sealed()
    for purity in (Purity.MULTISTAGE, Purity.MAXIMUM):
        name = f"success_{purity.value}_regions"
        making = Measuring(name, purity, regions=REGIONS)
        yield name, "success", f"purity {purity.value}, two regions that overlap", making, None, making.sealed()
        name = f"success_{purity.value}_pixel"
        making = Measuring(name, purity, pictures.as_png(pictures.make(1, 1, "L")))
        yield name, "success", f"purity {purity.value}, a picture of one pixel", making, None, making.sealed()
    yield from _mac()
    yield from _payload()


def _mac():
    for purity in (Purity.MULTISTAGE, Purity.MAXIMUM):
        short = purity.value
        making = Measuring(f"{short} changed", purity)
        changed = bytearray(making.sealed())
        changed[-1] ^= 1
        yield f"mac_{short}_changed", "mac", "one bit of the material", making, None, bytes(changed)
        making = Measuring(f"{short} longer", purity)
        yield f"mac_{short}_longer", "mac", "a byte behind the material", making, None, making.sealed() + b"\0"
        making = Measuring(f"{short} foreign", purity)
        foreign = Measuring(f"{short} foreign, the other", purity).sealed()
        yield f"mac_{short}_foreign", "mac", "the material of another image", making, None, foreign
        for name, options, comment in (
            ("not_last", {"last": 0}, "material whose final chunk is not marked as the last"),
            ("magic", {"head": b"QSMA\x01"}, "material that begins with QSMA"),
            ("version_2", {"head": b"QSMT\x02"}, "material of version 2"),
        ):
            making = Measuring(f"{short} {name}", purity)
            wrong = seal(making.secret, making.keys.material, making.header_id(), **options)
            yield f"mac_{short}_{name}", "mac", f"{comment}; the header names it", making, wrong, wrong
        making = Measuring(f"{short} other key", purity)
        wrong = seal(making.secret, bytes(32), making.header_id())
        yield f"mac_{short}_other_key", "mac", "material under another key; the header names it", making, wrong, wrong


def _payload():
    for name, secret, comment in (
        ("two_seeds", bytes(64), "two seeds for a picture of one segment"),
        ("seed_and_half", bytes(48), "a seed and a half"),
        ("other_seed", bytes(32), "a seed that the picture was not encrypted with"),
    ):
        making = Measuring(f"seeds {name}", Purity.MULTISTAGE)
        wrong = seal(secret, making.keys.material, making.header_id())
        yield f"payload_multistage_{name}", "payload", comment, making, wrong, wrong
    changes = {
        "long_picture": (lambda lanes: [lanes[0] + b"\0", *lanes[1:]], "a picture's lane that is one byte too long"),
        "short_picture": (lambda lanes: [lanes[0][:-1], *lanes[1:]], "a picture's lane that is one byte too short"),
        "bucket_bytes": (lambda lanes: [lanes[0], b"\0", lanes[2]], "bucket bytes where there is one bucket"),
        "long_words": (lambda lanes: [*lanes[:2], lanes[2] + bytes(4)], "a word that is not consumed"),
        "short_words": (lambda lanes: [*lanes[:2], lanes[2][:-4]], "a word too few"),
        "lane_more": (lambda lanes: [*lanes, b""], "a lane for a second bucket"),
        "lane_less": (lambda lanes: lanes[:2], "no lane for the words"),
        "none": (lambda _: [], "no lanes at all"),
        "other": (lambda lanes: [bytes(len(lanes[0])), *lanes[1:]], "lanes that the picture was not encrypted with"),
    }
    for name, (change, comment) in changes.items():
        making = Measuring(f"lanes {name}", Purity.MAXIMUM)
        wrong = seal(joined(change(making.lanes)), making.keys.material, making.header_id())
        yield f"payload_maximum_{name}", "payload", comment, making, wrong, wrong
    making = Measuring("lanes trailing", Purity.MAXIMUM)
    wrong = seal(making.secret + b"\0", making.keys.material, making.header_id())
    yield "payload_maximum_trailing", "payload", "a byte behind the last lane", making, wrong, wrong
