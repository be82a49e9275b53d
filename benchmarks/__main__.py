"""Run everything, print two tables, write benchmarks/results.json.

python -m benchmarks [--quick] [--rounds N] [--output FILE]
"""

import argparse
import json
import os
import platform
from pathlib import Path

from benchmarks import comparators, goals, ours
from benchmarks.memory import peak_over_raw
from benchmarks.pictures import SIZES, noise, photograph
from benchmarks.timing import interleave
from shield_core.cipher import permutation
from shield_core.image.payload import Layout
from shield_core.keys.stanzas import PlainWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum.sources import OsSource

RESULTS = Path(__file__).parent / "results.json"
LARGE = {"12 MP RGB": "12mp", "25 MP RGB": "25mp"}
QUICK = {"2 MP RGB": (2000, 1000, 3)}


def machine():
    """Say what was measured on, without naming the machine."""
    cpu = platform.processor() or platform.machine()
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), cpu)
    busy = round(os.getloadavg()[0], 1)
    python = platform.python_version()
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {python}, load {busy} at the start"


def measure_core(width, height, channels, *, rounds):
    """Time our stages and every comparator on the same noise."""
    samples = noise(width, height, channels)
    data = samples.tobytes()
    cases = {
        **ours.stages(samples, width, height),
        "permute, 2 threads": lambda: permutation.permute(samples, ours.KEY, threads=2),
        "AES-GCM": comparators.aes_gcm(data),
        "age": comparators.age(data),
        "memcpy": comparators.memcpy(samples),
    }
    return interleave(cases, rounds=rounds)


def measure_slow(width, height, channels, *, rounds):
    """Time what takes seconds, and ours in turn with it."""
    samples = noise(width, height, channels)
    stages = ours.stages(samples, width, height)
    cases = {
        "permute": stages["permute"],
        "PNG write": stages["PNG write"],
        "Generator.permutation": comparators.generator_permutation(samples),
        "argsort": comparators.stable_argsort(samples),
        "Pillow level 0": comparators.pillow_level_0(samples, width, height),
    }
    return interleave(cases, rounds=rounds)


def measure_jobs(width, height, *, rounds):
    """Time whole encryptions of a photograph."""
    data = photograph(width, height, "JPEG")

    def job(threads):
        return encrypt_image(data, source=OsSource(), wraps=[PlainWrap()], layout=Layout.PIXELS, threads=threads)

    return interleave({"encrypt_image": lambda: job(1), "encrypt_image, 2 threads": lambda: job(2)}, rounds=rounds)


def measure_memory(width, height):
    jobs = [("encrypt", "JPEG"), ("encrypt", "PNG"), ("decrypt", "PNG")]
    return {(job, kind): peak_over_raw(job, kind, width, height) for job, kind in jobs}


def run(sizes, *, rounds):
    """Measure all sizes; large ones against all goals."""
    times, rows = {}, []
    for name, geometry in sizes.items():
        times[name] = measure_core(*geometry, rounds=rounds)
        size = LARGE.get(name)
        if size is None and sizes is not QUICK:
            continue
        size = size or "2mp"
        rows += goals.core_rows(times[name], size)
        if size != "25mp":
            slow = measure_slow(*geometry, rounds=max(3, rounds // 3))
            times[name].update((case, took) for case, took in slow.items() if case not in times[name])
            rows += goals.stage_rows(times[name] | slow, size)
        jobs = measure_jobs(*geometry[:2], rounds=max(3, rounds // 3))
        times[name] |= jobs
        rows += goals.job_rows(jobs, size)
        if size == "25mp":
            rows += goals.memory_rows(measure_memory(*geometry[:2]), size)
    return times, rows


def print_times(times):
    names = list(dict.fromkeys(case for column in times.values() for case in column))
    print(f"{'ms, best of a round':28}" + "".join(f"{size:>14}" for size in times))
    for name in names:
        cells = (f"{column[name]:14.1f}" if name in column else " " * 14 for column in times.values())
        print(f"{name:28}" + "".join(cells))
    print()


def print_rows(rows):
    print(f"{'goal':38}{'measured':>10}{'goal':>8}{'stretch':>9}")
    for row in rows:
        sign = "≥" if row.better == "higher" else "≤"
        stretch = "" if row.stretch is None else f"{sign}{row.stretch}"
        verdict = "ok" if row.ok else "MISSED"
        if row.stretch is not None and row.reaches(row.stretch):
            verdict += ", stretch reached"
        print(f"{row.id:38}{row.measured:10.3f}{sign + str(row.goal):>8}{stretch:>9}  {verdict}")


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small picture; only reports, for CI")
    parser.add_argument("--rounds", type=int, help="rounds in which all cases take turns")
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    where = machine()
    permutation.warm()
    rounds = options.rounds or (3 if options.quick else 9)
    times, rows = run(QUICK if options.quick else SIZES, rounds=rounds)
    print(where)
    print_times(times)
    print_rows(rows)
    if options.quick:
        print("\nThe goals are for 12 and 25 megapixels; this run only shows that everything runs.")
    rounded = {size: {case: round(took, 2) for case, took in column.items()} for size, column in times.items()}
    result = {"machine": where, "rows": [row.to_json() for row in rows], "times_ms": rounded}
    options.output.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
