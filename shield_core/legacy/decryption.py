"""Decryption of the predecessor's cipher: c = (p XOR k)[perm] over all samples, row by row.

It exists only to recover pictures. Three chosen pictures break XOR and permutation under a key that is used twice, and
a picture is not authenticated unless its key file has an HMAC.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import KeyFileInvalid, LayoutNotExact, MacMismatch
from shield_core.image import intake, pixels
from shield_core.image.facts import SAMPLE_KINDS, ImageFacts
from shield_core.image.formats.png_write import write_png
from shield_core.image.limits import MAX_PIXELS, check_size
from shield_core.legacy.arrays import Archive

MODES: Final = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
"""The modes by number of channels. The predecessor had no wider samples."""

_MODE_SIZE: Final = 4 * 4
"""Bytes of "RGBA", as NumPy stores text."""

_SECRET_SIZE: Final = 64
_SECRET_TEXT_SIZE: Final = 4 * 2 * _SECRET_SIZE
"""Bytes of the key of an HMAC, and of its hexadecimal form."""

_HMAC_SIZE: Final = 32
_LOSSLESS: Final = frozenset({"PNG", "BMP", "TIFF"})
_SEEDS: Final = range(2**32)
"""The range of seeds of NumPy's legacy generator."""

Samples = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class LegacyKey:
    """A key file of the predecessor, for one picture."""

    version: int
    xor_key: Samples = field(repr=False)
    order: NDArray[Any] = field(repr=False)
    hmac_key: bytes | None = field(repr=False)
    hmac: bytes | None


@dataclass(frozen=True, slots=True)
class LegacyPicture:
    """A decrypted picture of the predecessor, as a PNG.

    `version` is that of the key file, 1 to 3; `authentic` is True if its HMAC is valid, and None if it has none: then
    nothing shows whether picture or key were changed.
    """

    png: bytes = field(repr=False)
    mode: str
    width: int
    height: int
    version: int
    authentic: bool | None


def decrypt(image: bytes, key_file: BinaryIO, *, verify: bool = True) -> LegacyPicture:
    """Decrypt a picture of the predecessor.

    Args:
        image: the encrypted picture in a lossless format; at most 50,000,000 bytes and 25,000,000 pixels.
        key_file: its `.npz`, open for reading; it is never unpickled.
        verify: False continues after an invalid HMAC, and sets `authentic` to False.

    Returns:
        The picture.

    Raises:
        ImageError: the picture is not accepted, or was saved in a lossy format.
        KeyFileInvalid: not a key file of the predecessor, one that is protected by a password, or one of another
            picture.
        MacMismatch: the HMAC of the key file is valid for no known message.
    """
    walk = intake.survey(image)
    key = read_key(key_file, walk.facts)
    samples = pixels.decode(walk).samples
    plain = undo(samples.reshape(-1), key)
    authentic = _check_hmac(key, (samples.data, plain.data, memoryview(image)))
    if verify and authentic is False:
        raise MacMismatch("The HMAC of the key file fits neither the encrypted picture nor the decrypted one")
    facts = walk.facts
    return LegacyPicture(
        png=write_png(
            plain.reshape(facts.width * facts.height, -1),
            width=facts.width,
            height=facts.height,
            bit_depth=8,
            color_type=SAMPLE_KINDS[facts.mode].color_type,
        ),
        mode=facts.mode,
        width=facts.width,
        height=facts.height,
        version=key.version,
        authentic=authentic,
    )


def undo(samples: Samples, key: LegacyKey) -> Samples:
    """Undo XOR and permutation.

    Args:
        samples: shape (n,), uint8, as encrypted.
        key: for n samples.

    Returns:
        The samples of the picture, shape (n,).
    """
    plain = np.empty_like(samples)
    plain[key.order] = samples
    plain ^= key.xor_key
    return plain


def read_key(file: BinaryIO, facts: ImageFacts) -> LegacyKey:
    """Read the key of one picture: version 1, 2 or 3.

    Args:
        file: The `.npz`, seekable.
        facts: The facts of the picture; arrays that are larger than its key are refused before they are unpacked.

    Raises:
        ImageError: the predecessor did not encrypt this kind of picture.
        KeyFileInvalid: as `decrypt`.
    """
    _check_kind(facts)
    archive = Archive(file)
    if "encrypted" in archive and archive.read("encrypted", kinds="biu", at_most=1).any():
        raise KeyFileInvalid("This key file is under a password: save it without one, with the program that made it")
    channels = SAMPLE_KINDS[facts.mode].bytes_per_pixel
    _check_shape(archive, facts, channels)
    count = facts.width * facts.height * channels
    xor_key = archive.read("xor_key", kinds="u", at_most=count, item=1)
    if xor_key.shape != (count,):
        raise KeyFileInvalid(f"xor_key does not have one byte for each of the picture's {count:,} samples")
    stored = archive.read("permutation_key", kinds="iu", at_most=count)
    return LegacyKey(
        version=3 if stored.ndim == 0 else 2 if "version" in archive or "quantum_purity" in archive else 1,
        xor_key=xor_key,
        order=_order(stored, count),
        hmac_key=_read_bytes(archive, "hmac_key"),
        hmac=_read_bytes(archive, "integrity_hmac"),
    )


def _check_kind(facts: ImageFacts) -> None:
    if facts.format not in _LOSSLESS or facts.frames != 1:
        raise LayoutNotExact("The predecessor's pictures open only as they were saved, without loss: as PNG")
    if facts.mode not in MODES.values():
        raise LayoutNotExact(f"The predecessor wrote no picture with samples of the kind {facts.mode}")
    check_size(facts.width, facts.height, limit=MAX_PIXELS)


def _check_shape(archive: Archive, facts: ImageFacts, channels: int) -> None:
    shape = archive.read("shape", kinds="iu", at_most=3)
    found = [int(length) for length in shape] if shape.ndim == 1 else []
    size = [facts.height, facts.width]
    expected = [[*size, channels], size] if channels == 1 else [[*size, channels]]
    if found not in expected:
        raise KeyFileInvalid(f"The key file is not that of a picture of {facts.width} x {facts.height} {facts.mode}")
    if "mode" in archive:
        mode = archive.read("mode", kinds="U", at_most=1, item=_MODE_SIZE)
        if mode.size != 1 or mode.item() != facts.mode:
            raise KeyFileInvalid(f"The key file is not that of a {facts.mode} picture")


def _order(stored: NDArray[Any], count: int) -> NDArray[Any]:
    if stored.ndim == 0:
        seed = int(stored)
        if seed not in _SEEDS:
            raise KeyFileInvalid("permutation_key is no seed of NumPy's generator")
        return np.random.RandomState(seed).permutation(count)
    if stored.shape != (count,) or stored.min() < 0 or stored.max() >= count:
        raise KeyFileInvalid(f"permutation_key is no order of the picture's {count:,} samples")
    seen = np.zeros(count, np.bool_)
    seen[stored] = True
    if not seen.all():
        raise KeyFileInvalid("permutation_key has a place twice")
    return stored


def _read_bytes(archive: Archive, name: str) -> bytes | None:
    """Read a short value that was stored as bytes, as an array of bytes, or as hexadecimal text."""
    if name not in archive:
        return None
    value = archive.read(name, kinds="uSU", at_most=_SECRET_SIZE, item=_SECRET_TEXT_SIZE)
    if value.dtype == np.uint8 or (value.ndim == 0 and value.dtype.kind == "S"):
        return value.tobytes()
    if value.ndim == 0 and value.dtype.kind == "U":
        try:
            return bytes.fromhex(str(value))
        except ValueError:
            pass
    raise KeyFileInvalid(f"{name} is neither bytes nor hexadecimal text")


def _check_hmac(key: LegacyKey, messages: Iterable[memoryview]) -> bool | None:
    """Compare with the HMAC-SHA-256 of each possible message: the file does not say which data it covers."""
    if not key.hmac_key or key.hmac is None:
        return None
    # NumPy drops zeros at the end of byte strings.
    expected = key.hmac.ljust(_HMAC_SIZE, b"\0")
    fits = [hmac.compare_digest(hmac.digest(key.hmac_key, message, "sha256"), expected) for message in messages]
    return True in fits
