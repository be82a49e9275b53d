"""Encrypted pictures and key files of the predecessor: c = (p XOR k)[perm]."""

import hashlib
import hmac
import io

import numpy as np

from tests.support import pictures


def encrypt(picture, version, *, seed=7, hmac_over=None, **more):
    """Return an encrypted PNG and its key file for a Pillow picture; `more` adds or replaces arrays, None drops one."""
    rng = np.random.default_rng(seed)
    samples = np.asarray(picture)
    flat = samples.reshape(-1)
    xor_key = rng.integers(0, 256, flat.size, dtype=np.uint8)
    if version == 3:
        permutation_key = seed
        np.random.seed(seed)  # noqa: NPY002 - it is what the predecessor did
        order = np.random.permutation(flat.size)  # noqa: NPY002
    else:
        permutation_key = order = rng.permutation(flat.size)
    encrypted = (flat ^ xor_key)[order].reshape(samples.shape)
    arrays = {"xor_key": xor_key, "permutation_key": permutation_key, "shape": samples.shape}
    if version < 3:
        arrays["mode"] = picture.mode
    if version == 2:
        arrays |= {"quantum_purity": "balanced", "version": "2.0", "encrypted": False}
    if hmac_over is not None:
        message = {"encrypted": encrypted.tobytes(), "plain": flat.tobytes()}[hmac_over]
        digest = hmac.digest(b"key of the hmac", message, "sha256")
        arrays |= {
            "hmac_key": b"key of the hmac",
            "integrity_hmac": digest,
            "file_hash": hashlib.sha256(message).hexdigest(),
            "salt": bytes(range(16)),
        }
    return pictures.as_png(pictures.Image.fromarray(encrypted, picture.mode)), save(arrays | more)


def save(arrays, write=np.savez):
    file = io.BytesIO()
    write(file, **{name: value for name, value in arrays.items() if value is not None})
    file.seek(0)
    return file
