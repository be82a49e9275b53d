"""Fuzz all readers of untrusted input, for any length of time.

    python -m tests.fuzz [--seconds 60] [--target NAME ...] [--seed N] [--engine mutation|atheris]

Each target runs in its own process with limited memory, and no input may take more than ten seconds. Inputs that break
a target are kept in the directory of --keep. `atheris` follows the branches that an input takes; install it by hand.
"""

import argparse
import json
import multiprocessing
import resource
import signal
import sys
import time
import traceback
from hashlib import sha256
from pathlib import Path

MEMORY = 1 << 30
"""More than all imports and the largest input need; less than a size that an input can ask for."""

PATIENCE = 10
KERNELS = ["shield_core.analysis", "shield_core.cipher", "shield_core.image.formats.png_kernels"]
"""Compiled modules: the compiler cannot read them after atheris has instrumented them."""


class TooSlow(BaseException):
    """An input took more than ten seconds."""


def load(engine):
    """Import the targets and the code that they call; for atheris with a counter at every branch."""
    if engine == "atheris":
        import atheris

        with atheris.instrument_imports(include=["shield_core"], exclude=KERNELS):
            from tests.core import fuzzing
    from tests.core import fuzzing

    return fuzzing


def fuzz(target, *, seconds, seed, keep):
    """Run one target. Return the number of inputs and of accepted inputs, the slowest in seconds, and the failures."""
    signal.signal(signal.SIGALRM, _give_up)
    resource.setrlimit(resource.RLIMIT_AS, (_memory_now() + MEMORY,) * 2)
    fuzzing = load("mutation")
    rng = fuzzing.generator(seed)
    inputs = taken = 0
    slowest, faults = 0.0, []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        data = fuzzing.mutate(target, rng)
        started = time.monotonic()
        signal.alarm(PATIENCE)
        try:
            taken += target.run(data)
        except (Exception, TooSlow):  # noqa: BLE001 - an exception is the finding
            faults.append(_keep(target, data, keep))
        signal.alarm(0)
        inputs += 1
        slowest = max(slowest, time.monotonic() - started)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"inputs": inputs, "taken": taken, "slowest_ms": round(1000 * slowest), "peak_kib": peak, "faults": faults}


def fuzz_by_branches(target, *, seconds, seed, keep):
    """Run one target under atheris, which ends the process itself."""
    import atheris

    corpus = keep / f"corpus of {target.name}"
    corpus.mkdir(parents=True, exist_ok=True)
    for data in target.seeds:
        (corpus / sha256(data).hexdigest()[:16]).write_bytes(data)
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={PATIENCE}", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], str(corpus), *options, f"-artifact_prefix={keep}/"], target.run)
    atheris.Fuzz()


def _give_up(_number, _frame):
    raise TooSlow


def _memory_now():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _keep(target, data, keep):
    keep.mkdir(parents=True, exist_ok=True)
    path = keep / f"{target.name.replace(' ', '-')}-{sha256(data).hexdigest()[:16]}"
    path.write_bytes(data)
    return f"{path}: {traceback.format_exc(limit=-2)}"


def _in_a_child(target, options):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_by_name, (target.name, options))


def _by_name(name, options):
    return fuzz(next(target for target in load("mutation").TARGETS if target.name == name), **options)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=int, default=60, help="for each target")
    arguments.add_argument(
        "--target", action="append", help="a target of tests/core/fuzzing.py, by its name; may be given several times"
    )
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--engine", choices=["mutation", "atheris"], default="mutation")
    arguments.add_argument("--keep", type=Path, default=Path(".fuzz"))
    given = arguments.parse_args()
    options = {"seconds": given.seconds, "seed": given.seed, "keep": given.keep}
    known = {target.name: target for target in load(given.engine).TARGETS}
    if unknown := set(given.target or ()) - known.keys():
        arguments.error(f"there is no target {', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    chosen = [known[name] for name in given.target or known]
    if given.engine == "atheris":
        fuzz_by_branches(chosen[0], **options)
        return 0
    found = {target.name: _in_a_child(target, options) for target in chosen}
    total = sum(one["inputs"] for one in found.values())
    sys.stdout.write(json.dumps(found | {"inputs": total}, indent=2) + "\n")
    return int(any(one["faults"] for one in found.values()))


if __name__ == "__main__":
    sys.exit(main())
