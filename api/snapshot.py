"""`python -m api.snapshot`: write docs/openapi.json, or see that it is what the routes say."""

import argparse
import difflib
import json
import sys
from pathlib import Path

from api.app import create_app

SNAPSHOT = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m api.snapshot", description="Write or check docs/openapi.json")
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("--write", action="store_true")
    choice.add_argument("--check", action="store_true")
    wanted = parser.parse_args(arguments)

    new = json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n"
    if wanted.write:
        SNAPSHOT.write_text(new, encoding="utf-8")
        return 0
    old = SNAPSHOT.read_text(encoding="utf-8") if SNAPSHOT.exists() else ""
    sys.stdout.writelines(
        difflib.unified_diff(old.splitlines(True), new.splitlines(True), "docs/openapi.json", "api", n=2)
    )
    if old != new:
        sys.stderr.write("docs/openapi.json is not what the routes say: run `python -m api.snapshot --write`\n")
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
