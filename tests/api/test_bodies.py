"""How much of a body is read, how fast, and how much of all at once: on a real connection where the wire matters."""

import asyncio
import json
import time

import httpx
import pytest
from prometheus_client import REGISTRY

from api.middleware import bodies
from api.middleware.bodies import UploadBudget
from backplane.blobs import S3Blobs
from backplane.errors import Overloaded
from tests import pictures
from tests.api.conftest import eventually, opened, serving

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PIECE = b"x" * 65_536
HEAD = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"
FORM = "multipart/form-data; boundary=b"
PNG = pictures.as_png(pictures.make(8, 6))


class Wire:
    """A connection on which the test writes what it wants, as slowly as it wants."""

    def __init__(self, reader, writer):
        self.reader, self.writer, self.sent = reader, writer, 0

    async def begin(self, path, token, *, length=None, media_type=FORM, **headers):
        lines = [
            f"POST {path} HTTP/1.1",
            "Host: gateway",
            f"Authorization: Bearer {token}",
            f"Content-Type: {media_type}",
        ]
        lines += [f"Content-Length: {length}"] if length is not None else ["Transfer-Encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())
        await self.writer.drain()

    async def send(self, data, *, chunked=False):
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
        await self.writer.drain()
        self.sent += len(data)

    async def answer(self):
        """Read the answer's head and body."""
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)).decode()
        headers = httpx.Headers([line.split(": ", 1) for line in head.split("\r\n")[1:] if line])
        body = await asyncio.wait_for(self.reader.readexactly(int(headers["Content-Length"])), 20)
        return int(head.split()[1]), headers, json.loads(body)

    @property
    def answered(self):
        return bool(self.reader._buffer)


@pytest.fixture
async def connect():
    opened_writers = []

    async def open_one(gateway):
        host, port = gateway.base_url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        opened_writers.append(writer)
        return Wire(reader, writer)

    yield open_one
    for writer in opened_writers:
        writer.close()


def in_flight():
    return REGISTRY.get_sample_value("imageshield_upload_bytes_in_flight")


class TestTooLarge:
    async def test_a_declared_length_over_the_limit_is_refused_before_a_byte_of_it(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token, length=60_000_000)
        status, headers, body = await wire.answer()
        assert (status, body["code"], headers["Connection"]) == (413, "file-too-large", "close")

    async def test_with_expect_100_continue_it_is_never_sent(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token, length=60_000_000, Expect="100-continue")
        status, _, body = await wire.answer()
        assert (status, body["code"]) == (413, "file-too-large")

    async def test_of_60_megabytes_the_last_ones_are_never_waited_for(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token)
        await wire.send(HEAD, chunked=True)
        while wire.sent < 50_200_000:
            await wire.send(PIECE, chunked=True)
        status, headers, body = await wire.answer()
        assert (status, body["code"], headers["Connection"]) == (413, "file-too-large", "close")

    async def test_a_client_that_sends_everything_first_still_gets_the_answer(self, server, wired):
        picture = pictures.PNG_SIGNATURE + bytes(55_000_000)
        response = await wired.http.post("/api/v1/encrypt", files={"image": ("a.png", picture)})
        assert (response.status_code, response.json()["code"]) == (413, "file-too-large")

    async def test_the_limit_is_of_the_file_to_the_byte(self, ada):
        # Whether it is a picture is asked after its size.
        allowed = await ada.http.post("/api/v1/encrypt", files={"image": ("a.png", bytes(50_000_000))})
        assert (allowed.status_code, allowed.json()["code"]) == (415, "unsupported-format")
        refused = await ada.http.post("/api/v1/encrypt", files={"image": ("a.png", bytes(50_000_001))})
        assert (refused.status_code, refused.json()["code"]) == (413, "file-too-large")
        assert "50,000,000" in refused.json()["detail"]

    async def test_a_picture_of_50_000_000_bytes_is_taken(self, ada):
        bmp = pictures.encode(pictures.make(8, 6), "BMP")
        picture = bmp + bytes(50_000_000 - len(bmp))
        response = await ada.http.post("/api/v1/encrypt", files={"image": ("a.bmp", picture)})
        assert response.status_code == 202
        assert response.json()["image"]["bytes"] == 50_000_000

    async def test_an_encrypted_image_may_be_larger_than_an_original(self, ada):
        response = await ada.http.post("/api/v1/decrypt", files={"encrypted_image": ("a.png", bytes(60_000_000))})
        assert (response.status_code, response.json()["code"]) == (415, "unsupported-format")

    async def test_a_key_file_has_at_most_a_mebibyte(self, ada):
        files = {"encrypted_image": ("a.png", b"x"), "key_file": ("a.qkey", bytes(1024 * 1024 + 1))}
        response = await ada.http.post("/api/v1/decrypt", files=files)
        assert (response.status_code, response.json()["code"]) == (413, "file-too-large")

    @pytest.mark.parametrize(
        ("path", "media_type"),
        [("/api/v1/auth/register", "application/json"), ("/api/v1/auth/token", "application/x-www-form-urlencoded")],
    )
    async def test_other_routes_take_64_kib(self, client, path, media_type):
        response = await client.post(path, content=b"x" * 65_537, headers={"Content-Type": media_type})
        assert (response.status_code, response.json()["code"]) == (413, "file-too-large")

    async def test_a_form_that_does_not_end_is_bounded_too(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/auth/token", wired.token, media_type="application/x-www-form-urlencoded")
        while wire.sent < 200_000 and not wire.answered:
            await wire.send(b"a=" + b"1" * 4000 + b"&", chunked=True)
        status, _, body = await wire.answer()
        assert (status, body["code"]) == (413, "file-too-large")


class TestEarlyRefusals:
    async def test_without_a_credential_nothing_of_the_body_is_awaited(self, server, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", "nonsense", length=40_000_000)
        await wire.send(PIECE)
        status, headers, _ = await wire.answer()
        assert (status, headers["Connection"]) == (401, "close")

    async def test_an_unknown_field_ends_it_before_the_picture_has_arrived(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token, length=40_000_000)
        await wire.send(b'--b\r\nContent-Disposition: form-data; name="nonsense"\r\n\r\n')
        status, _, body = await wire.answer()
        assert (status, body["code"]) == (422, "validation-failed")

    async def test_a_connection_whose_body_was_read_is_kept(self, wired):
        response = await wired.http.post("/api/v1/encrypt", files={"image": ("a.png", b"")})
        assert response.status_code == 422
        assert "Connection" not in response.headers


class TestSlowBodies:
    @pytest.fixture
    def hasty(self, monkeypatch, gateway_settings):
        monkeypatch.setattr(bodies, "STALL_SECONDS", 0.4)
        with serving(gateway_settings()) as gateway:
            yield gateway

    async def test_a_body_that_stalls_is_cut(self, hasty, wired, connect):
        wire = await connect(hasty)
        await wire.begin("/api/v1/encrypt", wired.token, length=40_000_000)
        await wire.send(HEAD)
        status, headers, body = await wire.answer()
        assert (status, body["code"], headers["Connection"]) == (408, "request-timeout", "close")

    async def test_a_byte_now_and_then_is_no_progress(self, hasty, wired, connect):
        wire = await connect(hasty)
        await wire.begin("/api/v1/encrypt", wired.token, length=40_000_000)
        await wire.send(HEAD)
        began = time.monotonic()
        while not wire.answered and time.monotonic() - began < 10:
            await wire.send(b"x")
            await asyncio.sleep(0.05)
        assert (await wire.answer())[0] == 408
        assert time.monotonic() - began < 3

    async def test_a_slow_body_that_goes_on_is_waited_for(self, hasty, wired, connect):
        wire = await connect(hasty)
        body = HEAD + pictures.encode(pictures.make(400, 300), "BMP") + TAIL
        await wire.begin("/api/v1/encrypt", wired.token, length=len(body))
        for start in range(0, len(body), 20_000):
            await wire.send(body[start : start + 20_000])
            await asyncio.sleep(0.05)
        assert len(body) / 20_000 * 0.05 > 0.4
        assert (await wire.answer())[0] == 202

    async def test_a_client_that_goes_away_leaves_nothing_behind(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token, length=40_000_000)
        await wire.send(HEAD + PIECE * 10)
        wire.writer.close()
        await wire.writer.wait_closed()
        await eventually(lambda: in_flight() == 0)
        assert (await wired.http.get("/api/v1/jobs")).json()["data"] == []


class TestBytesInFlight:
    @pytest.fixture
    def narrow(self, gateway_settings):
        with serving(gateway_settings(upload_memory_bytes=112_000_000)) as gateway:
            yield gateway

    async def test_more_than_the_budget_is_503_and_told_when_to_come_back(self, narrow, wired, connect):
        held = [await connect(narrow) for _ in range(2)]
        for wire in held:
            await wire.begin("/api/v1/encrypt", wired.token, length=50_000_000)
            await wire.send(HEAD)
        third = await connect(narrow)
        await eventually(lambda: in_flight() == 100_000_000)
        await third.begin("/api/v1/encrypt", wired.token, length=50_000_000)
        status, headers, body = await third.answer()
        assert (status, body["code"]) == (503, "overloaded")
        assert int(headers["Retry-After"]) >= 1
        small = await connect(narrow)
        await small.begin("/api/v1/encrypt", wired.token, length=len(HEAD + TAIL))
        await small.send(HEAD + TAIL)
        assert (await small.answer())[2]["code"] == "image-empty"

    async def test_a_body_is_given_back_before_its_caller_waits_for_the_job(self, gateway_settings, engine):
        async with opened(gateway_settings()) as gateway:
            user = await gateway.user()
            async with user.http:
                picture = pictures.as_png(pictures.make(64, 48))
                waiting = asyncio.create_task(
                    user.http.post("/api/v1/encrypt", files={"image": ("a.png", picture)}, headers={"Prefer": "wait=1"})
                )
                await engine.next_job(user)
                await eventually(lambda: in_flight() == 0)
                assert not waiting.done()
                assert (await waiting).status_code == 202


class TestUploadBudget:
    def test_holds_the_sum_of_all(self):
        budget = UploadBudget(100)
        budget.take(60)
        budget.take(40)
        with pytest.raises(Overloaded):
            budget.take(1)
        budget.give_back(60)
        budget.take(60)
        budget.give_back(100)

    def test_takes_one_body_of_any_size(self):
        budget = UploadBudget(100)
        budget.take(500)
        with pytest.raises(Overloaded):
            budget.take(1)
        budget.give_back(500)


class TestBatches:
    """What is held of a batch is a picture, or its archive; the rest of it is stored while it arrives."""

    PICTURE = HEAD.replace(b'name="image"', b'name="images"') + PNG + b"\r\n"

    async def test_of_many_pictures_no_more_is_reserved_than_for_one(self, gateway_settings, connect, ada):
        with serving(gateway_settings(upload_memory_bytes=112_000_000)) as running:
            wire = await connect(running)
            await wire.begin("/api/v1/batch/encrypt", ada.token, length=600_000_000)
            await wire.send(self.PICTURE * 2)
            await eventually(lambda: in_flight() == bodies.MAX_BYTES + bodies.FORM_OVERHEAD)
            beside = await connect(running)
            await beside.begin("/api/v1/encrypt", ada.token, length=len(HEAD + PNG + TAIL))
            await beside.send(HEAD + PNG + TAIL)
            assert (await beside.answer())[0] == 202
            wire.writer.close()
            await eventually(lambda: in_flight() == 0)

    async def test_time_that_storing_takes_is_not_the_senders(self, gateway_settings, connect, monkeypatch):
        monkeypatch.setattr(bodies, "STALL_SECONDS", 0.5)
        put = S3Blobs.put

        async def dawdle(self, *arguments, **options):
            await asyncio.sleep(0.8)
            await put(self, *arguments, **options)

        monkeypatch.setattr(S3Blobs, "put", dawdle)
        async with opened(gateway_settings()) as running:
            user = await running.user()

            async def body():
                for piece in (self.PICTURE, self.PICTURE, TAIL.removeprefix(b"\r\n")):
                    yield piece

            async with user.http:
                response = await user.http.post("/api/v1/batch/encrypt", content=body(), headers={"Content-Type": FORM})
            assert response.status_code == 202, response.text
            assert [item["error"] for item in response.json()["items"]] == [None, None]
