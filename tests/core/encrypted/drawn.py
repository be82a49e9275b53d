"""Headers and encrypted images for tests, made without a cipher."""

from uuid import UUID

import numpy as np

from shield_core.cipher.purity import Purity
from shield_core.encrypted import png
from shield_core.encrypted.header import Header

KEY_ID = UUID("0190f5fe-7c00-7a00-8000-0123456789ab")
TAG = bytes(range(32))
KINDS = {(8, 0): 1, (16, 0): 2, (8, 2): 3, (8, 4): 2, (8, 6): 4}


def header(**changes):
    values = {
        "layout": "pixels",
        "purity": Purity.BALANCED,
        "key_id": KEY_ID,
        "nonce": bytes(range(24)),
        "commitment": bytes(range(100, 132)),
        "width": 7,
        "height": 5,
        "bit_depth": 8,
        "color_type": 2,
        "metadata": bytes(range(40)),
    }
    return Header(**(values | changes))


def noise(of, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (of.width * of.height, of.bytes_per_pixel), dtype=np.uint8)


def image(**changes):
    """Return header, samples and file of an encrypted image."""
    of = header(**changes)
    samples = noise(of)
    return of, samples, png.write(of, TAG, samples)
