"""Analyses of every kind, after a JSON round trip, and the context of their reports."""

import functools
import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from shield_core.analysis.document import analyze
from shield_core.analysis.measures.picture import Picture
from shield_core.analysis.report.about import About
from shield_core.image.regions import Region
from tests.core.analysis import ciphers
from tests.core.analysis.pictures import noise, ramp

HOSTILE = "<script>alert(1)</script>\"'&amp; \u202egpj.exe \x00\x1b[31m\n 日本語 العربية \ud800 " + "x" * 5000 + ".png"

STATEMENT = {
    "source": {"name": "aer", "kind": "simulated"},
    "raw": {"bits": 4096, "credited_bits": 0},
    "system": {"bits": 512},
    "health": {"verdict": "passed"},
    "degraded": False,
}

MADE_AT = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)


def about(name="holiday.png", **more):
    known = {"job_id": "job_1", "key_id": "key_1", "purity": "balanced", "layout": "pixels", "statement": STATEMENT}
    return About(made_at=MADE_AT, product_version="0.1.0", file_name=name, **(known | more))


PICTURE, CIPHER = ramp(200, 150), noise(200, 150)
BLACK, PIXEL = Picture(np.zeros((40_000, 3), np.uint8), 200, 200), noise(1, 1)
HOLDER = Picture(noise(120, 110).samples, 120, 110, holds_file=True)
WIDE, WIDE_CIPHER = (noise(200, 150, depth=16, lanes=2, seed=seed) for seed in (0, 1))
KNOWN = {"encrypt": ciphers.noise_of(1), "key_space_bits": 256, "timings_ms": {"generating_quantum_keys": 2.5}}

CASES = {
    "sound": (PICTURE, CIPHER, KNOWN),
    "holds a file": (PICTURE, HOLDER, KNOWN),
    "holds a file, cipher unknown": (PICTURE, HOLDER, {}),
    "converted": (replace(PICTURE, converted_from="CMYK"), CIPHER, KNOWN),
    "identical": (PICTURE, PICTURE, {}),
    "black": (BLACK, BLACK, {}),
    "one pixel": (PIXEL, PIXEL, {}),
    "16 bits": (WIDE, WIDE_CIPHER, KNOWN),
    "regions": (PICTURE, CIPHER, {"regions": (Region(1, 2, 30, 40),), "key_space_bits": 256}),
}
KINDS = tuple(CASES)


@functools.cache
def analysis_of(kind):
    original, encrypted, more = CASES[kind]
    return json.loads(json.dumps(analyze(original, encrypted, **more)))
