"""The supervisor, with small programs in place of servers."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from imageshield.servers import logs, ports, processes, system
from imageshield.servers.errors import StartFailed
from imageshield.servers.home import Home
from imageshield.servers.service import Service
from imageshield.servers.supervisor import Interrupted, Supervisor
from tests.support.stack import ROOT, wait_until

SLEEP = "import time; time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
)

WHILE_EMPTY = "import os, time\nwhile not os.listdir({folder!r}): time.sleep(0.01)"
"""A program that ends once its folder has something: not before the supervisor has come up."""


def program(name: str, source: str, **details) -> Service:
    return Service(name=name, command=(sys.executable, "-c", source), environment={}, **details)


def gone(pid: int) -> bool:
    return processes.start_time(pid) is None


class Yard:
    """A directory for supervisors, and their messages."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[str] = []
        self.supervisors: list[Supervisor] = []
        for name in ("run", "logs"):
            (path / name).mkdir()

    def ill(self) -> Service:
        """Describe a program that ends at once from `sicken` on."""
        folder = self.path / "illness"
        folder.mkdir()
        return program("ill", WHILE_EMPTY.format(folder=str(folder)), healthy=lambda: True)

    def sicken(self) -> None:
        (self.path / "illness" / "has come").touch()

    def supervise(self, *services: Service) -> Supervisor:
        self.supervisors.append(Supervisor(services, home=self.path, report=self.said.append))
        return self.supervisors[-1]


@pytest.fixture
def yard(tmp_path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    for supervisor in yard.supervisors:
        supervisor.stop()


class TestStart:
    def test_service_waits_for_its_predecessors(self, yard):
        answers = threading.Event()
        first = program("first", SLEEP, healthy=answers.is_set)
        supervisor = yard.supervise(first, program("second", SLEEP, after=("first",)))
        starting = threading.Thread(target=supervisor.start)
        starting.start()
        wait_until(lambda: supervisor.pid("first"), "the first one runs")
        assert supervisor.starts("second") == 0
        answers.set()
        starting.join()
        assert supervisor.is_ready("second")

    def test_absent_predecessor_is_not_waited_for(self, yard):
        supervisor = yard.supervise(program("only", SLEEP, after=("a server of the operator's own",)))
        supervisor.start()
        assert supervisor.is_ready("only")

    def test_step_that_succeeds_runs_once(self, yard):
        supervisor = yard.supervise(
            program("step", "print('done')", once=True), program("next", SLEEP, after=("step",))
        )
        supervisor.start()
        assert supervisor.starts("step") == 1
        assert supervisor.pid("step") is None

    def test_failing_step_ends_the_start_with_its_log(self, yard):
        supervisor = yard.supervise(program("other", SLEEP), program("step", "raise SystemExit('no room')", once=True))
        with pytest.raises(StartFailed, match=r"(?s)step ended with exit code 1 .*no room"):
            supervisor.start()
        assert supervisor.pid("other") is None

    def test_process_that_ends_early_ends_the_start(self, yard):
        never = threading.Event()
        supervisor = yard.supervise(program("brief", ""), program("slow", SLEEP, healthy=never.is_set))
        with pytest.raises(StartFailed, match="brief ended with exit code 0"):
            supervisor.start()

    def test_process_that_never_answers_ends_the_start(self, yard):
        supervisor = yard.supervise(program("mute", SLEEP, healthy=lambda: False, start_seconds=0.3))
        with pytest.raises(StartFailed, match="mute did not answer within"):
            supervisor.start()
        assert supervisor.pid("mute") is None

    def test_failing_preparation_ends_the_start_with_its_reason(self, yard):
        def refuse() -> None:
            raise StartFailed("the directory is closed")

        supervisor = yard.supervise(program("unprepared", SLEEP, prepare=refuse))
        with pytest.raises(StartFailed, match="the directory is closed"):
            supervisor.start()

    def test_missing_program_ends_the_start(self, yard):
        supervisor = yard.supervise(
            Service(name="absent", command=("/nowhere/program",), environment={}, healthy=lambda: False)
        )
        with pytest.raises(StartFailed, match=r"(?s)absent ended .*/nowhere/program: No such file"):
            supervisor.start()

    def test_interruption_stops_what_has_started(self, yard):
        interrupted = threading.Event()
        supervisor = yard.supervise(program("mute", SLEEP, healthy=lambda: interrupted.set() or False))
        with pytest.raises(Interrupted):
            supervisor.start(interrupted=interrupted)
        assert supervisor.pid("mute") is None


class TestStolenPort:
    def test_taken_port_repeats_the_start_with_another_plan(self, tmp_path):
        home = Home.open(tmp_path / "data")
        with socket.create_server((ports.LOOPBACK, 0)) as thief:
            stolen = thief.getsockname()[1]
            plans = iter(
                [
                    system.Plan(
                        "first", (program("server", "raise SystemExit(1)", healthy=lambda: False),), {}, (stolen,), {}
                    ),
                    system.Plan("second", (program("server", SLEEP),), {}, (), {}),
                ]
            )
            said = []
            running = system._start(home, lambda: next(plans), report=said.append, interrupted=None)
        assert running.url == "second"
        assert "a port was taken meanwhile, starting again with another one" in said
        running.supervisor.stop()
        home.close()

    def test_other_failure_is_not_repeated(self, tmp_path):
        home = Home.open(tmp_path / "data")
        plans = iter(
            [system.Plan("first", (program("server", "raise SystemExit(1)", healthy=lambda: False),), {}, (), {})]
        )
        with pytest.raises(StartFailed):
            system._start(home, lambda: next(plans), report=lambda _: None, interrupted=None)
        home.close()


class TestRestart:
    def test_pauses_grow(self, yard):
        supervisor = yard.supervise(yard.ill())
        supervisor.start()
        yard.sicken()
        wait_until(lambda: supervisor.starts("ill") == 4, "it was started again three times")
        pauses = [float(found[1]) for line in yard.said if (found := re.search(r"starting again in ([\d.]+) s", line))]
        assert pauses[:3] == [0.4, 0.8, 1.6]

    def test_preparation_is_made_before_every_start(self, yard):
        prepared = []
        supervisor = yard.supervise(program("ill", SLEEP, prepare=lambda: prepared.append(1)))
        supervisor.start()
        os.kill(supervisor.pid("ill"), signal.SIGKILL)
        wait_until(lambda: supervisor.starts("ill") == 2, "it is started again")
        assert prepared == [1, 1]
        assert "ill: ended by signal 9" in yard.said[1]

    def test_children_of_a_dead_process_are_ended(self, yard):
        source = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {SLEEP!r}])"
        supervisor = yard.supervise(program("parent", source))
        supervisor.start()
        wait_until(lambda: processes.children(supervisor.pid("parent")), "it has a child")
        child = processes.children(supervisor.pid("parent"))[0]
        os.kill(supervisor.pid("parent"), signal.SIGKILL)
        wait_until(lambda: gone(child), "the child is gone")


class TestAliveCheck:
    def test_process_without_progress_is_restarted(self, yard, monkeypatch):
        monkeypatch.setattr("imageshield.servers.supervisor.CHECK_SECONDS", 0.05)
        working = threading.Event()
        working.set()
        supervisor = yard.supervise(program("worker", SLEEP, healthy=lambda: True, alive=working.is_set))
        supervisor.start()
        first = supervisor.pid("worker")
        working.clear()
        wait_until(lambda: supervisor.starts("worker") == 2, "it is started again")
        assert gone(first)
        assert "worker: runs but makes no progress, killed" in yard.said

    def test_one_failed_check_is_ignored(self, yard, monkeypatch):
        monkeypatch.setattr("imageshield.servers.supervisor.CHECK_SECONDS", 0.05)
        answers, asked = iter([False]), threading.Event()

        def alive():
            answer = next(answers, None)
            if answer is None:
                asked.set()
            return answer is None

        supervisor = yard.supervise(program("worker", SLEEP, healthy=lambda: True, alive=alive))
        supervisor.start()
        assert asked.wait(30)
        assert supervisor.starts("worker") == 1


class TestStop:
    def test_last_started_is_stopped_first(self, yard):
        supervisor = yard.supervise(program("first", SLEEP), program("second", SLEEP, after=("first",)))
        supervisor.start()
        supervisor.stop()
        stopped = [line.partition(":")[0] for line in yard.said if "stopped" in line]
        assert stopped == ["second", "first"]

    def test_process_that_ignores_the_signal_is_killed(self, yard):
        log = yard.path / "logs/deaf.log"
        deaf = program("deaf", STUBBORN, stop_seconds=0.3, healthy=lambda: "deaf" in logs.tail(log))
        supervisor = yard.supervise(deaf)
        supervisor.start()
        pid = supervisor.pid("deaf")
        supervisor.stop()
        assert gone(pid)
        assert "deaf: did not stop within 0 s, killed" in yard.said

    def test_second_stop_does_nothing(self, yard):
        supervisor = yard.supervise(program("one", SLEEP))
        supervisor.start()
        supervisor.stop()
        supervisor.stop()
        assert supervisor.starts("one") == 1

    def test_pause_before_a_restart_is_cut_short(self, yard):
        supervisor = yard.supervise(yard.ill())
        supervisor.start()
        yard.sicken()
        wait_until(lambda: supervisor.starts("ill") == 4, "the pause is 3.2 s by now")
        starts = supervisor.starts("ill")
        supervisor.stop()
        assert supervisor.starts("ill") == starts


class TestRecords:
    def test_only_running_process_is_recorded(self, yard):
        supervisor = yard.supervise(program("one", SLEEP))
        supervisor.start()
        record = processes.Record.load(yard.path / "run/one.json")
        assert record.pid == supervisor.pid("one")
        assert record.alive
        supervisor.stop()
        assert not (yard.path / "run/one.json").exists()

    def test_unreadable_record_is_dropped(self, yard):
        (yard.path / "run/one.json").write_text("{")
        assert processes.stop_survivors(yard.path / "run") == []
        assert not (yard.path / "run/one.json").exists()

    def test_survivor_is_stopped_before_its_successor_starts(self, yard):
        survivor = subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE, start_new_session=True)
        survivor.stdout.readline()
        record = processes.Record(survivor.pid, processes.start_time(survivor.pid), signal.SIGKILL)
        record.save(yard.path / "run/one.json")
        supervisor = yard.supervise(program("one", SLEEP))
        supervisor.start()
        assert survivor.wait(1) == -signal.SIGKILL
        survivor.stdout.close()
        assert yard.said[0] == "one: left running by a supervisor that was killed; stopped"


class TestParentGuard:
    PARENT_GUARD = ROOT / "imageshield/servers/parent_guard.py"

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-I", "-S", self.PARENT_GUARD, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def test_program_takes_its_place(self):
        assert self.run(str(os.getpid()), "-1", "-1", "9", "/bin/echo", "here").stdout == "here\n"

    def test_nothing_runs_without_a_supervisor(self):
        refused = self.run("1", "-1", "-1", "9", "/bin/echo", "here")
        assert refused.returncode == 1
        assert refused.stdout == ""

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
    def test_program_runs_as_the_user_it_was_given(self):
        assert self.run(str(os.getpid()), "65534", "65534", "9", "/usr/bin/id", "-G").stdout == "65534\n"
        assert self.run(str(os.getpid()), "65534", "65534", "9", "/usr/bin/id", "-u").stdout == "65534\n"


class TestLogs:
    @pytest.fixture
    def log(self, tmp_path) -> Path:
        return tmp_path / "one.log"

    def test_full_log_moves_and_its_writer_continues(self, log, monkeypatch):
        monkeypatch.setattr(logs, "MAX_BYTES", 50)
        with logs.open_append(log) as writer:
            writer.write(b"x" * 100)
            logs.trim(log)
            writer.write(b"after")
        assert log.read_bytes() == b"after"
        assert log.with_suffix(".log.1").read_bytes() == b"x" * 100

    def test_log_that_is_not_full_stays(self, log):
        log.write_bytes(b"x" * 40)
        logs.trim(log)
        assert not log.with_suffix(".log.1").exists()

    def test_tail_is_the_last_lines(self, log):
        log.write_text("\n".join(map(str, range(100))))
        assert logs.tail(log, lines=2) == "98\n99"
        assert logs.tail(log.with_name("absent")) == ""

    def test_supervisor_trims_while_processes_run(self, yard, monkeypatch):
        monkeypatch.setattr("imageshield.servers.supervisor.CHECK_SECONDS", 0.05)
        monkeypatch.setattr(logs, "MAX_BYTES", 10)
        supervisor = yard.supervise(program("wordy", f"print('words ' * 10, flush=True); {SLEEP}"))
        supervisor.start()
        wait_until((yard.path / "logs/wordy.log.1").exists, "the log has moved aside")
