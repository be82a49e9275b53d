"""Encryption: accepted pictures and options, refusals, and no plaintext on the disk."""

import io
import struct
import zlib

import pytest
from sqlalchemy import text

from backplane.errors import Unavailable
from shield_core.keys.recipients import SecretKey
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ENCRYPT = "/api/v1/encrypt"
CANARY = "canary-Zx9!-secret"
PNG = pictures.as_png(pictures.make(8, 6))
ADA = SecretKey(bytes(range(32)))


async def submit(user, data=PNG, *, name="scan.png", media_type="image/png", headers=None, **form):
    files = {"image": (name, data, media_type)}
    return await user.http.post(ENCRYPT, files=files, data=form, headers=headers)


async def assert_refused(user, data, status, code, **form):
    response = await submit(user, data, **form)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert (await user.http.get("/api/v1/jobs")).json()["data"] == []


def png_of(width, height):
    """A PNG whose header says so, with next to nothing behind it: a bomb where the numbers are large."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(bytes(100))
    chunks = b"".join(
        struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        for chunk in (body, data, b"IEND")
    )
    return pictures.PNG_SIGNATURE + chunks


class TestAccepted:
    async def test_a_picture_becomes_a_job(self, ada):
        response = await submit(ada)
        assert response.status_code == 202
        job = response.json()
        assert response.headers["Location"] == f"/api/v1/jobs/{job['job_id']}"
        assert int(response.headers["Retry-After"]) >= 1
        assert (job["kind"], job["status"], job["stage"], job["progress"]) == ("encrypt", "pending", "queued", 0)
        assert job["estimated_time"] > 0
        known = {"format": "PNG", "media_type": "image/png", "mode": "RGB", "width": 8, "height": 6}
        assert job["image"] == known | {"bytes": len(PNG)}
        assert job["quantum_purity"] == {"requested": "balanced", "served": None, "reason": None}
        assert (job["key_custody"], job["result_url"], job["key_file_url"]) == ("managed", None, None)

    async def test_job_shows_the_options(self, ada):
        job = (await submit(ada, quantum_purity="fast", layout="file", master_password="a long passphrase")).json()
        assert job["quantum_purity"]["requested"] == "fast"
        assert job["key_custody"] == "passphrase"

    @pytest.mark.parametrize("layout", ["pixels", "file"])
    async def test_the_estimate_knows_that_maximum_waits_for_circuits(self, ada, gateway, layout):
        data = pictures.as_png(pictures.make(1000, 1000))
        for purity in ("fast", "maximum"):
            await submit(ada, data, quantum_purity=purity, layout=layout)
        # Without what waits before them, which in this queue is what other tests have left.
        work = text("SELECT base_ms FROM jobs WHERE account_id = :account ORDER BY id")
        async with gateway.services.resources.database.transaction() as session:
            fast, maximum = await session.scalars(work, {"account": ada.account_id})
        assert maximum > 4 * fast

    @pytest.mark.parametrize("purity", ["fast", "balanced", "multistage", "maximum"])
    async def test_every_purity_is_accepted(self, ada, purity):
        job = (await submit(ada, quantum_purity=purity)).json()
        assert job["quantum_purity"] == {"requested": purity, "served": None, "reason": None}

    @pytest.mark.parametrize(
        "name", ["scan.txt", "scan", "", "scan.jpg.exe", "ü" * 200, "../../etc/passwd", 'a"b\r\nc']
    )
    @pytest.mark.parametrize("media_type", ["text/html", "image/webp", ""])
    async def test_format_comes_from_the_content(self, ada, name, media_type):
        job = (await submit(ada, name=name, media_type=media_type)).json()
        assert job["image"]["format"] == "PNG"

    async def test_part_without_file_name_is_a_file(self, ada):
        body = b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\n' + PNG + b"\r\n--b--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        assert (await ada.http.post(ENCRYPT, content=body, headers=headers)).status_code == 202

    @pytest.mark.parametrize("kind", ["JPEG", "BMP", "TIFF", "WEBP"])
    async def test_every_format_is_accepted(self, ada, kind):
        job = (await submit(ada, pictures.encode(pictures.make(8, 6), kind))).json()
        assert job["image"]["format"] == kind

    async def test_trailing_data_is_a_warning(self, ada):
        assert (await submit(ada, PNG + b"appended")).json()["warnings"] == ["trailing-data"]


class TestRecipients:
    @pytest.mark.parametrize(
        ("form", "custody"),
        [
            ({}, "recipient"),
            ({"key_custody": "recipient"}, "recipient"),
            ({"master_password": "a long passphrase"}, "passphrase"),
            ({"key_custody": "passphrase", "master_password": "a long passphrase"}, "passphrase"),
            ({"key_custody": "managed"}, "managed"),
        ],
    )
    async def test_custody_follows_from_the_other_fields(self, ada, form, custody):
        job = (await submit(ada, recipients=ADA.public.text, **form)).json()
        assert job["key_custody"] == custody

    async def test_twenty_are_the_limit(self, ada):
        texts = [SecretKey(bytes([number]) * 32).public.text for number in range(21)]
        assert (await submit(ada, recipients=texts[:20])).status_code == 202
        response = await submit(ada, recipients=texts)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "recipients")
        response = await submit(ada, recipients=texts[:20], key_custody="managed")
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "at most 20 ways" in response.json()["detail"]

    async def test_the_same_twice_is_one(self, ada, engine):
        job = (await submit(ada, recipients=[ADA.public.text, f" {ADA.public.text}\n"])).json()
        await engine.complete_encrypt(job["job_id"])
        key_file = (await ada.http.get(f"/api/v1/jobs/{job['job_id']}/key-file")).json()
        assert [stanza["type"] for stanza in key_file["stanzas"]] == ["recipient"]

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            (ADA.text, "secret key"),
            (ADA.public.text[:-1], "cut off"),
            (ADA.public.text[:-1] + ("A" if ADA.public.text[-1] != "A" else "B"), "mistyped"),
            ("age1qqqq", "begins with"),
        ],
    )
    async def test_malformed_recipient_is_explained_and_not_repeated(self, ada, text, reason):
        response = await submit(ada, recipients=text)
        assert response.status_code == 422
        (error,) = response.json()["errors"]
        assert (error["field"], error["code"]) == ("recipients.0", "unfit_recipient")
        assert reason in error["detail"]
        assert ADA.text[25:] not in response.text
        assert ADA.public.text[25:60] not in response.text


class TestPrefer:
    async def test_wait_answers_200_with_the_finished_job(self, ada, engine, background):
        async def work():
            await engine.complete_encrypt(await engine.next_job(ada))

        background(work())
        response = await submit(ada, headers={"Prefer": "wait=20"})
        assert response.status_code == 200
        assert response.headers["Preference-Applied"] == "wait=20"
        assert response.json()["status"] == "completed"
        assert response.json()["result_url"].endswith("/result")

    async def test_wait_that_does_not_suffice_answers_202(self, ada):
        response = await submit(ada, headers={"Prefer": "wait=1"})
        assert response.status_code == 202
        assert response.headers["Preference-Applied"] == "respond-async"
        assert response.json()["status"] == "pending"

    async def test_accepted_job_is_never_answered_with_refusal(self, gateway, ada, monkeypatch):
        """Its caller would send it again."""

        async def fail(*_arguments, **_keywords):
            raise Unavailable

        monkeypatch.setattr(gateway.services.jobs.progress, "_look", fail)
        response = await submit(ada, headers={"Prefer": "wait=1"})
        assert response.status_code == 202
        assert response.json()["status"] == "pending"

    @pytest.mark.parametrize("prefer", ["wait=soon", "wait=", "wait=-1", "", ",,;", "respond", "handling=strict"])
    async def test_malformed_or_unknown_preference_is_ignored(self, ada, prefer):
        response = await submit(ada, headers={"Prefer": prefer})
        assert response.status_code == 202
        assert "Preference-Applied" not in response.headers


class TestRefusedPictures:
    async def test_no_bytes(self, ada):
        await assert_refused(ada, b"", 422, "image-empty")

    @pytest.mark.parametrize("data", [b"%PDF-1.7 text", b"GIF88a" + bytes(50), b"\0" * 100, b"<svg/>", b"P"])
    async def test_not_an_image(self, ada, data):
        await assert_refused(ada, data, 415, "unsupported-format")

    async def test_truncated(self, ada):
        await assert_refused(ada, PNG[:40], 422, "image-corrupt")

    async def test_more_than_25_megapixels_from_the_header_alone(self, ada):
        await assert_refused(ada, png_of(20_001, 10_000), 413, "too-many-pixels")

    async def test_a_bomb(self, ada):
        await assert_refused(ada, png_of(2**31 - 1, 2**31 - 1), 413, "too-many-pixels")

    async def test_pixels_that_cannot_be_held_exactly(self, ada):
        jpeg = pictures.as_jpeg(pictures.make(8, 6, mode="CMYK"))
        response = await submit(ada, jpeg, layout="pixels")
        assert (response.status_code, response.json()["code"]) == (422, "layout-not-exact")


class TestRefusedForms:
    async def test_no_picture(self, ada):
        response = await ada.http.post(ENCRYPT, files={"layout": (None, "auto")})
        assert response.status_code == 422
        assert response.json()["errors"] == [
            {"location": "body", "field": "image", "code": "missing", "detail": "Field required"}
        ]

    @pytest.mark.parametrize(
        "form",
        [
            {"quantum_purity": CANARY},
            {"quantum_purity": ""},
            {"layout": CANARY},
            {"key_custody": "client"},
            {"key_custody": CANARY},
            {"recipients": CANARY},
            {"recipients": f"imageshield-secret-1:{CANARY}"},
            {"recipients": f"imageshield-public-1:{CANARY}"},
            {"recipients": ""},
            {"analyze": CANARY},
            {CANARY: "x"},
            {"master_password": ""},
            {"master_password": "canary short"[:11]},
            {"master_password": CANARY * 100},
            {"layout": "x" * 5000},
        ],
    )
    async def test_unknown_input_is_refused_and_not_repeated(self, ada, form):
        response = await submit(ada, **form)
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "canary" not in response.text

    async def test_invalid_webhook_url_is_not_repeated(self, ada):
        response = await submit(ada, webhook_url=f"https://{CANARY}")
        assert (response.status_code, response.json()["code"]) == (422, "webhook-url-refused")
        assert "canary" not in response.text

    async def test_unknown_field_lists_the_known_ones(self, ada):
        error = (await submit(ada, region="[]")).json()["errors"][0]
        assert error["field"] is None
        assert (
            "quantum_purity, layout, analyze, master_password, recipients, key_custody, regions, image"
            in error["detail"]
        )

    @pytest.mark.parametrize(
        "form",
        [
            {"key_custody": "passphrase"},
            {"key_custody": "managed", "master_password": "a long passphrase"},
            {"key_custody": "recipient"},
            {"key_custody": "recipient", "master_password": "a long passphrase"},
            {"key_custody": "recipient", "master_password": "a long passphrase", "recipients": ADA.public.text},
            {"key_custody": "managed", "master_password": "a long passphrase", "recipients": ADA.public.text},
            {"key_custody": "passphrase", "recipients": ADA.public.text},
        ],
    )
    async def test_custody_and_password_must_agree(self, ada, form):
        await assert_refused(ada, PNG, 422, "custody-conflict", **form)

    async def test_a_field_that_is_there_twice(self, ada):
        files = [("image", ("a.png", PNG)), ("image", ("b.png", PNG))]
        response = await ada.http.post(ENCRYPT, files=files)
        assert response.json()["errors"][0]["code"] == "duplicate_field"

    async def test_a_text_that_is_not_utf8(self, ada):
        files = {"image": ("a.png", PNG), "layout": (None, b"\xff\xfe")}
        assert (await ada.http.post(ENCRYPT, files=files)).json()["errors"][0]["code"] == "not_text"

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("multipart/form-data", b"canary"),
            ("multipart/form-data; boundary=", b"canary"),
            ("multipart/form-data; boundary=" + "b" * 300, b"canary"),
            ("multipart/form-data; boundary=b", b""),
            ("multipart/form-data; boundary=b", b"canary"),
            ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\ncanary'),
            ("multipart/form-data; boundary=b", b"--b\r\nX: y\r\n\r\ncanary\r\n--b--\r\n"),
            ("multipart/form-data; boundary=b", b"--b\r\n" + b"X: y\r\n" * 50 + b"\r\n\r\n--b--\r\n"),
            ("multipart/form-data; boundary=b", b"--b\r\nX: " + b"y" * 20000 + b"\r\n\r\n\r\n--b--\r\n"),
            ("multipart/form-data; boundary=b", b"--b--\r\n"),
        ],
    )
    async def test_other_body_is_refused(self, ada, content_type, body):
        response = await ada.http.post(ENCRYPT, content=body, headers={"Content-Type": content_type})
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "canary" not in response.text

    async def test_missing_credential_is_401_before_the_body(self, client):
        response = await client.post(ENCRYPT, content=b"x", headers={"Content-Type": "text/plain"})
        assert response.status_code == 401


class TestMemory:
    async def test_no_original_is_ever_a_temporary_file(self, ada, monkeypatch):
        def refuse(*_args, **_keywords):
            raise AssertionError("a temporary file")

        monkeypatch.setattr("tempfile.SpooledTemporaryFile.__init__", refuse)
        monkeypatch.setattr("tempfile.TemporaryFile", refuse)
        monkeypatch.setattr("tempfile.mkstemp", refuse)
        large = pictures.encode(pictures.make(1200, 900), "BMP")
        assert len(large) > 3_000_000
        assert (await submit(ada, io.BytesIO(large).getvalue())).status_code == 202
