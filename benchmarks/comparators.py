"""Comparators: other implementations on the same bytes. All except openssl come from PyPI; see requirements/dev.txt."""

import io
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pyrage
from cryptography.fernet import Fernet
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


def fernet(data):
    """cryptography: Fernet(key).encrypt(data)."""
    cipher = Fernet(Fernet.generate_key())
    return lambda: cipher.encrypt(data)


@contextmanager
def openssl(data):
    """openssl enc -aes-256-ctr -in FILE -out /dev/null, one process per run; None if it is not installed."""
    program = shutil.which("openssl")
    if program is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "samples"
        path.write_bytes(data)
        command = [program, "enc", "-aes-256-ctr", "-K", "00" * 32, "-iv", "00" * 16, "-in", str(path)]
        yield lambda: subprocess.run([*command, "-out", "/dev/null"], check=True)


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
