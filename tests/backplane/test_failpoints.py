import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backplane import failpoints

PLACED = {
    "worker.received",
    "worker.claimed",
    "worker.reported",
    "worker.fetched",
    "worker.storing",
    "worker.stored",
    "worker.completing",
    "worker.completed",
    "worker.notified",
    "gateway.stored",
    "gateway.charged",
    "gateway.submitted",
    "relay.published",
    "audit.sealing",
    "audit.rows_sealed",
    "audit.heads_advanced",
    "audit.sealed",
    "audit.checkpoint_signed",
    "audit.checkpoint_committed",
    "audit.checkpoint_stored",
    "worker.exporting",
    "erasure.begun",
    "erasure.keys_destroyed",
    "erasure.redis_forgotten",
    "erasure.jobs_ended",
    "erasure.objects_deleted",
    "erasure.jobs_removed",
    "erasure.rows_removed",
    "erasure.ending",
    "erasure.done",
    "mail.claimed",
    "mail.delivered",
    "security.looked",
    "security.raised",
    "security.watched",
}
"""Those with a line of their own; the stages of a job pass through one line of the reporter."""

REACH = "from backplane import failpoints; failpoints.reach('here'); print('passed'); failpoints.reach('here')"


@pytest.fixture(scope="session")
def root():
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def directory(monkeypatch, tmp_path):
    monkeypatch.setattr(failpoints, "_directory", tmp_path)
    return tmp_path


@pytest.fixture
def start(root):
    """Start a process that passes a failpoint twice."""

    def start(directory):
        environment = os.environ | {"FAILPOINTS_DIRECTORY": str(directory)}
        return subprocess.Popen(
            [sys.executable, "-c", REACH], env=environment, cwd=root, stdout=subprocess.PIPE, text=True
        )

    return start


class TestReach:
    def test_without_a_directory_nothing_happens(self, monkeypatch):
        monkeypatch.setattr(failpoints, "_directory", None)
        failpoints.reach("here")

    def test_one_that_is_not_armed_is_passed(self, directory):
        (directory / "elsewhere").write_text("raise")
        failpoints.reach("here")
        assert (directory / "elsewhere").exists()

    def test_an_armed_one_raises_once(self, directory):
        (directory / "here").write_text("raise")
        with pytest.raises(failpoints.Injected):
            failpoints.reach("here")
        failpoints.reach("here")

    def test_who_took_it_stands_in_the_directory(self, directory):
        (directory / "here").write_text("raise")
        with pytest.raises(failpoints.Injected):
            failpoints.reach("here")
        assert [path.name for path in directory.iterdir()] == [f"here.{os.getpid()}.taken"]

    def test_it_sleeps_as_long_as_it_was_told(self, directory, monkeypatch):
        slept = []
        monkeypatch.setattr(failpoints.time, "sleep", slept.append)
        (directory / "here").write_text("sleep 2.5")
        failpoints.reach("here")
        assert slept == [2.5]

    def test_it_asks_for_memory_until_there_is_none(self, directory):
        (directory / "here").write_text("exhaust")
        with pytest.raises(MemoryError):
            failpoints.reach("here")

    def test_kill_leaves_no_time_for_anything(self, tmp_path, start):
        (tmp_path / "here").write_text("kill")
        child = start(tmp_path)
        assert child.communicate()[0] == ""
        assert child.returncode == -signal.SIGKILL

    def test_stop_waits_for_somebody_to_go_on(self, tmp_path, start):
        (tmp_path / "here").write_text("stop")
        child = start(tmp_path)
        assert os.WIFSTOPPED(os.waitpid(child.pid, os.WUNTRACED)[1])
        os.kill(child.pid, signal.SIGCONT)
        assert child.communicate()[0] == "passed\n"


class TestProduction:
    @pytest.mark.parametrize(
        "command",
        [
            ("uvicorn", "api.main:app", "--port", "0"),
            ("celery", "-A", "worker.app", "worker"),
            ("relay",),
        ],
        ids=["gateway", "worker", "relay"],
    )
    def test_a_service_refuses_to_start_with_failpoints(self, tmp_path, root, command):
        values = {
            "DATABASE_URL": "postgresql://u:a-word-in-the-url@127.0.0.1:1/n",
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "S3_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_ACCESS_KEY_ID": "imageshield",
            "AWS_SECRET_ACCESS_KEY": "another-word",
            "VAULT_KEY_FILE": str(tmp_path / "vault.key"),
            "VAULT_DIRECTORY": str(tmp_path),
            "SIGNING_KEY_FILE": str(tmp_path / "signing.pem"),
            "ENVIRONMENT": "production",
            "FAILPOINTS_DIRECTORY": str(tmp_path),
        }
        ended = subprocess.run(
            [sys.executable, "-m", *command],
            env=os.environ | values,
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        words = ended.stdout + ended.stderr
        assert ended.returncode != 0
        assert "FAILPOINTS_DIRECTORY breaks the service on purpose: unset it in production" in words.replace("\n", " ")
        assert "word-in-the-url" not in words
        assert "another-word" not in words


class TestPlaces:
    def test_every_name_is_reached_somewhere(self, root):
        found = {
            name.args[0].value
            for folder in ("api", "backplane", "relay", "worker")
            for path in (root / folder).rglob("*.py")
            for name in ast.walk(ast.parse(path.read_text()))
            if isinstance(name, ast.Call)
            and ast.unparse(name.func) in {"failpoints.reach", "reach"}
            and isinstance(name.args[0], ast.Constant)
        }
        assert found == PLACED
