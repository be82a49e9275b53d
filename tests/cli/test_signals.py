"""Ctrl-C, SIGTERM and SIGHUP: all end a command in the same way at any time."""

import os
import signal
import subprocess
import sys

import pytest

from tests.cli.test_files import ROOT, child
from tests.support import pictures

ENDED = (130, "imageshield: interrupted\n")
EARLY = """
import signal, sys

class Impatient:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Impatient())
sys.argv[1:] = ["keygen"]
from imageshield.__main__ import main
main()
"""


@pytest.fixture
def waiting(tmp_path):
    """Start a command that waits for its picture; opening the pipe succeeds as soon as it reads."""
    os.mkfifo(tmp_path / "pipe")

    def start(*arguments, **options):
        process = child(*arguments, cwd=tmp_path, stderr=subprocess.PIPE, text=True, **options)
        return process, os.open(tmp_path / "pipe", os.O_WRONLY)

    return start


class TestSignals:
    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    @pytest.mark.parametrize("command", [("encrypt", "pipe", "--plain-key"), ("inspect", "pipe"), ("verify", "pipe")])
    def test_end_a_command_that_still_reads(self, waiting, tmp_path, command, number):
        process, pipe = waiting(*command)
        process.send_signal(number)
        os.close(pipe)  # for a signal that comes just before it reads: that is heeded when the read returns
        told = process.communicate(timeout=60)[1]
        assert (process.returncode, told) == ENDED
        assert [path.name for path in tmp_path.iterdir()] == ["pipe"]

    def test_that_nohup_ignores_stay_ignored(self, tmp_path):
        (tmp_path / "a.png").write_bytes(pictures.as_png(pictures.make(24, 18)))
        nohup = {"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN), "cwd": tmp_path}
        with child("encrypt", "a.png", "--plain-key", stderr=subprocess.PIPE, text=True, **nohup) as process:
            assert "reading" in process.stderr.readline()
            process.send_signal(signal.SIGHUP)
            told = process.stderr.read()
        assert process.returncode == 0, told

    @pytest.mark.parametrize("module", ["typer", "imageshield.terminal.options", "imageshield.commands.offline.keygen"])
    def test_are_no_traceback_while_modules_are_read(self, module):
        program = EARLY.format(module=module)
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment
        )
        assert (done.returncode, done.stderr) == ENDED
