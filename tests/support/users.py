"""A user of the running system, with an account of its own, its pictures and its sockets."""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import websockets.sync.client

PASSWORD = "correct horse battery"
COUNTER = itertools.count(1)


class User:
    def __init__(self, url: str, *, email: str | None = None) -> None:
        self.url = url
        self.email = email or f"user{next(COUNTER)}@example.org"
        # The gateway closes an idle connection after 5 s: a request that is sent at that moment gets no answer.
        limits = httpx.Limits(keepalive_expiry=2)
        self.http = httpx.Client(base_url=url + "/api/v1", timeout=120, trust_env=False, limits=limits)
        self.http.post("/auth/register", json={"email": self.email, "password": PASSWORD}).raise_for_status()
        form = {"grant_type": "password", "username": self.email, "password": PASSWORD}
        token = self.http.post("/auth/token", data=form).raise_for_status().json()["access_token"]
        self.http.headers["Authorization"] = f"Bearer {token}"

    def submit(self, data: bytes, *, name: str = "scan.png", **form: str) -> dict[str, Any]:
        response = self.http.post("/encrypt", files={"image": (name, data)}, data=form)
        assert response.status_code == 202, response.text
        return response.json()

    def encrypt(self, data: bytes, *, name: str = "scan.png", **form: str) -> dict[str, Any]:
        """Encrypt a picture and return its finished job."""
        job_id = self.submit(data, name=name, **form)["job_id"]
        self.follow(job_id)
        return self.job(job_id)

    def decrypt(self, encrypted: bytes, key_file: bytes | None = None, **form: str) -> httpx.Response:
        files = {"encrypted_image": ("noise.png", encrypted)}
        if key_file is not None:
            files["key_file"] = ("key.qkey", key_file)
        return self.http.post("/decrypt", files=files, data=form)

    def job(self, job_id: str) -> dict[str, Any]:
        return self.http.get(f"/jobs/{job_id}").raise_for_status().json()

    def download(self, path: str) -> bytes:
        return self.http.get(path.removeprefix("/api/v1")).raise_for_status().content

    @contextmanager
    def socket(self, job_id: str, *, last_seq: int = 0) -> Iterator[websockets.sync.client.ClientConnection]:
        url = self.url.replace("http://", "ws://", 1) + f"/ws/progress/{job_id}?last_seq={last_seq}"
        headers = {"Authorization": self.http.headers["Authorization"]}
        with websockets.sync.client.connect(url, additional_headers=headers, proxy=None) as opened:
            yield opened

    def follow(
        self, job_id: str, *, last_seq: int = 0, seen: Callable[[dict[str, Any]], None] = lambda _: None
    ) -> list[dict[str, Any]]:
        """Follow a job until its end and return its events; `seen` is called with each."""
        events = []
        with self.socket(job_id, last_seq=last_seq) as socket:
            for text in socket:
                event = json.loads(text)
                if event["type"] != "snapshot":
                    seen(event)
                    events.append(event)
        return events

    def close(self) -> None:
        self.http.close()
