"""The supervisor of `up`, `demo` and the tests: it starts processes in order, keeps them running and stops them."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from imageshield.servers import logs, processes
from imageshield.servers.errors import StartFailed
from imageshield.servers.process_runner import ProcessRunner
from imageshield.servers.service import Service

POLL_SECONDS = 0.02
ROUND_SECONDS = 5.0


class Interrupted(Exception):
    """Someone asked for a stop while the system was starting."""


class Supervisor:
    """Keeps one process runner for each service, in the order in which they start."""

    def __init__(self, services: Sequence[Service], *, home: Path, report: Callable[[str], None]) -> None:
        self._report = report
        self._run = home / "run"
        self._runners = {
            service.name: ProcessRunner(
                service, run=self._run, log=home / "logs" / f"{service.name}.log", report=report
            )
            for service in services
        }
        self._over = threading.Event()
        self._rounds = threading.Thread(target=self._make_rounds, name="rounds", daemon=True)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._runners)

    def pid(self, name: str) -> int | None:
        return self._runners[name].pid

    def starts(self, name: str) -> int:
        """Count how often the process was started: 1 means that it never had to be started again."""
        return self._runners[name].starts

    def is_ready(self, name: str) -> bool:
        return self._runners[name].ready.is_set()

    def log(self, name: str) -> Path:
        return self._runners[name].log

    def start(self, *, interrupted: threading.Event | None = None) -> None:
        """Return when every process has answered once.

        Raises:
            StartFailed: one ended or took too long; everything is stopped again.
            Interrupted: `interrupted` was set; everything is stopped again.
        """
        for name in processes.stop_survivors(self._run):
            self._report(f"{name}: left running by a supervisor that was killed; stopped")
        self._rounds.start()
        try:
            self._bring_up(interrupted or threading.Event())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End every process that was started, the last one first, each within its own time."""
        self._over.set()
        for name, runner in reversed(self._runners.items()):
            if runner.started:
                running, began = runner.pid is not None, time.monotonic()
                runner.stop()
                if running:
                    self._report(f"{name}: stopped after {time.monotonic() - began:.1f} s")

    def _bring_up(self, interrupted: threading.Event) -> None:
        waiting = dict(self._runners)
        began: dict[str, float] = {}
        while waiting:
            if interrupted.is_set():
                raise Interrupted
            for name, runner in list(waiting.items()):
                if name not in began and self._may_start(runner.service):
                    began[name] = time.monotonic()
                    runner.start()
                if name in began and self._has_come_up(runner, time.monotonic() - began[name]):
                    del waiting[name]
            self._refuse_failures()
            time.sleep(POLL_SECONDS)
        for runner in self._runners.values():
            runner.trust()

    def _refuse_failures(self) -> None:
        for runner in self._runners.values():
            if runner.failure is not None:
                raise StartFailed(_last_words(runner, runner.failure))

    def _may_start(self, service: Service) -> bool:
        return all(self.is_ready(name) for name in service.after if name in self._runners)

    def _has_come_up(self, runner: ProcessRunner, seconds: float) -> bool:
        service = runner.service
        if runner.ready.is_set():
            state = "done" if service.once else "ready" if service.healthy else "started"
            self._report(f"{service.name}: {state} after {seconds:.1f} s")
            return True
        if seconds > service.start_seconds:
            raise StartFailed(_last_words(runner, f"did not answer within {service.start_seconds:.0f} s"))
        return False

    def _make_rounds(self) -> None:
        while not self._over.wait(ROUND_SECONDS):
            for runner in self._runners.values():
                logs.trim(runner.log)
                runner.check_alive()


def _last_words(runner: ProcessRunner, reason: str) -> str:
    words = logs.tail(runner.log)
    return f"{runner.service.name} {reason} (see {runner.log})" + (f"\n{words}" if words else "")
