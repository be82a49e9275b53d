"""Peak memory of one job in a child process, divided by the raw size of its picture.

    python -m benchmarks.memory encrypt|decrypt PNG|JPEG PURITY WIDTH HEIGHT

The measured value is the maximum growth of the resident set after the moment before the file is read: it includes file,
pixels, result and all temporary data. Small jobs run before, so that libraries and compiled kernels are not counted.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pictures import photograph
from shield_core.cipher.purity import Purity
from shield_core.image.payload import Layout
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.sources import OsSource

OPTIONS = {"source": OsSource(), "wraps": [PlainWrap()], "layout": Layout.PIXELS}


def peak_over_raw(job, kind, purity, size):
    """Run one job in a child process and return its peak divided by width · height · 3 bytes."""
    width, height = size
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        prepare(path, job, photograph(width, height, kind), purity)
        command = [sys.executable, "-m", "benchmarks.memory", job, purity, str(path)]
        peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return peak / (width * height * 3)


def prepare(path, job, data, purity):
    """Write the input files of the job."""
    path.write_bytes(data)
    if job == "decrypt":
        made = encrypt(path, purity)
        path.write_bytes(made.png)
        path.with_suffix(".qkey").write_bytes(made.key_file_bytes)
        if made.material is not None:
            path.with_suffix(".qmat").write_bytes(made.material)


def encrypt(path, purity):
    return encrypt_image(read(path), purity=Purity(purity), consume=True, **OPTIONS)


def decrypt(path, purity):
    material = read(path.with_suffix(".qmat")) if purity == Purity.MAXIMUM else None
    key_file = path.with_suffix(".qkey").read_bytes()
    return decrypt_image(read(path), key_file, openers=[PlainOpen()], material=material, consume=True)


def read(path):
    """Read into memory that can be released, as the worker does with unsealed data."""
    data = bytearray(path.stat().st_size)
    with path.open("rb", buffering=0) as file:
        file.readinto(data)
    return data


def resident(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def measure(job, purity, path):
    """Return the bytes by which the resident set of this process grows."""
    for kind in ("PNG", "JPEG"):
        small = encrypt_image(photograph(256, 256, kind), purity=Purity(purity), **OPTIONS)
        decrypt_image(small.png, small.key_file_bytes, openers=[PlainOpen()], material=small.material)
    del small
    before = resident("VmRSS")
    done = {"encrypt": encrypt, "decrypt": decrypt}[job](path, purity)
    assert done
    return resident("VmHWM") - before


def main(job, *where):
    if len(where) == 2:
        print(measure(job, where[0], Path(where[1])))
    else:
        kind, purity, width, height = where
        ratio = peak_over_raw(job, kind, purity, (int(width), int(height)))
        print(json.dumps({"job": job, "kind": kind, "purity": purity, "peak_over_raw": round(ratio, 3)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
