"""Restore drill: a backup of a running system, restored into a new one that opens every picture again."""

import hashlib
import io
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from imageshield.__main__ import run
from imageshield.servers.home import scratch
from tests.support import pictures
from tests.support.stack import SystemUnderTest, clean_environment, running_system, wait_until
from tests.support.users import PASSWORD, User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

SECRET = "a passphrase of a picture"
Admin = Callable[..., dict[str, Any]]


class Returned(User):
    """A user of the first system who logs in to the second."""

    def __init__(self, url: str, email: str) -> None:
        self.url = url
        self.email = email
        self.http = httpx.Client(base_url=url + "/api/v1", timeout=120, trust_env=False)
        form = {"grant_type": "password", "username": email, "password": PASSWORD}
        token = self.http.post("/auth/token", data=form).raise_for_status().json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"


@pytest.fixture
def admin(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Admin:
    """Run `imageshield admin …` with no settings in the environment but the given ones."""

    def call(*arguments: str, expect: int = 0, **environment: str) -> dict[str, Any]:
        for name in set(os.environ) - set(clean_environment()):
            monkeypatch.delenv(name)
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            code = run(["admin", *arguments, "--json"])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return json.loads(printed.out)

    return call


def vault_of(system: SystemUnderTest, copy: Path) -> dict[str, str]:
    """Copy the vault apart from the backup, as an operator does."""
    shutil.copytree(system.variables["VAULT_DIRECTORY"], copy / "vault")
    shutil.copy(system.variables["VAULT_KEY_FILE"], copy / "vault.key")
    return {"VAULT_DIRECTORY": str(copy / "vault"), "VAULT_KEY_FILE": str(copy / "vault.key")}


@contextmanager
def relay_halted(system: SystemUnderTest) -> Iterator[None]:
    """Stop the relay, so that no job submitted meanwhile reaches a worker."""
    os.kill(system.pid("relay"), signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(system.pid("relay"), signal.SIGCONT)


def opens(user: User, job: dict[str, Any], options: dict[str, str], original: bytes) -> bool:
    """Decrypt a job's result with the key that the service keeps, and compare it with the original."""
    password = {name: value for name, value in options.items() if name == "master_password"}
    answer = user.decrypt(user.download(job["result_url"]), **password)
    assert answer.status_code == 200, answer.text
    if job["layout"] == "file":
        return hashlib.sha256(answer.content).digest() == hashlib.sha256(original).digest()
    return pixels(answer.content) == pixels(original)


def pixels(data: bytes) -> tuple[str, bytes]:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.mode, picture.tobytes()


class TestRestoreDrill:
    def test_every_picture_opens_in_the_restored_system(
        self, system: SystemUnderTest, user: User, admin: Admin, tmp_path: Path
    ):
        """A job that waited during the backup completes there."""
        coffee = pictures.sample("coffee.png")
        originals: list[tuple[bytes, dict[str, str]]] = [
            (coffee, {}),
            (coffee, {"analyze": "true"}),
            (coffee, {"master_password": SECRET}),
            (pictures.sample("rocket.jpg"), {}),
            (pictures.as_png(pictures.make()), {"quantum_purity": "maximum"}),
        ]
        jobs = [
            user.encrypt(data, reference=f"case {number}", **options)
            for number, (data, options) in enumerate(originals)
        ]
        assert {job["status"] for job in jobs} == {"completed"}
        assert jobs[-1]["material_url"]
        with relay_halted(system):
            waiting = user.submit(pictures.sample("rocket.jpg"))["job_id"]
            made = admin("backup", str(tmp_path / "b"), "--data-dir", str(system.home))
        assert made["lost"] == 0
        assert admin("backup", str(tmp_path / "b"), "--verify") == made
        vault = vault_of(system, tmp_path)
        user.follow(waiting)  # the backup holds the job as it was before
        with scratch() as place:
            restored = admin("restore", str(tmp_path / "b"), "--data-dir", str(place), **vault)
            assert restored["waiting_jobs"] >= 1
            with running_system(place, **vault) as second, closing(Returned(second.url, user.email)) as again:
                for job, (original, options) in zip(jobs, originals, strict=True):
                    assert again.job(job["job_id"])["status"] == "completed"
                    [found] = again.http.get("/jobs", params={"reference": job["reference"]}).json()["data"]
                    assert (found["job_id"], found["file_name"]) == (job["job_id"], "scan.png")
                    assert opens(again, job, options, original)
                wait_until(lambda: again.job(waiting)["status"] == "completed", "the job that waited completes")
                assert again.download(f"/jobs/{waiting}/key-file")


class TestWithoutTheVault:
    def test_a_backup_opens_nothing(self, system: SystemUnderTest, user: User, admin: Admin, tmp_path: Path):
        """The new system has a vault of its own: it is refused at once, and with --without-keys no key opens."""
        job = user.encrypt(pictures.sample("coffee.png"))
        admin("backup", str(tmp_path / "b"), "--data-dir", str(system.home))
        with scratch() as place:
            refused = admin("restore", str(tmp_path / "b"), "--data-dir", str(place), expect=1)
            assert refused["error"]["code"] == "vault-keys-missing"
            restored = admin("restore", str(tmp_path / "b"), "--data-dir", str(place), "--without-keys")
            assert restored["missing_keys"] >= 1
            with running_system(place) as second:
                # Nobody gets a token: the keys that sign them are in the vault, too.
                login = {"grant_type": "password", "username": user.email, "password": PASSWORD}
                refused = httpx.post(second.url + "/api/v1/auth/token", data=login, timeout=60, trust_env=False)
                assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
                # What the guide says for a vault that is lost for good: from then on people log in again.
                (place / "vault" / "accounts").mkdir(mode=0o700)
                with closing(Returned(second.url, user.email)) as again:
                    refused = again.decrypt(again.download(job["result_url"]))
                    assert refused.status_code != 200
                    refused = again.http.get(f"/jobs/{job['job_id']}/key-file")
                    assert refused.status_code != 200
                    assert b"stanzas" not in refused.content


class TestRefusals:
    def test_a_damaged_backup(self, system: SystemUnderTest, user: User, admin: Admin, tmp_path: Path):
        user.encrypt(pictures.sample("coffee.png"))
        admin("backup", str(tmp_path / "b"), "--data-dir", str(system.home))
        largest = max((tmp_path / "b/objects").rglob("*"), key=lambda path: path.is_file() * path.stat().st_size)
        with largest.open("r+b") as file:
            file.seek(1000)
            file.write(b"x" * 16)
        for command in ("--verify", None):
            verb = ("backup", str(tmp_path / "b"), "--verify") if command else ("restore", str(tmp_path / "b"))
            refused = admin(*verb, "--data-dir", str(tmp_path / "new"), expect=3)
            assert refused["error"]["code"] == "backup-damaged"
            assert largest.name in refused["error"]["detail"]
        assert not (tmp_path / "new").exists()

    def test_a_system_that_is_not_empty(self, system: SystemUnderTest, user: User, admin: Admin, tmp_path: Path):
        user.encrypt(pictures.sample("coffee.png"))
        admin("backup", str(tmp_path / "b"), "--data-dir", str(system.home))
        refused = admin("restore", str(tmp_path / "b"), "--data-dir", str(system.home), expect=1)
        assert refused["error"]["code"] == "database-not-empty"

    def test_no_installation_is_named(self, admin: Admin, tmp_path: Path):
        refused = admin("backup", str(tmp_path / "b"), "--data-dir", str(tmp_path / "none"), expect=2)
        assert "--data-dir" in refused["error"]["detail"]
