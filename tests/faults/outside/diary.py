"""What was seen from outside, one JSON object a line, on disk before anything else happens."""

import json
import time
from pathlib import Path
from typing import Any


class Diary:
    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self.row = ""

    def write(self, kind: str, **facts: Any) -> None:
        line = {"at": time.time(), "row": self.row, "kind": kind, **facts}
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
