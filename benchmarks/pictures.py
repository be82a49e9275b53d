"""Benchmark pictures: noise of any size for the core, and enlarged photographs for whole jobs."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parents[1] / "samples" / "astronaut.png"


def noise(width, height, channels):
    return np.random.default_rng(0).integers(0, 256, (width * height, channels), dtype=np.uint8)


def photograph(width, height, kind="PNG", *, grain=4, quality=90):
    """Enlarge a photograph and add noise, so that it compresses like a real one."""
    with Image.open(SAMPLE) as sample:
        large = sample.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.array(large)
    rng = np.random.default_rng(0)
    for top in range(0, height, 256):
        some = pixels[top : top + 256]
        deviation = rng.integers(-grain, grain + 1, (len(some), width, 1), dtype=np.int16)
        some[:] = np.clip(some + deviation, 0, 255)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **({"compress_level": 1} if kind == "PNG" else {"quality": quality}))
    return out.getvalue()


def jpeg_of_5_mb():
    """Make a JPEG like that of a 12-megapixel camera."""
    data = photograph(4000, 3000, "JPEG", grain=15, quality=93)
    assert 4.75e6 < len(data) < 5.25e6, len(data)
    return data
