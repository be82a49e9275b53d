"""What a row works with: the installation, the outside ledger, the injectors and its result."""

import io
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import Future
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.faults.injectors import Failpoints, StoreProxy, execute, resume
from tests.faults.installation import Installation
from tests.faults.ledger import OutsideLedger
from tests.faults.measures import Measure, Result
from tests.faults.reconciler import Findings, reconcile

SETTLE_SECONDS = 90.0
RESTART_SECONDS = 30.0
"""G4."""


class Site:
    """One run of a row."""

    def __init__(self, installation: Installation, ledger: OutsideLedger, result: Result, *, short: bool) -> None:
        self.installation = installation
        self.ledger = ledger
        self.result = result
        self.short = short
        self.failpoints = Failpoints(installation.failpoints)
        self.store = StoreProxy(installation.store_fault)
        self.accounts: list[str] = []
        self._key = f"{result.name}@{time.time():.3f}"

    def scale(self, whole: int, short: int) -> int:
        """Choose a count: of the full or of the short form."""
        return short if self.short else whole

    # Outside.

    def begin(self, *, accounts: int = 1) -> None:
        """Open accounts for this row; all later requests are counted for it."""
        self.failpoints.clear()
        self.accounts = self.ledger.do("begin", row=self._key, url=self.installation.url, accounts=accounts)

    def submit(self, count: int = 1, **details: Any) -> list[str]:
        jobs = self.ledger.do("submit", pictures=self.pictures, count=count, **details)
        return [job for job in jobs if job is not None]

    def start_submitting(self, count: int, **details: Any) -> "Future[Any]":
        return self.ledger.start("submit", pictures=self.pictures, count=count, **details)

    def ask(self, method: str, path: str, **details: Any) -> list[dict[str, Any] | None]:
        return self.ledger.do("ask", method=method, path=path, **details)

    def ask_one(self, method: str, path: str, **details: Any) -> dict[str, Any]:
        [answer] = self.ask(method, path, **details)
        assert answer is not None, f"{method} {path}: the connection was cut"
        return answer

    # Undoing.

    @staticmethod
    def resume(pid: int) -> None:
        resume(pid)

    @staticmethod
    def restore(hidden: Path, place: Path) -> None:
        """Put a directory back; what was made in its place meanwhile is deleted."""
        shutil.rmtree(place, ignore_errors=True)
        hidden.rename(place)

    # What was found.

    def reconcile(self, *, may_fail: bool = False, settle: float = SETTLE_SECONDS, verify: bool = True) -> Findings:
        """Wait for every end, compare every plaintext, and compare the record with all stores."""
        self.ledger.do("settle", seconds=settle, within=settle + 60)
        if verify:
            self.ledger.do("verify", within=600)
        self.ledger.do("heard", seconds=10.0)
        found = reconcile(self.installation, self.ledger.lines(self._key), self.accounts)
        self.result.counted |= found.counted()
        violations = found.violations(may_fail=may_fail)
        for kind, names in violations.items():
            self.result.faults += [f"{kind}: {name}" for name in names[:5]]
        self.measure(
            "violations", sum(map(len, violations.values())), 0, "lost, doubled, wrong, half, gaps, odd answers"
        )
        return found

    def measure(self, name: str, measured: float, goal: float, how: str, *, better: str = "lower") -> None:
        """Add a number with its goal; of several under one name the worst is kept."""
        new = Measure(f"{self.result.name}.{name}", round(measured, 3), goal, better, how)
        same = next((one for one in self.result.measures if one.id == new.id), new)
        worst = (min if better == "higher" else max)(same, new, key=lambda one: one.measured)
        self.result.measures = [one for one in self.result.measures if one.id != new.id] + [worst]
        self.result.counted[name] = round(worst.measured, 2)

    def expect(self, truth: object, what: str) -> None:
        """Add a fault if something that must be true is not."""
        if not truth:
            self.result.faults.append(what)

    def lines(self, *kinds: str) -> list[dict[str, Any]]:
        return [line for line in self.ledger.lines(self._key) if line["kind"] in kinds]

    def restarts(self, jobs: Iterable[str], since: float) -> list[float]:
        """Return the seconds from a moment to each job's first event of the next attempt."""
        found = []
        for job in jobs:
            rows = execute(
                self.installation,
                "SELECT min(created_at) AS at FROM job_events WHERE job_id = $1::uuid AND created_at > $2",
                job.rpartition("_")[2],
                datetime.fromtimestamp(since).astimezone(),
            )
            if rows[0]["at"] is not None:
                found.append(rows[0]["at"].timestamp() - since)
        return found

    def measure_restarts(self, jobs: Iterable[str], since: float) -> None:
        found = self.restarts(jobs, since)
        if found:
            self.measure(
                "restart_s", max(found), RESTART_SECONDS, "from the kill to the next attempt's first event, worst"
            )

    # Pictures.

    @cached_property
    def pictures(self) -> list[str]:
        """Small photographs as JPEG, which decrypt byte for byte, so that a hash compares them."""
        return [self.picture(f"small-{seed}", 96 + 32 * seed, seed) for seed in range(6)]

    def picture(self, name: str, side: int, seed: int) -> str:
        path = self.installation.path / f"{name}.jpg"
        if not path.exists():
            noise = np.random.default_rng(seed).integers(0, 64, (side, side, 3), dtype=np.uint8)
            slope = np.linspace(0, 190, side, dtype=np.uint8)
            buffer = io.BytesIO()
            Image.fromarray(noise + slope[:, None, None]).save(buffer, "JPEG", quality=90)
            self.write(path, buffer.getvalue())
        return str(path)

    def file(self, name: str, data: bytes) -> str:
        """Write a file for the ledger and return its path."""
        path = self.installation.path / name
        self.write(path, data)
        return str(path)

    @staticmethod
    def write(path: Path, data: bytes) -> None:
        path.write_bytes(data)
