"""Receipts through the running system: signed by the worker, downloaded, and verified offline."""

import json

import httpx
import pytest

from imageshield.__main__ import run
from tests.support import pictures
from tests.support.stack import ChildrenKilledAt, SystemUnderTest
from tests.support.users import PASSWORD, User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture
def verify(user: User, system: SystemUnderTest, tmp_path, monkeypatch, capsys):
    """Download the files of a job and return what `imageshield verify` says about them offline."""
    monkeypatch.chdir(tmp_path)

    def check(job: dict, *arguments: str, keys: bytes | None = None, expect: int = 0) -> dict:
        for name, data in {
            "image.png": user.download(job["result_url"]),
            "key.qkey": user.download(job["key_file_url"]),
            "receipt.json": user.download(job["receipt_url"]),
            "jwks.json": keys or published(system),
            "password": PASSWORD.encode(),
        }.items():
            (tmp_path / name).write_bytes(data)
        inputs = ("--image", "image.png", "--key", "key.qkey", "--keys", "jwks.json")
        code = run(["verify", "receipt.json", *inputs, *arguments, "--json"])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return json.loads(printed.out)

    return check


def published(system: SystemUnderTest) -> bytes:
    """Return the published signing keys, requested without a credential."""
    with httpx.Client(trust_env=False) as client:
        return client.get(system.url + "/.well-known/jwks.json").raise_for_status().content


def rotate(system: SystemUnderTest, monkeypatch, capsys, *arguments: str) -> dict:
    for name, value in system.variables.items():
        monkeypatch.setenv(name, value)
    assert run(["admin", "rotate-receipt-key", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


class TestReceipt:
    @pytest.mark.parametrize("purity", ["fast", "balanced", "multistage", "maximum"])
    def test_agrees_with_image_key_file_and_published_keys(self, user: User, verify, purity):
        found = verify(user.encrypt(pictures.sample("coffee.png"), quantum_purity=purity))
        assert found["outcome"] == "verified"
        assert len(found["checks"]) == 8
        assert found["statement"]["purity"]["served"] == purity

    def test_of_a_key_under_a_password_too(self, user: User, verify):
        job = user.encrypt(pictures.sample("coffee.png"), master_password=PASSWORD)
        assert verify(job, "--password-file", "password")["outcome"] == "verified"

    def test_fresh_circuits_ran_for_each_picture(self, user: User, verify):
        one, two = (verify(user.encrypt(pictures.sample("coffee.png")))["statement"] for _ in range(2))
        assert one["job_id"] != two["job_id"]
        assert one["key_id"] != two["key_id"]
        assert one["raw"]["measured_at"] < two["raw"]["measured_at"]
        assert one["pool"] is two["pool"] is None

    def test_of_another_job_is_refused(self, user: User, verify):
        one, two = (user.encrypt(pictures.sample("coffee.png")) for _ in range(2))
        found = verify(one | {"receipt_url": two["receipt_url"]}, expect=3)
        assert {"image_sha256", "image_tag", "key_file_statement"} <= set(found["failed"])

    def test_of_a_second_attempt_is_verified(self, user: User, system: SystemUnderTest, verify):
        """It describes what the second attempt made."""
        kill = ChildrenKilledAt(system, "encrypting")
        job_id = user.submit(pictures.as_png(pictures.enlarge(megapixels=12, seed=6), compress_level=1))["job_id"]
        user.follow(job_id, seen=kill)
        job = user.job(job_id)
        assert (bool(kill.killed), job["attempts"]) == (True, 2)
        assert verify(job)["outcome"] == "verified"


class TestRotation:
    def test_needs_no_restart_and_leaves_old_receipts_good(
        self, user: User, system: SystemUnderTest, verify, monkeypatch, capsys
    ):
        old, kept = user.encrypt(pictures.sample("coffee.png")), published(system)
        found = rotate(system, monkeypatch, capsys, "--ml-dsa-65")
        new = user.encrypt(pictures.sample("coffee.png"))
        assert verify(old)["signatures"]["Ed25519"]["signer"] == found["before"]
        signed = verify(new, "--ml-dsa-65")
        assert {entry["state"] for entry in signed["signatures"].values()} == {"valid"}
        assert signed["signatures"]["Ed25519"]["signer"] == found["signer"]
        assert verify(new, keys=kept, expect=1)["outcome"] == "intact, signer unknown"
        assert rotate(system, monkeypatch, capsys, "--no-ml-dsa-65")["algorithms"] == ["Ed25519"]
