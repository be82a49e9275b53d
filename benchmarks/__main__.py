"""Measure the core against its goals: print two tables and write benchmarks/results.json.

python -m benchmarks [--quick] [--only PATTERN] [--rounds N] [--output FILE]
"""

import argparse
import sys
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from benchmarks.reports import machine, print_rows, write
from benchmarks.suites import QUICK, RESULTS, SUITES
from shield_core.warmup import warm_up


def choose(options):
    """List the suites to run, each with a size."""
    if options.quick:
        chosen = [(suite, QUICK[suite.name]) for suite in SUITES if suite.name in QUICK]
    else:
        chosen = [(suite, size) for suite in SUITES for size in suite.sizes]
    return [(suite, size) for suite, size in chosen if fits(suite, size, options.only)]


def fits(suite, size, pattern):
    return pattern is None or any(fnmatch(name, pattern) for name in (suite.name, *suite.ids(size)))


def run(chosen, *, rounds, only):
    """Run the suites and return the times and the selected rows."""
    times, rows = {}, []
    for suite, size in chosen:
        took, made = suite.run(size, rounds)
        for case, best in took.items():
            column = times.setdefault(size, {})
            column[case] = min(best, column.get(case, best))
        rows += [row for row in made if only is None or fnmatch(suite.name, only) or fnmatch(row.id, only)]
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return times, rows


def print_times(times):
    names = list(dict.fromkeys(case for column in times.values() for case in column))
    print(f"{'ms, best of all rounds':32}" + "".join(f"{size:>14}" for size in times))
    for name in names:
        cells = (f"{column[name]:14.1f}" if name in column else " " * 14 for column in times.values())
        print(f"{name:32}" + "".join(cells))
    print()


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one small picture; only reports, for CI")
    parser.add_argument("--only", metavar="PATTERN", help="a suite or the id of a row, * for anything")
    parser.add_argument("--rounds", type=int, help="number of rounds; each runs every case once")
    parser.add_argument("--output", type=Path, help="where to write; by default, all rows to benchmarks/results.json")
    options = parser.parse_args()
    chosen = choose(options)
    if not chosen:
        names = ", ".join(suite.name for suite in SUITES)
        parser.error(f"nothing fits {options.only}; there are {names}, and the ids of docs/explanation/performance.md")
    where = machine()
    warm_up()
    times, rows = run(chosen, rounds=options.rounds or (2 if options.quick else 9), only=options.only)
    print(where)
    if times:
        print_times(times)
    if options.quick:
        rows = [replace(row, goal=None, stretch=None) for row in rows]
    print_rows(rows)
    if options.quick:
        print("\nThe goals are for 12 and 25 megapixels; this run only shows that everything runs.")
    rounded = {size: {case: round(took, 2) for case, took in column.items()} for size, column in times.items()}
    output = options.output or (None if options.quick or options.only else RESULTS)
    if output:
        write(output, where, rows, times_ms=rounded)


if __name__ == "__main__":
    main()
