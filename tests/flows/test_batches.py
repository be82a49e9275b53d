"""Batches on the running system: encrypted, downloaded, decrypted, cancelled and retried."""

import io
import json
import zipfile
from collections import defaultdict

import httpx
import numpy as np
import pytest

from tests.support import pictures
from tests.support.stack import SystemUnderTest, wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

GOOD = [pictures.as_png(pictures.make(160, 120, seed=seed)) for seed in range(17)]
BAD = {3: b"no picture", 8: GOOD[0][:-40], 19: b""}
HALF = pictures.half_a_png(np.asarray(pictures.make(160, 120, seed=99)))
"""Its structure is sound, so only the worker finds that it is damaged."""


def send(user: User, files: list[tuple[str, bytes]], **form: str) -> dict:
    sent = [("images", file) for file in files]
    response = user.http.post("/batch/encrypt", files=sent, data={"quantum_purity": "fast"} | form)
    assert response.status_code == 202, response.text
    return response.json()


def post(user: User, batch: dict, act: str) -> httpx.Response:
    return user.http.post(f"/batches/{batch['batch_id']}/{act}")


def get(user: User, batch: dict) -> dict:
    return user.http.get(f"/batches/{batch['batch_id']}").raise_for_status().json()


def download(user: User, batch: dict, **query: str) -> zipfile.ZipFile:
    response = user.http.get(f"/batches/{batch['batch_id']}/result", params=query).raise_for_status()
    file = zipfile.ZipFile(io.BytesIO(response.content))
    assert file.testzip() is None
    return file


class TestThereAndBack:
    def test_twenty_pictures_of_which_three_are_bad(self, user: User):
        good = iter(GOOD)
        sent = [(f"scan-{n}.png", BAD[n] if n in BAD else next(good)) for n in range(20)]
        batch = send(user, sent)
        assert {item["index"]: item["error"]["code"] for item in batch["items"] if item["error"]} == {
            3: "unsupported-format",
            8: "image-corrupt",
            19: "image-empty",
        }

        messages = user.follow(batch["batch_id"])
        assert messages[-1]["type"] == "completed"
        assert "job_id" not in messages[-1]
        assert messages[-1]["payload"]["counts"] == {
            "total": 20,
            "pending": 0,
            "processing": 0,
            "completed": 17,
            "failed": 3,
            "cancelled": 0,
        }
        numbers = defaultdict(list)
        for message in messages:
            if "job_id" in message:
                numbers[message["job_id"]].append(message["seq"])
        assert set(numbers) <= {item["job_id"] for item in batch["items"]}
        assert all(seqs == list(range(seqs[0], seqs[-1] + 1)) for seqs in numbers.values())

        with download(user, batch, key_files="true") as file:
            manifest = json.loads(file.read("manifest.json"))
            assert [item["status"] == "failed" for item in manifest["items"]] == [n in BAD for n in range(20)]
            for (name, original), item in zip(sent, manifest["items"], strict=True):
                if item["status"] == "completed":
                    stem = name.removesuffix(".png")
                    assert item["files"] == [f"{stem}.enc.png", f"{stem}.receipt.json", f"{stem}.enc.qkey"]
                    opened = user.decrypt(file.read(item["files"][0]), file.read(item["files"][2]))
                    assert np.array_equal(pictures.pixels(opened.content), pictures.pixels(original))

    def test_a_zip_with_a_password(self, user: User):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("scans/", b"")
            file.writestr("scans/one.png", GOOD[0])
            file.writestr("scans/two.jpg", pictures.sample("rocket.jpg"))
        response = user.http.post(
            "/batch/encrypt",
            files={"archive": ("scans.zip", packed.getvalue())},
            data={"quantum_purity": "fast", "master_password": "a long enough secret"},
            headers={"Prefer": "wait=30"},
        )
        assert (response.status_code, response.json()["status"]) == (200, "completed")
        with download(user, response.json(), key_files="true") as file:
            encrypted, key_file = file.read("two.enc.png"), file.read("two.enc.qkey")
        opened = user.decrypt(encrypted, key_file, master_password="a long enough secret")
        assert opened.content == pictures.sample("rocket.jpg")


class TestSteering:
    def test_cancelled_batch_keeps_its_completed_pictures(self, user: User):
        batch = send(user, [(f"{n}.png", GOOD[n % 17]) for n in range(20)], quantum_purity="balanced")
        ended = []

        def cancel(message: dict) -> None:
            if message["type"] == "batch" and not ended:
                ended.append(post(user, batch, "cancel"))

        messages = user.follow(batch["batch_id"], seen=cancel)
        assert ended[0].status_code == 202
        counts = messages[-1]["payload"]["counts"]
        assert counts["cancelled"] > 0
        assert counts["completed"] > 0
        assert counts["cancelled"] + counts["completed"] == 20
        batch = get(user, batch)
        assert (batch["status"], batch["counts"]) == ("cancelled", counts)
        with download(user, batch) as file:
            assert sum(name.endswith(".enc.png") for name in file.namelist()) == counts["completed"]

    def test_failed_pictures_are_tried_again(self, user: User, system: SystemUnderTest):
        batch = send(user, [("good.png", GOOD[0]), ("half.png", HALF)])
        assert user.follow(batch["batch_id"])[-1]["payload"]["counts"]["failed"] == 1
        response = post(user, batch, "retry")
        assert (response.status_code, response.json()["status"]) == (202, "processing")
        wait_until(lambda: get(user, batch)["status"] == "completed", "the batch ends again")
        half = get(user, batch)["items"][1]
        assert (half["status"], half["error"]["code"]) == ("failed", "image-corrupt")
        assert user.job(half["job_id"])["retries"] == 1

    def test_killed_worker_loses_no_picture(self, user: User, system: SystemUnderTest):
        batch = send(user, [(f"{n}.png", GOOD[n]) for n in range(10)])
        killed = []

        def kill(message: dict) -> None:
            if message["type"] == "batch" and not killed:
                killed.append(system.pid("worker"))
                system.kill("worker")

        messages = user.follow(batch["batch_id"], seen=kill)
        assert killed
        assert messages[-1]["payload"]["counts"]["completed"] == 10
        wait_until(lambda: get(user, batch)["completed_at"] is not None, "the batch has ended")
