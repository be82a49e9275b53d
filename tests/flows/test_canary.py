"""Secrets that the system never writes down: passwords, pixels, file names and notes."""

import os
import subprocess
import threading
from pathlib import Path
from typing import Self

import httpx
import numpy as np
import pytest
import redis
import websockets.exceptions
import websockets.sync.client
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


class Monitor(threading.Thread):
    """Every command that Redis gets, while the block runs."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._redis = redis.Redis.from_url(url)
        self._begun, self._over = threading.Event(), threading.Event()
        self.commands: list[str] = []

    def run(self) -> None:
        with self._redis.monitor() as monitor:
            self._begun.set()
            for command in monitor.listen():
                self.commands.append(str(command))
                if "canary-over" in command["command"]:
                    self._over.set()
                    return

    def __enter__(self) -> Self:
        self.start()
        assert self._begun.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._redis.echo("canary-over")
        assert self._over.wait(10)
        self.join(10)


class TestApiKeys:
    def test_no_api_key_is_written_down(self, user: User, system: SystemUnderTest):
        """It is used, misused, repeated, rotated and revoked; neither log, Redis nor database has it."""
        with Monitor(system.variables["REDIS_URL"]) as monitor:
            wanted = {"name": "canary-key", "scopes": ["jobs:read", "jobs:write", "api-keys:write"]}
            once = {"Idempotency-Key": "canary-once"}
            made, again = (user.http.post("/auth/keys", json=wanted, headers=once).json() for _ in range(2))
            assert made["secret"] == again["secret"]
            rotated = user.http.post(f"/auth/keys/{made['id']}/rotate", json={"grace_hours": 1}).json()
            with httpx.Client(base_url=f"{user.url}/api/v1", timeout=60, trust_env=False) as http:
                answers = [answer for key in (made, rotated) for answer in misuses(http, key["secret"])]
                job = user.submit(pictures.as_bmp(pictures.make(8, 6)))
                user.follow(job["job_id"])
                key = {"X-API-Key": rotated["secret"], "Authorization": f"Bearer {rotated['secret']}"}
                url = user.url.replace("http", "ws", 1) + f"/ws/progress/{job['job_id']}"
                with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
                    websockets.sync.client.connect(url, additional_headers=key, proxy=None)
                answers.append(refused.value.response.body.decode())
                assert http.delete("/auth/keys/current", headers={"X-API-Key": rotated["secret"]}).status_code == 204
                assert http.get("/jobs", headers={"X-API-Key": rotated["secret"]}).status_code == 401
        needles = [key["secret"][9:] for key in (made, rotated)]
        needles += [key["secret"][13:45] for key in (made, rotated)]
        assert len(monitor.commands) > 1
        for text in (*answers, *monitor.commands):
            assert not [needle for needle in needles if needle in text], text[:500]
        encoded = [needle.encode() for needle in needles]
        dump = subprocess.run(
            [pg_dump(), "--inserts", system.variables["DATABASE_URL"].replace("+asyncpg", "")],
            check=True,
            capture_output=True,
        ).stdout
        assert b"canary-key" in dump, "the dump holds what was written"
        assert not [one for one in encoded if one in dump or one.hex().encode() in dump]
        assert hits(written_files(system), encoded) == []


def misuses(http: httpx.Client, secret: str) -> list[str]:
    """Send a key in every way, right and wrong, and return the answers."""
    header, bearer = {"X-API-Key": secret}, {"Authorization": f"Bearer {secret}"}
    return [
        http.get("/jobs", headers=header).text,
        http.get("/jobs", headers=bearer).text,
        http.get("/jobs", headers=header | bearer).text,
        http.get("/jobs", headers={"X-API-Key": secret[:-1]}).text,
        http.get("/jobs", headers={"X-API-Key": f"{secret} {secret}"}).text,
        http.get("/jobs", headers={"Authorization": f"Basic {secret}"}).text,
        http.get("/jobs", headers=header, params={"cursor": secret}).text,
        http.get("/jobs", headers=header, params={"api_key": secret}).text,
        http.get("/jobs", headers=header | {"X-Account": secret}).text,
        http.get("/jobs", headers=header | {"X-Request-ID": secret}).text,
        http.get("/me", headers=header).text,
        http.get("/me", headers=header | {"X-Request-ID": secret}).text,
        http.get(f"/jobs/{secret}", headers=header).text,
        http.post("/auth/keys", headers=header, json={"name": secret, "scopes": [secret]}).text,
        http.post("/auth/token", data={"grant_type": "password", "username": "x@example.org", "password": secret}).text,
        http.post("/auth/token", data={"grant_type": "refresh_token", "refresh_token": secret}).text,
    ]


def pg_dump() -> str:
    from imageshield.servers import binaries

    return os.fspath(binaries.find_postgres().directory / "pg_dump")
