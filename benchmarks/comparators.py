"""What others ship, on the same bytes. All come from PyPI; see requirements/dev.txt."""

import io

import numpy as np
import pyrage
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image


def aes_gcm(data):
    """cryptography: AESGCM(key).encrypt(nonce, data, None)."""
    cipher = AESGCM(bytes(32))
    return lambda: cipher.encrypt(bytes(12), data, None)


def age(data):
    """pyrage: encrypt(data, [x25519 recipient])."""
    recipient = pyrage.x25519.Identity.generate().to_public()
    return lambda: pyrage.encrypt(data, [recipient])


def memcpy(samples):
    """numpy: copyto(target, samples)."""
    target = samples.copy()
    return lambda: np.copyto(target, samples)


def generator_permutation(samples):
    """numpy: samples.take(default_rng(1).permutation(n), axis=0)."""
    return lambda: samples.take(np.random.default_rng(1).permutation(len(samples)), axis=0)


def stable_argsort(samples):
    """numpy: samples.take(argsort(64 random bits a pixel, kind="stable"), axis=0)."""

    def run():
        keys = np.random.default_rng(1).integers(0, 2**64, len(samples), dtype=np.uint64)
        return samples.take(np.argsort(keys, kind="stable"), axis=0)

    return run


def pillow_level_0(samples, width, height):
    """Pillow: Image.save(out, "PNG", compress_level=0)."""
    image = Image.fromarray(samples.reshape(height, width, -1))
    return lambda: image.save(io.BytesIO(), "PNG", compress_level=0)
