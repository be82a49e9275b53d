"""What is encrypted: noise of any geometry for the core, and photographs made large for whole jobs."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

SAMPLE = Path(__file__).parents[1] / "samples" / "astronaut.png"


def noise(width, height, channels):
    return np.random.default_rng(0).integers(0, 256, (width * height, channels), dtype=np.uint8)


def photograph(width, height, kind="PNG"):
    """Enlarge a photograph and add noise, so that it compresses like one."""
    with Image.open(SAMPLE) as sample:
        large = sample.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
    pixels = np.array(large)
    rng = np.random.default_rng(0)
    for top in range(0, height, 256):
        some = pixels[top : top + 256]
        grain = rng.integers(-4, 5, (len(some), width, 1), dtype=np.int16)
        some[:] = np.clip(some + grain, 0, 255)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **({"compress_level": 1} if kind == "PNG" else {"quality": 90}))
    return out.getvalue()
