"""Encryption and decryption through the running system."""

import hashlib
import http.client
import io

import numpy as np
import pytest
from PIL import Image

from shield_core.keys.recipients import RecipientOpen, SecretKey
from shield_core.keys.stanzas import PlainOpen
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.sources import DeterministicSource
from tests import fixtures
from tests.support import pictures
from tests.support.stack import wait_until
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def pixels(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as picture:
        return np.asarray(picture)


def size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.size


def percentages(events: list[dict]) -> list[int]:
    return [event["payload"]["progress"] for event in events if event["type"] == "progress"]


class TestThereAndBack:
    def test_large_jpeg_comes_back_byte_for_byte(self, user: User):
        original = pictures.as_jpeg(pictures.enlarge("rocket.jpg", megapixels=12, seed=1))
        job = user.encrypt(original, name="rocket.jpg")
        assert job["layout"] == "file"
        key_file, encrypted = user.download(job["key_file_url"]), user.download(job["result_url"])
        response = user.decrypt(encrypted, key_file)
        assert response.status_code == 200
        assert hashlib.sha256(response.content).digest() == hashlib.sha256(original).digest()
        assert "rocket.jpg" in response.headers["Content-Disposition"]

    def test_large_png_keeps_pixels_icc_and_exif(self, user: User):
        exif, icc = pictures.exif(), pictures.icc()
        original = pictures.as_png(pictures.enlarge("astronaut.png", megapixels=12, seed=2), exif=exif, icc_profile=icc)
        job = user.encrypt(original)
        assert (job["layout"], job["image"]["width"], job["image"]["height"]) == ("pixels", *size(original))
        encrypted = user.download(job["result_url"])
        assert size(encrypted) == size(original)
        response = user.decrypt(encrypted, user.download(job["key_file_url"]))
        assert np.array_equal(pixels(response.content), pixels(original))
        with Image.open(io.BytesIO(response.content)) as back:
            assert (back.info["exif"], back.info["icc_profile"]) == (exif, icc)

    def test_redacted_picture_shows_the_rest_and_decrypts(self, user: User):
        original = pictures.sample("astronaut.png")
        job = user.encrypt(original, regions='[{"x": 150, "y": 40, "width": 150, "height": 180}]')
        assert (job["layout"], job["share_encrypted"]) == ("pixels", pytest.approx(150 * 180 / 512**2))
        assert job["regions"] == [{"x": 150, "y": 40, "width": 150, "height": 180}]
        encrypted, before = user.download(job["result_url"]), pixels(original)
        changed = (pixels(encrypted) != before).any(axis=2)
        assert changed[40:220, 150:300].mean() > 0.99
        assert changed.sum() == changed[40:220, 150:300].sum()
        assert np.array_equal(pixels(user.decrypt(encrypted).content), before)

    def test_encrypted_picture_is_noise_without_metadata(self, user: User):
        original = pictures.as_png(pictures.make(), exif=pictures.exif())
        encrypted = user.download(user.encrypt(original)["result_url"])
        assert not np.array_equal(pixels(encrypted), pixels(original))
        with Image.open(io.BytesIO(encrypted)) as noise:
            assert "exif" not in noise.info

    def test_managed_key_opens_without_a_key_file(self, user: User):
        original = pictures.sample("rocket.jpg")
        job = user.encrypt(original, name="rocket.jpg")
        assert user.decrypt(user.download(job["result_url"])).content == original

    def test_only_the_right_password_opens(self, user: User):
        original = pictures.sample("coffee.png")
        job = user.encrypt(original, name="coffee.png", master_password="a long enough secret")
        assert job["key_custody"] == "passphrase"
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        assert np.array_equal(
            pixels(user.decrypt(encrypted, key_file, master_password="a long enough secret").content), pixels(original)
        )
        wrong = user.decrypt(encrypted, key_file, master_password="another long secret")
        assert (wrong.status_code, wrong.json()["code"]) == (400, "decryption-failed")

    @pytest.mark.parametrize("old", fixtures.OLD, ids=lambda old: old.name)
    def test_old_password_opens_as_it_was_sent(self, user: User, old: fixtures.Old):
        """The form of an earlier release counted a line end and a byte order mark as part of the password."""
        response = user.decrypt(old.image, old.key_file, master_password=old.password)
        assert response.status_code == 200, response.text
        assert np.array_equal(pixels(response.content), pixels(fixtures.PICTURE.read_bytes()))
        assert user.decrypt(old.image, old.key_file, master_password=fixtures.TYPED).status_code == 400

    def test_only_the_recipient_opens_it(self, user: User):
        """The recipient decrypts offline; the service answers 409."""
        original, secret = pictures.sample("rocket.jpg"), SecretKey.generate()
        job = user.encrypt(original, name="rocket.jpg", recipients=secret.public.text)
        assert job["key_custody"] == "recipient"
        encrypted, key_file = user.download(job["result_url"]), user.download(job["key_file_url"])
        assert decrypt_image(encrypted, key_file, openers=[RecipientOpen(secret)]).data == original
        for sent in (key_file, None):
            refused = user.decrypt(encrypted, sent)
            assert (refused.status_code, refused.json()["code"]) == (409, "client-custody")

    def test_two_encryptions_of_one_picture_share_nothing(self, user: User):
        original = pictures.sample("rocket.jpg")
        jobs = [user.encrypt(original) for _ in range(2)]
        assert jobs[0]["key_id"] != jobs[1]["key_id"]
        first, second = (user.download(job["result_url"]) for job in jobs)
        assert np.mean(pixels(first) == pixels(second)) < 0.01

    def test_damaged_picture_fails_at_the_first_attempt(self, user: User):
        broken = pictures.half_a_png(pixels(pictures.sample("coffee.png")))
        job_id = user.submit(broken)["job_id"]
        events = user.follow(job_id)
        job = user.job(job_id)
        assert (job["status"], job["error"]["code"], job["attempts"]) == ("failed", "image-corrupt", 1)
        assert events[-1]["type"] == "error"


class TestServiceAndCore:
    """What the service encrypts, the core opens with the downloaded key file, and the other way round."""

    def test_from_the_service_to_the_core(self, user: User):
        original = pictures.sample("retina.jpg")
        job = user.encrypt(original, name="retina.jpg")
        key_file, encrypted = user.download(job["key_file_url"]), user.download(job["result_url"])
        assert bytes(decrypt_image(encrypted, key_file, openers=[PlainOpen()]).data) == original

    def test_from_the_core_to_the_service(self, user: User):
        from shield_core.keys.stanzas import PlainWrap

        original = pictures.sample("retina.jpg")
        made = encrypt_image(original, source=DeterministicSource(1), wraps=[PlainWrap()], file_name="retina.jpg")
        response = user.decrypt(bytes(made.png), made.key_file_bytes)
        assert response.content == original


class TestProgress:
    def test_large_job_reports_every_stage(self, user: User):
        original = pictures.as_png(pictures.enlarge("astronaut.png", megapixels=25, seed=3), compress_level=1)
        job_id = user.submit(original)["job_id"]
        events = user.follow(job_id)
        assert len(set(percentages(events))) >= 10
        assert percentages(events) == sorted(percentages(events))
        stages = list(dict.fromkeys(event["payload"]["stage"] for event in events if event["type"] == "progress"))
        assert stages == [
            "queued",
            "validating",
            "generating_quantum_keys",
            "encrypting",
            "authenticating",
            "storing",
        ]
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert user.follow(job_id) == events, "a client that connects after the end gets the same"
        assert user.follow(job_id, last_seq=len(events) - 2) == events[-2:]

    def test_decrypt_job_reports_every_stage(self, user: User):
        job = user.encrypt(pictures.sample("coffee.png"))
        encrypted = user.download(job["result_url"])
        response = user.http.post(
            "/decrypt", files={"encrypted_image": ("n.png", encrypted)}, headers={"Prefer": "respond-async"}
        )
        assert response.status_code == 202
        events = user.follow(response.json()["job_id"])
        stages = list(dict.fromkeys(event["payload"]["stage"] for event in events if event["type"] == "progress"))
        assert stages == ["queued", "validating", "verifying", "decrypting", "storing"]
        result = user.http.get(f"/jobs/{response.json()['job_id']}/result")
        assert result.headers["Cache-Control"] == "no-store"
        assert np.array_equal(pixels(result.content), pixels(pictures.sample("coffee.png")))
        again = user.http.get(f"/jobs/{response.json()['job_id']}/result")
        assert again.content == result.content

    def test_downloaded_picture_expires_early(self, user: User):
        """Even if the caller disconnects at the last byte."""
        job = user.encrypt(pictures.sample("coffee.png"))
        encrypted = user.download(job["result_url"])
        job = user.http.post(
            "/decrypt", files={"encrypted_image": ("n.png", encrypted)}, headers={"Prefer": "wait=30"}
        ).json()
        connection = http.client.HTTPConnection(user.url.removeprefix("http://"))
        connection.request("GET", job["result_url"], headers={"Authorization": user.http.headers["Authorization"]})
        answer = connection.getresponse()
        assert len(answer.read(int(answer.headers["Content-Length"]))) == int(answer.headers["Content-Length"])
        connection.close()
        whole = job["expires_at"]
        wait_until(lambda: user.job(job["job_id"])["expires_at"] < whole, "the picture expires early", seconds=10)
