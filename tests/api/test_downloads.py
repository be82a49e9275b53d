"""Downloads, also in parts; a decrypted picture stays until it has arrived."""

import asyncio
import os
import random
import signal
import socket
import struct
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from starlette.requests import Request

from api.answers import downloads
from api.serving import acknowledgements
from api.serving.acknowledgements import Sending
from backplane import ids
from backplane.db.repositories import blobs
from backplane.errors import Unavailable
from backplane.kinds import ANALYSIS
from backplane.services.attempts.outcomes import REPORTS, Measurement
from backplane.services.pictures.results import TAKEN_SECONDS
from backplane.services.requests.caller import Caller
from tests.api.conftest import Sealed, eventually
from tests.api.processes import environment_of, process

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PICTURE = random.Random(9).randbytes(200_001)
LARGE = bytes(12_000_000)
DOCUMENTS = {
    ANALYSIS: b'{"a": "' + b"x" * 70_000 + b'"}',
    REPORTS["html"]: b"<html>" * 12_000,
    REPORTS["pdf"]: b"%PDF-",
}
JOBS, DECRYPT = "/api/v1/jobs", "/api/v1/decrypt"
WHOLE_LIFE = timedelta(seconds=300)
"""At least so much is left of a quarter of an hour, even on a slow machine."""


@pytest.fixture
def arrivals(monkeypatch):
    """List for each ended answer with a picture whether the gateway found that it had arrived."""
    seen, arrives = [], Sending.arrives

    async def watch(self):
        seen.append(await arrives(self))
        return seen[-1]

    monkeypatch.setattr(Sending, "arrives", watch)
    return seen


@pytest.fixture
def sql(gateway):
    async def run(statement, **values):
        async with gateway.services.resources.database.transaction() as session:
            await session.execute(text(statement), values)

    return run


@pytest.fixture
async def decrypted(engine):
    async def make(user, data=PICTURE):
        job_id = await user.decrypt()
        await engine.complete_decrypt(job_id, data)
        return job_id

    return make


async def life(user, job_id):
    job = await user.job(job_id)
    return datetime.fromisoformat(job["expires_at"]) - datetime.now(UTC)


async def fetch(user, job_id, what="result", **headers):
    return await user.http.get(
        f"{JOBS}/{job_id}/{what}", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


def request_of(user, job_id, *extra):
    lines = [f"GET {JOBS}/{job_id}/result HTTP/1.1", "Host: g", f"Authorization: Bearer {user.token}", *extra]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Peer:
    """A client with its own socket that reads as much as the test wants."""

    def __init__(self, base_url, *, buffer=None):
        self.loop = asyncio.get_running_loop()
        self.wire = socket.socket()
        if buffer is not None:
            self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.wire.setblocking(False)
        self._address = ("127.0.0.1", int(base_url.rsplit(":", 1)[1]))

    async def ask(self, request):
        await self.loop.sock_connect(self.wire, self._address)
        await self.loop.sock_sendall(self.wire, request)

    async def take(self, count):
        taken = bytearray()
        async with asyncio.timeout(30):
            while len(taken) < count:
                piece = await self.loop.sock_recv(self.wire, min(65_536, count - len(taken)))
                assert piece
                taken += piece
        return taken

    async def take_answer(self):
        """Read the head and the whole body, to its last byte."""
        head = await self.take(1)
        while b"\r\n\r\n" not in head:
            head += await self.take(1)
        size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        return await self.take(size)

    def hang_up(self, *, reset=False):
        if reset:
            self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wire.close()


@pytest.fixture
async def caller(server):
    opened = []

    def make(base_url=server.base_url, **options):
        opened.append(Peer(base_url, **options))
        return opened[-1]

    yield make
    for one in opened:
        one.wire.close()


class TestWholePicture:
    async def test_stays_a_minute_after_it_has_arrived(self, wired, decrypted, sql):
        job_id = await decrypted(wired)
        assert await life(wired, job_id) > WHOLE_LIFE
        assert (await fetch(wired, job_id)).content == PICTURE
        while await life(wired, job_id) > WHOLE_LIFE:  # noqa: ASYNC110 - what is waited for is the server's
            await asyncio.sleep(0.01)
        assert timedelta(seconds=30) < await life(wired, job_id) <= timedelta(seconds=TAKEN_SECONDS)
        assert (await fetch(wired, job_id)).content == PICTURE
        assert await life(wired, job_id) <= timedelta(seconds=TAKEN_SECONDS), "a second download makes it no longer"
        over = "UPDATE blobs SET delete_after = now() WHERE job_id = :job AND purpose = 'result'"
        await sql(over, job=ids.from_wire("job", job_id))
        gone = await fetch(wired, job_id)
        assert (gone.status_code, gone.json()["code"]) == (410, "gone"), "before the sweeper has come"

    @pytest.mark.parametrize("reset", [True, False], ids=["reset", "closed"])
    async def test_whose_download_breaks_off_stays(self, wired, decrypted, caller, arrivals, reset):
        job_id = await decrypted(wired, LARGE)
        one = caller(buffer=100_000)
        await one.ask(request_of(wired, job_id))
        await one.take(300_000)
        one.hang_up(reset=reset)
        await eventually(lambda: arrivals)
        assert arrivals == [False]
        assert await life(wired, job_id) > WHOLE_LIFE
        assert (await fetch(wired, job_id)).content == LARGE

    async def test_that_lies_in_the_kernel_has_not_arrived(self, wired, decrypted, caller, arrivals):
        """For the application all of it is sent, but the client has not read it."""
        job_id = await decrypted(wired)
        one = caller(buffer=4_000)
        await one.ask(request_of(wired, job_id))
        await one.take(5_000)
        one.hang_up(reset=True)
        await eventually(lambda: arrivals)
        assert arrivals == [False]
        assert await life(wired, job_id) > WHOLE_LIFE

    async def test_unread_for_a_minute_stays(self, wired, decrypted, caller, arrivals, monkeypatch):
        monkeypatch.setattr(acknowledgements, "PATIENCE_SECONDS", 0.2)
        job_id = await decrypted(wired)
        one = caller(buffer=4_000)
        await one.ask(request_of(wired, job_id))
        await eventually(lambda: arrivals)
        assert arrivals == [False]

    async def test_closing_after_the_last_byte_has_arrived(self, wired, decrypted, caller, arrivals):
        job_id = await decrypted(wired)
        one = caller()
        await one.ask(request_of(wired, job_id))
        assert await one.take_answer() == PICTURE
        one.hang_up()
        await eventually(lambda: arrivals)
        assert arrivals == [True]

    async def test_stays_where_that_cannot_be_noted(self, ada, decrypted, monkeypatch):
        async def fail(*_arguments):
            raise Unavailable

        job_id = await decrypted(ada)
        monkeypatch.setattr(blobs, "note_taken", fail)
        assert (await fetch(ada, job_id)).content == PICTURE
        assert await life(ada, job_id) > WHOLE_LIFE

    async def test_survives_the_gateway_that_sends_it(self, ada, decrypted, caller, gateway_settings, tmp_path):
        job_id = await decrypted(ada, LARGE)
        async with process(environment_of(gateway_settings()), tmp_path / "gateway.log") as killed:
            one = caller(killed.url, buffer=100_000)
            await one.ask(request_of(ada, job_id))
            await one.take(300_000)
            killed.running.send_signal(signal.SIGKILL)
            await killed.end()
        assert await life(ada, job_id) > WHOLE_LIFE
        assert (await fetch(ada, job_id)).content == LARGE

    async def test_is_not_spent_by_asking_about_it(self, gateway, ada, decrypted):
        job_id = await decrypted(ada)
        etag = (await fetch(ada, job_id, range="bytes=0-0")).headers["ETag"]
        known = await fetch(ada, job_id, if_none_match=etag)
        assert (known.status_code, known.content, known.headers["ETag"]) == (304, b"", etag)
        file = await gateway.services.pictures.results.find(Caller(ada.account_id), ids.from_wire("job", job_id))
        other = await fetch(ada, job_id, if_match='"other"', if_none_match=etag, range="bytes=99999999-")
        assert (other.status_code, other.json()["code"]) == (412, "precondition-failed")
        scope = {"type": "http", "method": "HEAD", "headers": [], "state": {}}
        head = await downloads.file_response(
            Request(scope), Caller(ada.account_id), file, gateway.services.pictures.results
        )
        assert (head.status_code, head.headers["Content-Length"], head.body) == (200, str(len(PICTURE)), b"")
        assert await life(ada, job_id) > WHOLE_LIFE


class TestPictureInParts:
    async def test_that_cover_it_has_arrived(self, wired, decrypted):
        job_id = await decrypted(wired)
        first = await fetch(wired, job_id, range="bytes=0-99999")
        etag = first.headers["ETag"]
        again = await fetch(wired, job_id, range="bytes=0-99999", if_range=etag)
        assert await life(wired, job_id) > WHOLE_LIFE
        rest = await fetch(wired, job_id, range="bytes=90000-", if_range=etag)
        assert [one.status_code for one in (first, again, rest)] == [206] * 3
        assert first.content + rest.content[10_000:] == PICTURE
        while await life(wired, job_id) > WHOLE_LIFE:  # noqa: ASYNC110 - what is waited for is the server's
            await asyncio.sleep(0.01)

    async def test_with_a_gap_has_not(self, ada, decrypted):
        job_id = await decrypted(ada)
        for part in ("bytes=0-99", "bytes=101-"):
            assert (await fetch(ada, job_id, range=part)).status_code == 206
        assert await life(ada, job_id) > WHOLE_LIFE
        await fetch(ada, job_id, range="bytes=100-100")
        assert await life(ada, job_id) <= timedelta(seconds=TAKEN_SECONDS)

    async def test_of_which_one_breaks_off_has_not(self, wired, decrypted, caller, arrivals):
        job_id = await decrypted(wired, LARGE)
        assert len((await fetch(wired, job_id, range="bytes=0-999")).content) == 1000
        one = caller(buffer=100_000)
        await one.ask(request_of(wired, job_id, "Range: bytes=1000-"))
        await one.take(300_000)
        one.hang_up(reset=True)
        await eventually(lambda: len(arrivals) == 2)
        assert arrivals == [True, False]
        assert await life(wired, job_id) > WHOLE_LIFE

    async def test_remembers_no_more_than_so_many_parts(self, ada, decrypted, monkeypatch):
        monkeypatch.setattr(blobs, "PIECES", 2)
        job_id = await decrypted(ada, b"0123456789")
        for start in (0, 2, 4, 1, 3, 5):
            stop = 9 if start == 5 else start
            assert (await fetch(ada, job_id, range=f"bytes={start}-{stop}")).status_code == 206
        assert await life(ada, job_id) > WHOLE_LIFE, "the third part was not remembered"
        await fetch(ada, job_id)
        assert await life(ada, job_id) <= timedelta(seconds=TAKEN_SECONDS)


class TestSynchronousAnswer:
    @pytest.mark.parametrize("key", [{}, {"Idempotency-Key": "my-key"}], ids=["without_key", "with_key"])
    async def test_that_breaks_off_is_fetched_again(self, *, wired, engine, caller, arrivals, background, key):
        """At the address that the answer names, also in parts, and under its idempotency key."""
        sealed = Sealed.make()
        boundary = b"b0undary"
        body = b"".join(
            b'--%b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n\r\n%b\r\n'
            % (boundary, name.encode(), file_name.encode(), data)
            for name, (file_name, data) in sealed.files().items()
        )
        body += b"--%b--\r\n" % boundary
        head = [
            f"POST {DECRYPT} HTTP/1.1",
            "Host: g",
            f"Authorization: Bearer {wired.token}",
            f"Content-Type: multipart/form-data; boundary={boundary.decode()}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in key.items()),
        ]

        async def work():
            await engine.complete_decrypt(await engine.next_job(wired), LARGE)

        background(work())
        one = caller(buffer=100_000)
        await one.ask(("\r\n".join(head) + "\r\n\r\n").encode() + body)
        taken = await one.take(300_000)
        one.hang_up(reset=True)
        await eventually(lambda: arrivals)
        assert arrivals == [False]
        place = taken.lower().split(b"content-location: ")[1].split(b"\r\n")[0].decode()
        rest = await wired.http.get(place, headers={"Range": "bytes=1000-"})
        assert (rest.status_code, rest.content) == (206, LARGE[1000:])
        if key:
            again = await wired.http.post(DECRYPT, files=sealed.files(), headers=key)
            assert (again.status_code, again.content) == (200, LARGE)
            assert again.headers["Idempotency-Replayed"] == "true"
            assert again.headers["Content-Location"] == place


class TestRanges:
    @pytest.fixture
    async def files(self, ada, engine, decrypted):
        """Return the address and the bytes of every stored file."""
        encrypted, plain = await ada.encrypt(), await decrypted(ada)
        measured = Measurement(DOCUMENTS, version=1)
        material = os.urandom(70_001)
        picture = await engine.complete_encrypt(encrypted, material=material, measured=measured)
        return {
            f"{JOBS}/{encrypted}/result": picture,
            f"{JOBS}/{encrypted}/material": material,
            f"{JOBS}/{encrypted}/report?format=html": DOCUMENTS[REPORTS["html"]],
            f"{JOBS}/{encrypted}/report?format=pdf": DOCUMENTS[REPORTS["pdf"]],
            f"/api/v1/analyze/{encrypted}": DOCUMENTS[ANALYSIS],
            f"{JOBS}/{plain}/result": PICTURE,
        }

    async def test_give_the_same_bytes_as_the_whole(self, ada, files):
        chance = random.Random(3)
        for address, data in files.items():
            whole = await ada.http.get(address)
            assert (whole.status_code, whole.content) == (200, data)
            assert whole.headers["Accept-Ranges"] == "bytes"
            borders = [0, 1, 65_535, 65_536, 65_537, len(data) - 1, chance.randrange(len(data))]
            for start in (border for border in borders if border < len(data)):
                last = chance.randrange(start, len(data))
                for text_, stop in ((f"{start}-{last}", last + 1), (f"{start}-", len(data))):
                    part = await ada.http.get(
                        address, headers={"Range": f"bytes={text_}", "If-Range": whole.headers["ETag"]}
                    )
                    if stop - start == len(data):
                        assert (part.status_code, part.content) == (200, data)
                        continue
                    assert (part.status_code, part.content) == (206, data[start:stop]), (address, text_)
                    assert part.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{len(data)}"
                    assert part.headers["ETag"] == whole.headers["ETag"]
                    assert part.headers["Content-Type"] == whole.headers["Content-Type"]

    async def test_behind_the_end_are_416(self, ada, files):
        for address, data in files.items():
            response = await ada.http.get(address, headers={"Range": f"bytes={len(data)}-"})
            assert (response.status_code, response.json()["code"]) == (416, "range-not-satisfiable")
            assert response.headers["Content-Range"] == f"bytes */{len(data)}"

    @pytest.mark.parametrize(
        "headers",
        [{"Range": "bytes=0-1,3-4"}, {"Range": "bytes=x"}, {"Range": "bytes=0-1", "If-Range": '"other"'}],
        ids=["several", "malformed", "other"],
    )
    async def test_that_are_not_served_give_the_whole(self, ada, files, headers):
        for address, data in files.items():
            response = await ada.http.get(address, headers=headers)
            assert (response.status_code, response.content) == (200, data)

    async def test_of_generated_key_files_are_none(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        place = f"{JOBS}/{job_id}/key-file"
        for response in (
            await ada.http.get(place, headers={"Range": "bytes=0-1"}),
            await ada.http.post(place, json={"master_password": "correct horse battery"}),
        ):
            assert (response.status_code, response.headers["Accept-Ranges"]) == (200, "none")

    async def test_equal_bytes_have_different_tags(self, ada, bob, decrypted):
        tags = {(await fetch(user, await decrypted(user))).headers["ETag"] for user in (ada, ada, bob)}
        assert len(tags) == 3

    async def test_of_a_damaged_object_are_refused(self, gateway, ada, decrypted):
        job_id = await decrypted(ada)
        file = await gateway.services.pictures.results.find(Caller(ada.account_id), ids.from_wire("job", job_id))
        store = gateway.services.resources.store
        sealed = bytearray(await store.get(file.blob.object_key))
        sealed[-1] ^= 1
        await store.put(file.blob.object_key, sealed, media_type="application/octet-stream")
        assert (await fetch(ada, job_id, range="bytes=0-9")).content == PICTURE[:10]
        assert (await fetch(ada, job_id, range="bytes=-9")).status_code == 503
        assert (await fetch(ada, job_id)).status_code == 503
