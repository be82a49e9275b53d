"""Pictures that the core encrypted, decrypted by the TypeScript client on its own machine."""

import io
import json
import os
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

from shield_core.cipher.purity import Purity
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from shield_core.keys.passphrase import Argon2, Pbkdf2
from shield_core.keys.recipients import RecipientWrap, SecretKey
from shield_core.keys.stanzas import PassphraseWrap, PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import DeterministicSource
from tests.support import engine_page, pictures
from tests.support.stack import ROOT

ADA, BOB = (SecretKey(bytes([number]) * 32) for number in (7, 8))
PASSWORD = "naïve fjord 東京 quartz"
CHEAP = Argon2(bytes(16), m_kib=19_456, t=1, p=1)
REGIONS = (Region(300, 20, 350, 400), Region(40, 200, 500, 250))
PROGRAM = ROOT / "clients/typescript/tests/programs/decrypt.ts"
LARGE = (701, 503)
"""More than 2^18 pixels: four buckets, and two segments of `multistage`."""


def large(mode):
    return pictures.make(*LARGE, mode)


PICTURES = {
    **{f"{mode}.png": pictures.as_png(large(mode)) for mode in ("L", "LA", "RGB", "RGBA")},
    "gray16.png": pictures.gray16_png(),
    "gray.bmp": pictures.as_bmp(large("L")),
    "color.bmp": pictures.as_bmp(large("RGB")),
    "color.tif": pictures.as_tiff(large("RGB")),
    "packed.tif": pictures.as_tiff(large("RGBA"), compression="tiff_adobe_deflate"),
    "photo.jpg": pictures.sample("rocket.jpg"),
    "palette.png": pictures.palette(),
}
CASES = {
    **{name: (data, {}) for name, data in PICTURES.items()},
    **{
        f"{purity}-{mode}-{'part' if regions else 'whole'}": (
            PICTURES[f"{mode}.png"],
            {"purity": purity, "regions": regions},
        )
        for purity in Purity
        for mode in ("L", "LA", "RGB", "RGBA")
        for regions in ((), REGIONS)
    },
    **{f"{purity}-file": (PICTURES["photo.jpg"], {"purity": purity, "layout": Layout.FILE}) for purity in Purity},
}
WRAPS = {
    "argon2": (PassphraseWrap.from_passphrase(PASSWORD, CHEAP), {"passphrase": PASSWORD}),
    "pbkdf2": (PassphraseWrap.from_passphrase(PASSWORD, Pbkdf2(bytes(16))), {"passphrase": PASSWORD}),
    "recipient": (RecipientWrap(ADA.public), {"identity": ADA.text}),
}
WRONG = {
    "wrong-argon2": ("argon2", {"passphrase": PASSWORD.upper()}),
    "wrong-recipient": ("recipient", {"identity": BOB.text}),
    "no-secret": ("argon2", {}),
}


def encrypt(data, wrap=None, **options):
    source = DeterministicSource(1)
    return encrypt_image(data, source=source, pool=BitPool(source), wraps=[wrap or PlainWrap()], **options)


def saved_again(image):
    """Save an encrypted image as many programs do: with alpha, compressed, without chunks of their own."""
    return pictures.as_png(Image.open(io.BytesIO(image)).convert("RGBA"))


def write(folder, name, made):
    (folder / f"{name}.enc.png").write_bytes(made.png)
    (folder / f"{name}.qkey").write_bytes(made.key_file_bytes)
    if made.material is not None:
        (folder / f"{name}.qmat").write_bytes(made.material)


@pytest.fixture(scope="module")
def made():
    return {name: encrypt(data, **options) for name, (data, options) in CASES.items()}


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    """Decrypt everything with the client, in one process of Node."""
    folder = tmp_path_factory.mktemp("decrypted")
    for name, one in made.items():
        write(folder, name, one)
    jobs = [{"name": name} for name in made]
    for name, (wrap, secret) in WRAPS.items():
        write(folder, name, encrypt(PICTURES["LA.png"], wrap))
        jobs.append({"name": name, **secret})
    for name, (kind, secret) in WRONG.items():
        write(folder, name, encrypt(PICTURES["LA.png"], WRAPS[kind][0]))
        jobs.append({"name": name, **secret})
    detached = made["RGB.png"]
    write(folder, "detached", detached)
    (folder / "detached.enc.png").write_bytes(saved_again(detached.png))
    (folder / "detached.qhdr").write_bytes(detached.header_bytes + detached.tag)
    (folder / "jobs.json").write_text(json.dumps([*jobs, {"name": "detached"}]))
    run_program(folder)
    return folder


def run_program(folder):
    node = shutil.which("node")
    if node is None or not engine_page.BUNDLER.exists():
        why = "Node, or the packages that `npm ci` installs, are missing"
        if os.environ.get("REQUIRE_CONSOLE") == "1":
            pytest.fail(why)
        pytest.skip(why)
    engine_page.bundle(PROGRAM, folder / "program.mjs", platform="node")
    done = subprocess.run([node, folder / "program.mjs", folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def result(folder, name):
    return json.loads((folder / "results.json").read_text())[name]


class TestPictures:
    @pytest.mark.parametrize("name", CASES)
    def test_comes_back_as_from_core(self, made, folder, name):
        one = made[name]
        core = decrypt_image(one.png, one.key_file, openers=[PlainOpen()], material=one.material)
        back, about = (folder / f"{name}.back").read_bytes(), result(folder, name)
        assert (about["mediaType"], about["fileName"]) == (core.media_type, core.file_name)
        assert about["layout"] == core.layout
        assert about["isIdentical"] == (back == CASES[name][0])
        assert (about["keyId"], about["statementSha256"]) == (f"key_{core.key_id.hex}", one.statement_sha256)
        if core.layout is Layout.FILE or core.media_type == "image/bmp":
            assert back == core.data
        else:
            assert np.array_equal(pictures.pixels(back), pictures.pixels(core.data))


class TestKeys:
    @pytest.mark.parametrize("name", WRAPS)
    def test_secret_opens(self, folder, name):
        assert "code" not in result(folder, name)

    @pytest.mark.parametrize("name", WRONG)
    def test_other_secret_opens_nothing(self, folder, name):
        assert result(folder, name) == {"code": "decryption-failed", "failure": "no match"}
        assert not (folder / f"{name}.back").exists()


class TestDetached:
    def test_picture_saved_again_comes_back(self, folder):
        back = (folder / "detached.back").read_bytes()
        assert np.array_equal(pictures.pixels(back), pictures.pixels(PICTURES["RGB.png"]))
