"""Limits of request bodies: size, time, and memory of all together; on a real connection where that matters."""

import asyncio
import time

import pytest
from prometheus_client import REGISTRY

from api.middleware import bodies
from api.middleware.budget import STEP
from backplane.blobs import S3Blobs
from tests.api.conftest import eventually, opened, serving
from tests.api.wire import FORM, HEAD, TAIL, Wire
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PIECE = b"x" * 65_536
PNG = pictures.as_png(pictures.make(8, 6))


@pytest.fixture
async def connect():
    opened_writers = []

    async def open_one(gateway):
        wire = await Wire.open(gateway)
        opened_writers.append(wire.writer)
        return wire

    yield open_one
    for writer in opened_writers:
        writer.close()


def in_flight():
    return REGISTRY.get_sample_value("imageshield_upload_bytes_in_flight")


class TestTooLarge:
    async def test_declared_length_is_refused_before_the_body(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token, length=60_000_000)
        status, headers, body = await wire.answer()
        assert (status, body["code"], headers["Connection"]) == (413, "file-too-large", "close")

    async def test_with_expect_100_continue_it_is_never_sent(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token, length=60_000_000, Expect="100-continue")
        status, _, body = await wire.answer()
        assert (status, body["code"]) == (413, "file-too-large")

    async def test_oversized_chunked_body_is_refused_early(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", wired.token)
        await wire.send(HEAD, chunked=True)
        while wire.sent < 50_200_000:
            await wire.send(PIECE, chunked=True)
        status, headers, body = await wire.answer()
        assert (status, body["code"], headers["Connection"]) == (413, "file-too-large", "close")

    async def test_client_that_sends_everything_gets_the_answer(self, server, wired):
        picture = pictures.PNG_SIGNATURE + bytes(55_000_000)
        response = await wired.http.post("/api/v1/encrypt", files={"image": ("a.png", picture)})
        assert (response.status_code, response.json()["code"]) == (413, "file-too-large")

    async def test_file_limit_is_exact_to_the_byte(self, ada):
        # The size is checked before the format.
        allowed = await ada.http.post("/api/v1/encrypt", files={"image": ("a.png", bytes(50_000_000))})
        assert (allowed.status_code, allowed.json()["code"]) == (415, "unsupported-format")
        refused = await ada.http.post("/api/v1/encrypt", files={"image": ("a.png", bytes(50_000_001))})
        assert (refused.status_code, refused.json()["code"]) == (413, "file-too-large")
        assert "50,000,000" in refused.json()["detail"]

    async def test_picture_of_fifty_megabytes_is_accepted(self, ada):
        bmp = pictures.encode(pictures.make(8, 6), "BMP")
        picture = bmp + bytes(50_000_000 - len(bmp))
        response = await ada.http.post("/api/v1/encrypt", files={"image": ("a.bmp", picture)})
        assert response.status_code == 202
        assert response.json()["image"]["bytes"] == 50_000_000

    async def test_encrypted_image_may_have_sixty_megabytes(self, ada):
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

    async def test_endless_form_is_413(self, server, wired, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/auth/token", wired.token, media_type="application/x-www-form-urlencoded")
        while wire.sent < 200_000 and not wire.answered:
            await wire.send(b"a=" + b"1" * 4000 + b"&", chunked=True)
        status, _, body = await wire.answer()
        assert (status, body["code"]) == (413, "file-too-large")


class TestEarlyRefusals:
    async def test_bad_credential_is_401_before_the_body(self, server, connect):
        wire = await connect(server)
        await wire.begin("/api/v1/encrypt", "nonsense", length=40_000_000)
        await wire.send(PIECE)
        status, headers, _ = await wire.answer()
        assert (status, headers["Connection"]) == (401, "close")

    async def test_unknown_field_is_422_before_the_picture(self, server, wired, connect):
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
        monkeypatch.setattr(bodies, "SILENT_SECONDS", 0.4)
        with serving(gateway_settings()) as gateway:
            yield gateway

    async def test_a_body_that_stalls_is_cut(self, hasty, wired, connect):
        wire = await connect(hasty)
        await wire.begin("/api/v1/encrypt", wired.token, length=40_000_000)
        await wire.send(HEAD)
        status, headers, body = await wire.answer()
        assert (status, body["code"], headers["Connection"]) == (408, "request-timeout", "close")

    async def test_slow_body_alone_is_never_cut(self, hasty, wired, connect):
        """It takes next to no memory, and no other body waits for that."""
        wire = await connect(hasty)
        await wire.begin("/api/v1/encrypt", wired.token, length=40_000_000)
        await wire.send(HEAD)
        began = time.monotonic()
        while time.monotonic() - began < 1.5:
            await wire.send(b"x")
            assert not wire.answered
            await asyncio.sleep(0.05)

    async def test_upload_has_an_hour(self, hasty, wired, connect, monkeypatch):
        monkeypatch.setattr(bodies, "UPLOAD_SECONDS", 0.5)
        assert (await self.trickle(hasty, wired, connect, "/api/v1/encrypt", FORM))[0] == 408

    async def test_small_body_has_two_minutes(self, hasty, wired, connect, monkeypatch):
        monkeypatch.setattr(bodies, "SMALL_SECONDS", 0.5)
        assert (await self.trickle(hasty, wired, connect, "/api/v1/auth/register", "application/json"))[0] == 408

    async def trickle(self, gateway, user, connect, path, media_type):
        wire = await connect(gateway)
        await wire.begin(path, user.token, length=40_000, media_type=media_type)
        began = time.monotonic()
        while not wire.answered and time.monotonic() - began < 10:
            await wire.send(b"--b\r\n"[wire.sent : wire.sent + 1] or b"x")
            await asyncio.sleep(0.05)
        return await wire.answer()

    async def test_slow_and_steady_body_is_accepted(self, hasty, wired, connect):
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

    async def test_charge_is_what_arrived_not_what_was_declared(self, narrow, wired, connect):
        wire = await connect(narrow)
        await wire.begin("/api/v1/encrypt", wired.token, length=50_000_000)
        await wire.send(HEAD + PIECE * 16)
        await eventually(lambda: in_flight() == len(HEAD + PIECE * 16) + STEP)

    async def test_without_a_credential_nothing_is_held(self, narrow, connect):
        wire = await connect(narrow)
        await wire.begin("/api/v1/encrypt", "nonsense", length=50_000_000)
        await wire.send(PIECE)
        assert (await wire.answer())[0] == 401
        assert in_flight() == 0

    async def test_encoded_bodies_are_415(self, narrow, wired, connect):
        wire = await connect(narrow)
        await wire.begin("/api/v1/encrypt", wired.token, length=50_000_000, **{"Content-Encoding": "gzip"})
        status, _, body = await wire.answer()
        assert (status, body["code"]) == (415, "unsupported-media-type")

    async def test_waiting_caller_holds_no_body_bytes(self, gateway_settings, engine):
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


class TestBatches:
    """A batch holds one picture or its archive in memory; its other pictures are stored while it arrives."""

    PICTURE = HEAD.replace(b'name="image"', b'name="images"') + PNG + b"\r\n"

    async def test_stored_pictures_are_charged_no_longer(self, server, connect, ada):
        wire = await connect(server)
        await wire.begin("/api/v1/batch/encrypt", ada.token, length=600_000_000)
        large = pictures.encode(pictures.make(400, 300), "BMP")
        await wire.send((HEAD.replace(b'name="image"', b'name="images"') + large + b"\r\n") * 5)
        await eventually(lambda: 0 < in_flight() < len(large) + STEP + 4096)
        wire.writer.close()
        await eventually(lambda: in_flight() == 0)

    async def test_time_that_storing_takes_is_not_the_senders(self, gateway_settings, connect, monkeypatch):
        monkeypatch.setattr(bodies, "SILENT_SECONDS", 0.5)
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
