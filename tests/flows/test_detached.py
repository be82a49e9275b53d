"""Encrypted pictures that Pillow has saved again, through the running system and the command line."""

import io
import json
from collections.abc import Callable

import httpx
import numpy as np
import pytest
from PIL import Image

from imageshield.__main__ import run
from shield_core.encrypted import png
from shield_core.keys.recipients import SecretKey
from tests.support import pictures
from tests.support.stack import SystemUnderTest
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

PASSWORD = "a long enough secret"
REGION = '[{"x": 20, "y": 10, "width": 40, "height": 30}]'


def opened(image: bytes) -> Image.Image:
    return Image.open(io.BytesIO(image))


def saved_again(image: bytes, mode: str | None = None) -> bytes:
    picture = opened(image)
    return pictures.as_png(picture.convert(mode) if mode else picture, optimize=True, dpi=(72, 72))


def decrypt(user: User, picture: bytes, job: dict, **form: str) -> httpx.Response:
    return user.decrypt(picture, detached="true", key_id=job["key_id"], **form)


def same(data: bytes, original: bytes) -> bool:
    return np.array_equal(pictures.pixels(data), pictures.pixels(original))


class TestService:
    @pytest.mark.parametrize(
        ("form", "opening"),
        [
            ({}, {}),
            ({"master_password": PASSWORD}, {"master_password": PASSWORD}),
            ({"regions": REGION}, {}),
            ({"layout": "file"}, {}),
            ({"quantum_purity": "multistage"}, {}),
            ({"quantum_purity": "maximum"}, {}),
        ],
        ids=["managed", "passphrase", "regions", "file", "multistage", "maximum"],
    )
    def test_decrypts_what_was_saved_again(self, user: User, form: dict[str, str], opening: dict[str, str]):
        original = pictures.as_png(pictures.make(90, 70))
        job = user.encrypt(original, **form)
        picture = saved_again(user.download(job["result_url"]))
        refused = user.decrypt(picture, **opening)
        assert (refused.status_code, refused.json()["code"]) == (400, "header-missing")
        back = decrypt(user, picture, job, **opening)
        assert back.status_code == 200, back.text
        assert same(back.content, original)

    def test_with_the_recipients_custody_of_the_service(self, user: User):
        original, bob = pictures.as_png(pictures.make(90, 70)), SecretKey.generate()
        job = user.encrypt(original, recipients=bob.public.text, key_custody="managed")
        assert same(decrypt(user, saved_again(user.download(job["result_url"]), "RGBA"), job).content, original)

    def test_after_its_job_was_deleted(self, user: User):
        original = pictures.as_png(pictures.make(90, 70))
        job = user.encrypt(original)
        picture = saved_again(user.download(job["result_url"]))
        user.http.delete(f"/jobs/{job['job_id']}").raise_for_status()
        assert same(decrypt(user, picture, job).content, original)

    def test_of_another_account_is_not_found(self, user: User, system: SystemUnderTest):
        job = user.encrypt(pictures.as_png(pictures.make(90, 70)))
        picture, other = saved_again(user.download(job["result_url"])), User(system.url)
        refused = decrypt(other, picture, job)
        assert (refused.status_code, refused.json()["code"]) == (404, "not-found")
        other.close()

    @pytest.mark.parametrize("change", ["a sample", "another key", "another password", "another key file"])
    def test_every_failure_has_one_answer(self, user: User, change: str):
        original = pictures.as_png(pictures.make(90, 70))
        job, other = (user.encrypt(original, master_password=PASSWORD) for _ in range(2))
        picture, password = opened(user.download(job["result_url"])), PASSWORD
        key_file = user.download(other["key_file_url"]) if change == "another key file" else None
        if change == "a sample":
            red, *rest = picture.getpixel((0, 0))
            picture.putpixel((0, 0), (red ^ 1, *rest))
        if change == "another password":
            password = "another long secret"
        named = other if change == "another key" else job
        form = {"detached": "true", "key_id": named["key_id"], "master_password": password}
        answer = user.decrypt(pictures.as_png(picture), key_file, **form)
        body = answer.json()
        assert (answer.status_code, body["code"], body["detail"]) == (400, "decryption-failed", body["title"])

    def test_damaged_image_data_are_named(self, user: User):
        """Anybody can see the damage, so it reveals nothing about the key."""
        job = user.encrypt(pictures.as_png(pictures.make(90, 70)))
        damaged = pictures.png(pictures.ihdr(90, 70), pictures.chunk(b"IDAT", b"no"), pictures.chunk(b"IEND"))
        answer = decrypt(user, damaged, job)
        assert (answer.status_code, answer.json()["code"]) == (422, "image-corrupt")


class TestCommandLine:
    @pytest.fixture
    def shell(self, tmp_path, monkeypatch, capsys) -> Callable[..., dict]:
        monkeypatch.chdir(tmp_path)

        def call(*arguments: str) -> dict:
            assert run([*arguments, "--json"]) == 0
            return json.loads(capsys.readouterr().out)

        return call

    def test_opens_it_with_the_header_of_the_service(self, user: User, shell, tmp_path):
        """For a recipient, whose key the service cannot open."""
        original, bob = pictures.as_png(pictures.make(90, 70)), SecretKey.generate()
        job = user.encrypt(original, recipients=bob.public.text)
        image = user.download(job["result_url"])
        header = user.http.get(f"/jobs/{job['job_id']}/header").raise_for_status()
        assert header.content == bytes(png.find(image))
        refused = decrypt(user, saved_again(image), job)
        assert (refused.status_code, refused.json()["code"]) == (409, "client-custody")
        files = {
            "again.png": saved_again(image),
            "scan.qkey": user.download(job["key_file_url"]),
            "scan.qhdr": header.content,
            "bob.key": f"{bob.text}\n".encode(),
        }
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        arguments = ("--key", "scan.qkey", "--header", "scan.qhdr", "-i", "bob.key", "-o", "back.png")
        assert shell("decrypt", "again.png", *arguments)["key_id"] == job["key_id"]
        assert same((tmp_path / "back.png").read_bytes(), original)
