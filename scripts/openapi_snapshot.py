"""Compare docs/openapi.json with the document that the gateway serves; `--write` brings it up to date."""

import difflib
import json
import sys
from itertools import islice
from pathlib import Path

from api.main import app

SNAPSHOT = Path(__file__).resolve().parent.parent / "docs" / "openapi.json"


def main(arguments: list[str]) -> None:
    served = json.dumps(app.openapi(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
    if arguments == ["--write"]:
        SNAPSHOT.write_text(served, encoding="utf-8")
        return
    kept = SNAPSHOT.read_text(encoding="utf-8") if SNAPSHOT.is_file() else ""
    if kept != served:
        difference = difflib.unified_diff(
            kept.splitlines(), served.splitlines(), "docs/openapi.json", "served", lineterm=""
        )
        print(*islice(difference, 40), sep="\n")
        sys.exit("docs/openapi.json is not what the gateway serves: make fix")


if __name__ == "__main__":
    main(sys.argv[1:])
