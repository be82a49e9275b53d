"""A thread that keeps one process running: start it, wait until it answers, wait until it ends, start it again."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from imageshield.servers import logs, processes
from imageshield.servers.service import Service

PARENT_GUARD = Path(__file__).with_name("parent_guard.py")
POLL_SECONDS = 0.05
FIRST_PAUSE = 0.2
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0
"""A process that ran this long is restarted after the first pause again."""

SILENCES = 2


class ProcessRunner:
    """Runs one service. One thread starts the child and waits for it: the parent-death signal is bound to it."""

    def __init__(self, service: Service, *, run: Path, log: Path, report: Callable[[str], None]) -> None:
        self.service = service
        self.log = log
        self.ready = threading.Event()
        self.starts = 0
        self.failure: str | None = None
        self._record = run / f"{service.name}.json"
        self._report = report
        self._trusted = False
        self._silences = 0
        self._stopping = threading.Event()
        self._guard = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._keep, name=f"runner-{service.name}", daemon=True)

    @property
    def pid(self) -> int | None:
        child = self._child
        return None if child is None else child.pid

    @property
    def started(self) -> bool:
        return self._thread.ident is not None

    def start(self) -> None:
        self._thread.start()

    def trust(self) -> None:
        """Assume from now on that the process works: when it ends, it is started again."""
        self._trusted = True

    def stop(self) -> None:
        """Send the stop signal, and kill the process group if it does not end in time."""
        with self._guard:
            self._stopping.set()
            self._signal(self.service.stop_signal)
        if not self._thread.is_alive():
            return
        self._thread.join(self.service.stop_seconds)
        if self._thread.is_alive():
            self._report(f"{self.service.name}: did not stop within {self.service.stop_seconds:.0f} s, killed")
            with self._guard:
                self._kill_group()
            self._thread.join()

    def check_alive(self) -> None:
        """Kill a process that runs but makes no progress in two checks: after a suspend, one check proves nothing."""
        if not self.ready.is_set() or self.service.alive is None or self.service.alive():
            self._silences = 0
            return
        self._silences += 1
        if self._silences == SILENCES:
            self._report(f"{self.service.name}: lives and does nothing, killed")
            with self._guard:
                self._kill_group()

    def _signal(self, number: int) -> None:
        if self._child is not None:
            os.kill(self._child.pid, number)

    def _kill_group(self) -> None:
        if self._child is not None:
            processes.kill_group(self._child.pid)

    def _keep(self) -> None:
        pause = FIRST_PAUSE
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                outcome = self._live()
            except Exception as error:  # noqa: BLE001 -- a thread has no caller that could report it
                outcome = str(error) or repr(error)
            if self._stopping.is_set() or (self.service.once and self.ready.is_set()):
                return
            if not self._trusted:  # a process that never worked is not retried forever
                self.failure = outcome
                return
            self.ready.clear()
            pause = FIRST_PAUSE if time.monotonic() - began > STEADY_SECONDS else min(pause * 2, LONGEST_PAUSE)
            self._report(f"{self.service.name}: {outcome}; starting again in {pause:.1f} s")
            self._stopping.wait(pause)

    def _live(self) -> str:
        """Start the process, wait until it ends, and return how it ended."""
        self.service.prepare()
        child = self._spawn()
        if child is None:
            return "stopped"
        if not self.service.once:
            self._await_health(child, self.service.healthy)
        code = self._await_end(child)
        if self.service.once and code == 0:
            self.ready.set()
        return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        service, who = self.service, self.service.account
        identity = ("-1", "-1") if who is None else (str(who.uid), str(who.gid))
        guard_command = (
            sys.executable,
            "-I",
            "-S",
            str(PARENT_GUARD),
            str(os.getpid()),
            *identity,
            str(int(service.death_signal)),
        )
        with self._guard, logs.open_append(self.log) as log:
            if self._stopping.is_set():
                return None
            child = self._child = subprocess.Popen(
                (*guard_command, *service.command),
                env=service.environment,
                cwd=service.working_directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the supervisor, which stops them in order
            )
        self.starts += 1
        if (started := processes.start_time(child.pid)) is not None:
            processes.Record(child.pid, started, int(service.stop_signal)).save(self._record)
        return child

    def _await_health(self, child: subprocess.Popen[bytes], healthy: Callable[[], bool] | None) -> None:
        while not self._stopping.is_set() and not _has_ended(child):
            if healthy is None:
                self.ready.set()
                return
            if healthy():
                self.trust()
                self.ready.set()
                return
            self._stopping.wait(POLL_SECONDS)

    def _await_end(self, child: subprocess.Popen[bytes]) -> int:
        if hasattr(os, "waitid"):  # not on macOS before Python 3.13
            # Before the child is reaped, its pid cannot be reused for another process group.
            os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        else:
            child.wait()
        with self._guard:
            self._kill_group()  # what is left of it, such as the pool of a crashed Celery
            self._child = None
        self._record.unlink(missing_ok=True)
        self.service.tidy()
        return child.wait()


def _has_ended(child: subprocess.Popen[bytes]) -> bool:
    if hasattr(os, "waitid"):
        return os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
    return child.poll() is not None
