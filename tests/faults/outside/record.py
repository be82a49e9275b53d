"""The record of the ledger: one JSON object a line, flushed before the next step."""

import json
import time
from pathlib import Path
from typing import Any


class Record:
    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self.row = ""

    def write(self, kind: str, **facts: Any) -> None:
        line = {"at": time.time(), "row": self.row, "kind": kind, **facts}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
