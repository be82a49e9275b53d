"""Secrets that the system never writes down: passwords, pixels, file names and notes."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support import pictures
from tests.support.stack import SystemUnderTest
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

PASSWORD = "canary-password-7f3a91c2"
WRONG_PASSWORD = "canary-wrong-password-51"
NAME = "canary-portrait-5d20.bmp"
NOTE = {"reference": "canary-case-e1b7", "metadata": '{"patient": "canary-4711-c9"}'}


def written_files(system: SystemUnderTest) -> list[Path]:
    return [path for path in system.home.rglob("*") if path.is_file() and not path.is_symlink()]


def hits(paths: list[Path], needles: list[bytes]) -> list[tuple[str, bytes]]:
    found = []
    for path in paths:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # a server's temporary file
            continue
        found += [(str(path), needle) for needle in needles if needle in content]
    return found


class TestCanary:
    def test_no_password_pixel_or_note_is_stored(self, user: User, system: SystemUnderTest):
        row = np.random.default_rng(5).integers(0, 256, (64, 256, 3), dtype=np.uint8)
        picture = Image.fromarray(row)
        original = pictures.as_bmp(picture)  # the file holds its pixels unchanged
        line = row[10, :, ::-1].tobytes()  # a BMP holds blue first
        assert line in original
        needles = [PASSWORD.encode(), WRONG_PASSWORD.encode(), line[:48], row[10].tobytes()[:48]]
        needles += [NAME.encode(), NOTE["reference"].encode(), b"canary-4711-c9"]

        broken = pictures.half_a_png(row)
        assert needles[3] in broken
        assert user.follow(user.submit(broken)["job_id"])[-1]["type"] == "error"
        job = user.encrypt(original, name=NAME, master_password=PASSWORD, **NOTE)
        assert (job["file_name"], job["reference"]) == (NAME, NOTE["reference"])
        batch = user.http.post("/batch/encrypt", files={"images": (NAME, original)}, data=NOTE).json()
        assert [event["type"] for event in user.follow(batch["items"][0]["job_id"])][-1] == "completed"
        for query in ({"reference": NOTE["reference"]}, {"metadata": "patient:canary-4711-c9"}):
            [found] = user.http.get("/jobs", params=query).json()["data"]
            assert found["job_id"] == job["job_id"]
            assert user.http.get("/batches", params=query).json()["data"][0]["batch_id"] == batch["batch_id"]
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        response = user.http.post(
            "/decrypt",
            files={"encrypted_image": ("n.png", encrypted), "key_file": ("k.qkey", key_file)},
            data={"master_password": PASSWORD},
            headers={"Prefer": "respond-async"},
        )
        user.follow(response.json()["job_id"])
        assert user.decrypt(encrypted, key_file, master_password=WRONG_PASSWORD).status_code == 400
        user.http.post("/encrypt", data={"master_password": PASSWORD, "unknown": "x"})
        user.http.post("/auth/token", data={"grant_type": "password", "username": user.email, "password": PASSWORD})

        dump = subprocess.run(
            [pg_dump(), "--inserts", system.variables["DATABASE_URL"].replace("+asyncpg", "")],
            check=True,
            capture_output=True,
        ).stdout
        assert user.email.encode() in dump, "the dump holds what was written"
        assert not [needle for needle in needles if needle in dump or needle.hex().encode() in dump]
        files = written_files(system)
        assert any("appendonly" in str(path) for path in files)
        assert any("seaweedfs" in str(path) for path in files)
        assert hits(files, needles) == []


def pg_dump() -> str:
    from imageshield.servers import binaries

    return os.fspath(binaries.find_postgres().directory / "pg_dump")
