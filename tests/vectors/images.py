"""Encrypted images for the vectors, each with a fixed file key and nonce, valid or with one fault."""

import dataclasses
import struct
import zlib
from hashlib import sha256
from uuid import UUID

from shield_core.cipher import keystream, permutation
from shield_core.cipher.purity import Purity
from shield_core.encrypted import metadata, png, tag
from shield_core.encrypted.header import Header, pack
from shield_core.image import intake, payload
from shield_core.image.payload import Layout
from shield_core.keys import schedule
from tests.support import pictures

STATEMENT = sha256(b"{}").hexdigest()
FRONT = 33  # signature and IHDR


class Making:
    """One encryption, step by step, so that a vector can change a step."""

    def __init__(self, name, data, layout=Layout.AUTO):
        self.file_key = sha256(f"file key of {name}".encode()).digest()
        self.nonce = sha256(f"nonce of {name}".encode()).digest()[:24]
        self.keys = schedule.derive(self.file_key, self.nonce)
        self.content = payload.build(data, intake.examine(data), layout=layout, file_name="picture.png")
        self.about = {
            "version": 1,
            "job_id": "vector",
            "purity": "balanced",
            "statement_sha256": STATEMENT,
            **self.content.metadata,
        }
        self.payload_sha256 = self.content.metadata["payload_sha256"]

    def header(self):
        return Header(
            layout=self.content.layout.value,
            purity=Purity.BALANCED,
            key_id=UUID(bytes=self.file_key[:16]),
            nonce=self.nonce,
            commitment=self.keys.commitment,
            width=self.content.width,
            height=self.content.height,
            bit_depth=self.content.bit_depth,
            color_type=self.content.color_type,
            metadata=metadata.encrypt(self.about, self.keys.metadata),
            version=self.content.version,
        )

    def parts(self):
        """Return header, samples and tag; the content is consumed."""
        header = self.header()
        keystream.apply(self.content.samples, self.keys.stream)
        samples = permutation.permute(self.content.samples, self.keys.permutation)
        return header, samples, tag.compute(self.keys.mac, pack(header), samples)

    def image(self):
        header, samples, mac = self.parts()
        return bytes(png.write(header, mac, samples))


def picture(mode="L"):
    return pictures.as_png(pictures.make(6, 5, mode))


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def own_chunk(image):
    """Return the data of qsIS, and the begin and end of the chunk."""
    size = int.from_bytes(image[FRONT : FRONT + 4], "big")
    return image[FRONT + 8 : FRONT + 8 + size], FRONT, FRONT + 12 + size


def patched(image, at, value):
    """Change bytes of the header, and correct the checksum."""
    body, start, end = own_chunk(image)
    changed = body[:at] + value + body[at + len(value) :]
    return image[:start] + chunk(b"qsIS", changed) + image[end:]


def vectors():
    """Yield name, expectation, comment, the making and the file."""
    for mode in ("L", "LA", "RGB", "RGBA", "I;16"):
        making = Making(f"success {mode}", picture(mode))
        yield f"success_pixels_{mode.lower().replace(';', '')}", "success", f"layout pixels, mode {mode}", making, None
    for name, data in {"jpeg": pictures.as_jpeg(pictures.make(9, 7)), "png": picture("RGB")}.items():
        making = Making(f"success file {name}", data, Layout.FILE)
        yield f"success_file_{name}", "success", f"layout file, a {name.upper()}", making, None
    yield from _commitment()
    yield from _mac()
    yield from _header()
    yield from _payload()


def _commitment():
    making = Making("other key", picture())
    image = making.image()
    making.file_key = sha256(b"another file key").digest()
    yield "commitment_other_file_key", "commitment", "the file key is of another image", making, image


def _mac():
    making = Making("tag", picture())
    header, samples, mac = making.parts()
    flipped = bytes([mac[0] ^ 1]) + mac[1:]
    yield "mac_tag", "mac", "one bit of the tag", making, bytes(png.write(header, flipped, samples))
    making = Making("sample", picture())
    header, samples, mac = making.parts()
    samples[-1, -1] ^= 0x80
    yield "mac_sample", "mac", "one bit of the last sample", making, bytes(png.write(header, mac, samples))
    making = Making("metadata", picture())
    header, samples, mac = making.parts()
    header = dataclasses.replace(header, metadata=header.metadata[:-1] + bytes([header.metadata[-1] ^ 1]))
    yield "mac_metadata", "mac", "one bit of the metadata", making, bytes(png.write(header, mac, samples))
    making = Making("geometry", picture())
    header, samples, mac = making.parts()
    header = dataclasses.replace(header, width=header.height, height=header.width)
    yield "mac_geometry", "mac", "width and height exchanged", making, bytes(png.write(header, mac, samples))


def _header():
    changes = {
        "version_2": (4, b"\x02", "version 2"),
        "suite_2": (5, b"\x02", "suite 2"),
        "layout_3": (6, b"\x03", "layout 3"),
        "purity_3": (7, b"\x03", "purity 3, reserved"),
        "flag_regions": (9, b"\x01", "flag bit 0, reserved"),
        "flag_material": (9, b"\x02", "flag bit 1, reserved"),
        "material": (92, b"\x01", "a material digest, reserved"),
        "region_count": (125, b"\x01", "a region, reserved"),
        "bit_depth_4": (90, b"\x04", "bit depth 4"),
        "color_type_3": (91, b"\x03", "color type 3"),
        "width": (85, b"\x07", "a width that is not IHDR's"),
        "metadata_length": (129, b"\x10", "a metadata length that does not fit"),
    }
    for name, (at, value, comment) in changes.items():
        making = Making(name, picture())
        yield f"header_{name}", "header", comment, making, patched(making.image(), at, value)
    frames = {
        "trailing_byte": (lambda image: image + b"\x00", "a byte behind IEND"),
        "cut": (lambda image: image[:-1], "the last byte is missing"),
        "crc_ihdr": (lambda image: _flip(image, 32), "one bit of IHDR's checksum"),
        "crc_own": (lambda image: _flip(image, own_chunk(image)[2] - 1), "one bit of the checksum of qsIS"),
        "crc_idat": (lambda image: _flip(image, -13), "one bit of the checksum of IDAT"),
        "crc_iend": (lambda image: _flip(image, -1), "one bit of IEND's checksum"),
        "interlaced": (_interlaced, "interlaced by IHDR"),
        "text": (lambda image: image[:-12] + chunk(b"tEXt", b"a\0b") + image[-12:], "a chunk tEXt in front of IEND"),
        "compressed": (lambda image: _compressed(image, 9), "the same samples, compressed"),
        "adler": (_adler, "another Adler-32 under a sound checksum"),
    }
    for name, (change, comment) in frames.items():
        making = Making(name, picture())
        yield f"header_{name}", "header", comment, making, change(making.image())


def _payload():
    changes = {
        "payload_sha256": ("payload_sha256", "ab" * 32, "another digest of the payload"),
        "purity": ("purity", "fast", "a purity that is not the header's"),
        "version": ("version", 2, "version 2 of the metadata"),
        "statement": ("statement_sha256", "cd" * 32, "a statement that is not the key file's"),
        "additional_key": ("more", 1, "an additional key"),
        "source": ("source", {}, "a source without a format"),
    }
    for name, (key, value, comment) in changes.items():
        making = Making(f"payload {name}", picture())
        making.about[key] = value
        yield f"payload_{name}", "payload", comment, making, None
    making = Making("padding", pictures.as_jpeg(pictures.make(9, 7)), Layout.FILE)
    making.content.samples[-1, -1] = 1
    making.about["payload_sha256"] = sha256(making.content.samples.tobytes()).hexdigest()
    yield "payload_padding", "payload", "padding of the layout file that is not zero", making, None


def _flip(image, at):
    changed = bytearray(image)
    changed[at] ^= 1
    return bytes(changed)


def _idat(image):
    start = own_chunk(image)[2]
    return start, image[start + 8 : -16]


def _interlaced(image):
    ihdr = image[16:28] + b"\x01"
    return image[:8] + chunk(b"IHDR", ihdr) + image[FRONT:]


def _compressed(image, level):
    start, data = _idat(image)
    return image[:start] + chunk(b"IDAT", zlib.compress(zlib.decompress(data), level)) + image[-12:]


def _adler(image):
    start, data = _idat(image)
    return image[:start] + chunk(b"IDAT", data[:-1] + bytes([data[-1] ^ 1])) + image[-12:]
