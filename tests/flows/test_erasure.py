"""Export and erasure in the running system: with a real worker and relay, and what a restored backup still opens."""

import hashlib
import io
import json
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from imageshield.__main__ import run
from imageshield.servers.home import scratch
from tests.flows.test_backups import Admin, Returned, admin, opens, relay_halted, vault_of
from tests.support import pictures
from tests.support.stack import ChildrenKilledAt, SystemUnderTest, running_system, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

__all__ = ["admin"]


def erase(user: User, days: int = 0) -> dict[str, Any]:
    answer = user.http.request("DELETE", "/me", json={"grace_days": days})
    assert answer.status_code == 202, answer.text
    return answer.json()


def is_gone(user: User) -> bool:
    return user.http.get("/me").status_code == 401


def fetch_export(user: User, job_id: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(user.download(f"/jobs/{job_id}/result"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


class TestExport:
    def test_killed_worker_makes_one(self, system: SystemUnderTest, user: User, tmp_path: Path):
        """Nothing in its trail was changed, and the picture in it is the one that the service has."""
        job = user.encrypt(pictures.sample("coffee.png"), reference="case 1")
        export = user.http.post("/me/export").raise_for_status().json()["job_id"]
        kill = ChildrenKilledAt(system, "storing")
        user.follow(export, seen=kill)
        assert user.job(export)["status"] == "completed"
        files = fetch_export(user, export)
        manifest = json.loads(files["manifest.json"])
        for one in manifest["files"]:
            assert hashlib.sha256(files[one["name"]]).hexdigest() == one["sha256"]
        picture = files[f"results/{job['job_id']}.enc.png"]
        assert picture == user.download(job["result_url"])
        [line] = [json.loads(line) for line in files["jobs.jsonl"].splitlines() if job["job_id"].encode() in line]
        assert (line["reference"], line["file_name"]) == ("case 1", "scan.png")
        (tmp_path / "audit.jsonl").write_bytes(files["audit.jsonl"])
        (tmp_path / "jwks.json").write_bytes(httpx.get(f"{system.url}/.well-known/jwks.json", trust_env=False).content)
        assert run(["audit", "verify", str(tmp_path / "audit.jsonl"), "--keys", str(tmp_path / "jwks.json")]) in {0, 1}


class TestRestoredBackup:
    def test_opens_others_only(self, system: SystemUnderTest, user: User, admin: Admin, tmp_path: Path):
        """The backup has the rows and the objects of both; the vault after the erasure has the keys of one."""
        coffee = pictures.sample("coffee.png")
        with closing(User(system.url)) as other:
            mine, theirs = user.encrypt(coffee), other.encrypt(coffee)
            account = user.http.get("/me").json()["account_id"]
            admin("backup", str(tmp_path / "b"), "--data-dir", str(system.home))
            erase(user)
            wait_until(lambda: is_gone(user), "the user is gone")
            assert opens(other, theirs, {}, coffee)
            address = other.email
        vault = vault_of(system, tmp_path)
        assert not (tmp_path / "vault/accounts" / account.removeprefix("acc_")).exists()
        with scratch() as place:
            restored = admin("restore", str(tmp_path / "b"), "--data-dir", str(place), **vault)
            assert (restored["erased_accounts"], restored["missing_keys"]) == (1, 0)
            with running_system(place, **vault) as second:
                with closing(Returned(second.url, address)) as again:
                    assert opens(again, theirs, {}, coffee)
                login = {"grant_type": "password", "username": user.email, "password": "correct horse battery"}
                wait_until(
                    lambda: (
                        httpx.post(f"{second.url}/api/v1/auth/token", data=login, trust_env=False).status_code == 400
                    ),
                    "the erased user is erased again",
                )
                assert not list((place / "vault").rglob(mine["job_id"]))


class TestOperator:
    def test_erases_on_demand(self, system: SystemUnderTest, user: User, admin: Admin):
        """It also ends a job that waits."""
        with relay_halted(system):
            user.submit(pictures.sample("coffee.png"))
            made = admin("erase", user.email, "--grace-days", "0", "--yes", "--data-dir", str(system.home))
            assert made["state"] == "scheduled"
        wait_until(lambda: is_gone(user), "the user is gone")

    def test_asks_for_the_word(self, system: SystemUnderTest, user: User, admin: Admin):
        refused = admin("erase", user.email, "--data-dir", str(system.home), expect=2)
        assert "--yes" in refused["error"]["detail"]
