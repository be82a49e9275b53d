"""Orders to the outside ledger: the harness writes a line for each and reads a line with its answer."""

import itertools
import json
import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from tests.support.stack import ROOT

ANSWER_SECONDS = 180.0
STOP_SECONDS = 5.0


class OrderFailed(Exception):
    """The ledger could not carry out an order."""


class OutsideLedger:
    """The process of the ledger: takes orders, and alone writes the record."""

    def __init__(self, url: str, record: Path) -> None:
        self.record = record
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[Any]] = {}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.outside", url, str(record)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, name="ledger", daemon=True)
        self._reader.start()

    def start(self, order: str, **details: Any) -> "Future[Any]":
        """Give an order and return without waiting for its answer."""
        number, answer = next(self._numbers), Future[Any]()
        self._waiting[number] = answer
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"number": number, "do": order, **details}) + "\n")
        self._process.stdin.flush()
        return answer

    def do(self, order: str, *, within: float = ANSWER_SECONDS, **details: Any) -> Any:
        """Give an order and wait for its answer."""
        return self.start(order, **details).result(within)

    def lines(self, row: str) -> list[dict[str, Any]]:
        """Return what the ledger has recorded during one row."""
        with self.record.open(encoding="utf-8") as file:
            return [line for line in map(json.loads, file) if line["row"] == row]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            message = json.loads(line)
            answer = self._waiting.pop(message["number"])
            if "error" in message:
                answer.set_exception(OrderFailed(message["error"]))
            else:
                answer.set_result(message["answer"])
        for answer in self._waiting.values():
            answer.set_exception(OrderFailed("the ledger has ended"))
