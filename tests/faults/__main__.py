"""Fault runs (`make faults`): break the running system on purpose and count what is lost.

python -m tests.faults [--row NAME …] [--short] [--json] [--list]
"""

import argparse
import json
import signal
import sys
import tempfile
from fnmatch import fnmatch
from pathlib import Path

from tests.faults import table
from tests.faults.registry import Row
from tests.faults.rows import MATRIX
from tests.faults.running import run


def choose(patterns: list[str] | None) -> list[Row]:
    if not patterns:
        return MATRIX
    chosen = [row for row in MATRIX if any(fnmatch(row.name, pattern) for pattern in patterns)]
    if not chosen:
        sys.exit(f"no row fits {' '.join(patterns)}; there are: {' '.join(row.name for row in MATRIX)}")
    return chosen


def say(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def stop(*_: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__.splitlines()[0])
    parser.add_argument("--row", action="append", metavar="NAME", help="only this row, * for anything; repeatable")
    parser.add_argument("--short", action="store_true", help="small counts and short waits")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--list", action="store_true", help="only list the rows")
    parser.add_argument("--keep", type=Path, metavar="DIRECTORY", help="keep the record and the logs there")
    options = parser.parse_args()
    chosen = choose(options.row)
    if options.list:
        for row in chosen:
            say(f"{row.name:24}{' '.join(row.goals):18}{row.fault}")
        return 0
    signal.signal(signal.SIGTERM, stop)
    with tempfile.TemporaryDirectory(prefix="imageshield-faults-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        results = run(chosen, short=options.short, folder=folder, report=say)
    if not options.row and not options.short:
        table.write(results)
    text = json.dumps(table.to_json(results), indent=2) if options.json else "\n".join(table.lines(results))
    sys.stdout.write(text + "\n")
    return int(table.failed(results))


if __name__ == "__main__":
    sys.exit(main())
