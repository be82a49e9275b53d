"""Peak memory of one job in a child process, over the raw size of its picture.

    python -m benchmarks.memory encrypt|decrypt PNG|JPEG WIDTH HEIGHT

Counted is what the resident set grows by, at its highest, from the moment before the file is read: file, pixels, result
and all between. A small job has run before, so that libraries and compiled kernels are not counted.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.pictures import SAMPLE, photograph
from shield_core.image.payload import Layout
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.sources import OsSource


def peak_over_raw(job, kind, width, height):
    """Run one job in a child and return its peak over width · height · 3 bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "picture"
        prepare(path, job, kind, width, height)
        command = [sys.executable, "-m", "benchmarks.memory", job, str(path)]
        peak = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return peak / (width * height * 3)


def prepare(path, job, kind, width, height):
    """Write what the job will read."""
    path.write_bytes(photograph(width, height, kind))
    if job == "decrypt":
        made = encrypt(path)
        path.write_bytes(made.png)
        path.with_suffix(".qkey").write_bytes(made.key_file_bytes)


def encrypt(path):
    return encrypt_image(read(path), source=OsSource(), wraps=[PlainWrap()], layout=Layout.PIXELS, consume=True)


def decrypt(path):
    return decrypt_image(read(path), path.with_suffix(".qkey").read_bytes(), openers=[PlainOpen()], consume=True)


def read(path):
    """Read into memory that can be given back, as the worker does with what it has unsealed."""
    data = bytearray(path.stat().st_size)
    with path.open("rb", buffering=0) as file:
        file.readinto(data)
    return data


def resident(field):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))


def measure(job, path):
    """Return the bytes by which the resident set of this process grows."""
    small = encrypt(SAMPLE)
    decrypt_image(small.png, small.key_file_bytes, openers=[PlainOpen()])
    del small
    before = resident("VmRSS")
    done = {"encrypt": encrypt, "decrypt": decrypt}[job](path)
    assert done
    return resident("VmHWM") - before


def main(job, *where):
    if len(where) == 1:
        print(measure(job, Path(where[0])))
    else:
        kind, width, height = where
        ratio = peak_over_raw(job, kind, int(width), int(height))
        print(json.dumps({"job": job, "kind": kind, "peak_over_raw": round(ratio, 3)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
