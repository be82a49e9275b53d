"""Measure decryption by the engine in TypeScript beside the core, in one interleaved run: ratios, and peak memory.

    python -m benchmarks.browsers [--rounds N] [--megapixels N] [--browsers chromium firefox]

Every figure of the engine is that of a page or program that decrypts for the first time: nothing is compiled yet. The
core runs on one thread; "bare" is the core without rebuilding the file. On a machine that others use as well, compare
the CPU times. Peak memory is the growth of the page's process over that of a page with a small picture.
"""

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from benchmarks.ours import uncore
from benchmarks.pictures import photograph
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.sources import OsSource
from tests.support import engine_page

PROGRAM = Path(__file__).parents[1] / "clients" / "typescript" / "benchmarks" / "decrypt.ts"
WIDTH = 4000
SMALL = 64


def prepare(folder, height):
    """Build page and program, and encrypt a large and a small picture."""
    engine_page.build(folder)
    engine_page.bundle(PROGRAM, folder / "decrypt.mjs", platform="node")
    for name, size in (("large", (WIDTH, height)), ("small", (SMALL, SMALL))):
        made = encrypt_image(photograph(*size), source=OsSource(), wraps=[PlainWrap()])
        (folder / f"{name}.enc.png").write_bytes(made.png)
        (folder / f"{name}.enc.qkey").write_bytes(made.key_file_bytes)


def run(folder, browsers):
    """Decrypt the large picture once in every way, and return the figures of each."""
    image, key_file = (folder / "large.enc.png").read_bytes(), (folder / "large.enc.qkey").read_bytes()
    return {
        "core": timed(lambda: decrypt_image(image, key_file, openers=[PlainOpen()])),
        "core, without the file": timed(lambda: uncore(image)),
        "Node": in_node(folder),
        **{browser: in_browser(browser, folder) for browser in browsers},
    }


def timed(work):
    begin, began = perf_counter(), process_time()
    work()
    return {"ms": 1000 * (perf_counter() - begin), "cpu": 1000 * (process_time() - began)}


def in_node(folder):
    command = ["node", folder / "decrypt.mjs", folder / "large.enc.png", folder / "large.enc.qkey"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def in_browser(browser, folder):
    (small, least), (large, most) = (engine_page.perform(browser, folder, [task(name)]) for name in ("small", "large"))
    assert "error" not in small[0] | large[0], large
    used = {"peak": most.memory - least.memory, "cpu": 1000 * (most.seconds - least.seconds)}
    return {**large[0]["value"], **used, "pause": large[0]["longestPause"]}


def task(name):
    return {"kind": "time", "image": f"{name}.enc.png", "keyFile": f"{name}.enc.qkey"}


def print_rounds(rounds, raw):
    columns = ("ms", "CPU ms", "x core", "x bare", "CPU x core", "CPU x bare", "peak / raw", "pause, ms")
    print(" " * 24 + "".join(f"{column:>12}" for column in columns))
    middle = {
        name: {key: median(one[name].get(key, 0) for one in rounds) for key in ("ms", "cpu", "peak", "pause")}
        for name in rounds[0]
    }
    core, bare = middle["core"], middle["core, without the file"]
    for name, took in middle.items():
        ratios = [took[key] / of[key] for key in ("ms", "cpu") for of in (core, bare)]
        figures = (took["ms"], took["cpu"], *ratios, took["peak"] / raw, took["pause"])
        print(f"{name:24}" + "".join(f"{figure:12.{0 if figure >= 20 else 2}f}" for figure in figures))


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.browsers", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds; each decrypts once in every way")
    parser.add_argument("--megapixels", type=int, default=12, help="size of the picture")
    parser.add_argument("--browsers", nargs="*", default=["chromium"], choices=sorted(engine_page.BROWSERS))
    options = parser.parse_args()
    height = options.megapixels * 1_000_000 // WIDTH
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, height)
        rounds = [run(folder, options.browsers) for _ in range(options.rounds)]
    print_rounds(rounds, 3 * WIDTH * height)


if __name__ == "__main__":
    main()
