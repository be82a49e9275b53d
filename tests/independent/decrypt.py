"""Decryption: the normative order of steps, each with its failure (docs/reference/format.md, "Decryption")."""

import hashlib
from dataclasses import dataclass
from typing import Any

from . import detached, keyfile, permutation, png, regions
from .ciphers import xor
from .failures import Refused, demand, failing_as
from .header import Header
from .header import parse as parse_header
from .keyfile import KeyFile
from .material import keystreams, open_chunks
from .metadata import check_source, open_metadata
from .numbers import u32, u64
from .png import Geometry
from .rebuild import rebuild, unpack_file
from .schedule import Keys, derive, mac, same
from .stanzas import Secrets, open_stanzas

_LARGEST_IMAGE = 112_000_000
_LARGEST_MATERIAL = 320_000_000
_MOST_PIXELS = 25_000_000


@dataclass(frozen=True)
class Decrypted:
    """The restored file, its samples (with the layout `file` its payload), and its metadata."""

    file: bytes
    samples: bytes
    metadata: dict[str, Any]


@dataclass(frozen=True)
class Image:
    """The parts of an encrypted image, from the strict reader."""

    header: Header
    header_bytes: bytes
    samples: bytes
    tag: bytes


def decrypt(
    image_bytes: bytes, key_file_bytes: bytes, secrets: Secrets, qmat: bytes | None = None, front: bytes | None = None
) -> Decrypted:
    """Decrypt, or raise Refused; `qmat` is the material of `maximum`, `front` header and tag of a detached picture."""
    if front is None:
        _check_container(image_bytes)  # 1, 2, 3
    else:
        _check_picture(image_bytes)
    with failing_as("key file"):  # 4
        key_file = keyfile.read(key_file_bytes)
    image = _read(image_bytes) if front is None else _read_detached(image_bytes, front)  # 5
    material = _material(image.header, key_file, qmat)  # 5a
    with failing_as("no match"):  # 6
        file_key = open_stanzas(key_file.stanzas, key_file.key_id, secrets)
    _check_key_file(key_file, file_key, image.header)  # 7, 8, 9
    keys = derive(file_key, image.header.nonce)
    _check_tag(image, keys)  # 10
    _check_material(image.header, material)  # 10a
    with failing_as("payload"):  # 11
        metadata = open_metadata(image.header, key_file, keys.metadata)
    with failing_as("mac"):  # 12
        plaintext = open_chunks(material, keys.material, image.header.key_id) if image.header.has_material else b""
    with failing_as("payload"):  # 13
        return _restore(image, keys, plaintext, metadata)


def _check_container(image: bytes) -> None:
    if len(image) > _LARGEST_IMAGE:
        raise Refused("file too large", f"{len(image)} bytes")
    if not image.startswith(png.SIGNATURE):
        raise Refused("unsupported format", "not a PNG")
    if int.from_bytes(image[16:20], "big") * int.from_bytes(image[20:24], "big") > _MOST_PIXELS:
        raise Refused("too many pixels", "IHDR")
    with failing_as("header"):
        lacks = png.lacks_own_chunk(image)
    if lacks:
        raise Refused("header missing", "no qsIS before IEND")


def _check_picture(picture: bytes) -> None:
    if len(picture) > _LARGEST_IMAGE:
        raise Refused("file too large", f"{len(picture)} bytes")
    if picture.startswith(b"\xff\xd8\xff"):
        raise Refused("converted", "a JPEG")
    if not picture.startswith(png.SIGNATURE):
        raise Refused("unsupported format", "not a PNG")
    with failing_as("damaged"):
        frame, _ = detached.walk(picture)
    if frame.width * frame.height > _MOST_PIXELS:
        raise Refused("too many pixels", "IHDR")


def _read(image: bytes) -> Image:
    with failing_as("header"):
        geometry, own, samples = png.read_encrypted(image)
        header, header_bytes, tag = parse_header(own, geometry)
        return Image(header, header_bytes, samples, tag)


def _read_detached(picture: bytes, front: bytes) -> Image:
    with failing_as("header"):
        header, header_bytes, tag = parse_header(front)
    frame, chunks = detached.walk(picture)
    with failing_as("converted"):
        detached.check_kind(frame, chunks, header.geometry)
    with failing_as("damaged"):
        return Image(header, header_bytes, detached.read_samples(picture, frame, chunks, header.geometry), tag)


def _material(header: Header, key_file: KeyFile, qmat: bytes | None) -> bytes:
    """Return the given file for `maximum`, the key file's material for `multistage`, and nothing for the others."""
    if header.purity != "maximum":
        return key_file.material or b""
    if qmat is None:
        raise Refused("material required", "no material was given")
    if len(qmat) > _LARGEST_MATERIAL:
        raise Refused("file too large", "material")
    return qmat


def _check_key_file(key_file: KeyFile, file_key: bytes, header: Header) -> None:
    keys = derive(file_key, key_file.nonce)
    with failing_as("commitment"):  # 7
        demand(same(keys.commitment, key_file.commitment), "another file key than the key file's")
    with failing_as("mac"):  # 8
        demand(same(mac(keys.key_file, key_file.signed), key_file.mac), "a changed key file")
    with failing_as("commitment"):  # 9
        equal = same(header.commitment, key_file.commitment) and header.nonce == key_file.nonce
        demand(equal and header.key_id == key_file.key_id, "a key file of another image")


def _check_tag(image: Image, keys: Keys) -> None:
    framed = u32(len(image.header_bytes)) + image.header_bytes + u64(len(image.samples)) + image.samples
    with failing_as("mac"):
        demand(same(mac(keys.mac, framed), image.tag), "a changed image")


def _check_material(header: Header, material: bytes) -> None:
    with failing_as("mac"):
        digest = hashlib.sha256(material).digest()
        demand(not header.has_material or same(digest, header.material_sha256), "other material")


def _restore(image: Image, keys: Keys, plaintext: bytes, metadata: dict[str, Any]) -> Decrypted:
    header, geometry = image.header, image.header.geometry
    check_source(metadata["source"], header)
    places = regions.encrypted_pixels(header.regions, geometry)
    sealed = regions.gather(image.samples, geometry.pixel_size, places)
    payload = _payload(header, keys, plaintext, sealed, geometry)
    demand(hashlib.sha256(payload).hexdigest() == metadata["payload_sha256"], "another payload")
    if header.layout == "file":
        return Decrypted(unpack_file(payload, geometry, metadata), payload, metadata)
    samples = regions.scatter(image.samples, geometry.pixel_size, places, payload)
    return Decrypted(rebuild(metadata["source"]["rebuild"], geometry, samples), samples, metadata)


def _payload(header: Header, keys: Keys, plaintext: bytes, sealed: bytes, geometry: Geometry) -> bytes:
    """Undo permutation and stream."""
    pixels = len(sealed) // geometry.pixel_size
    streams = keystreams(header.purity, keys, plaintext, len(sealed), pixels)
    order = permutation.order(pixels, streams.lane)
    demand(streams.consumed, "a lane that is not consumed")
    return xor(permutation.undo(sealed, geometry.pixel_size, order), streams.stream)
