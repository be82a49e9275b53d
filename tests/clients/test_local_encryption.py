"""Pictures that the TypeScript client encrypted on its own machine, decrypted by the command line."""

import hashlib
import io
import json
import os
import shutil
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from shield_core.encrypted import png
from shield_core.encrypted.evidence import read_metadata
from shield_core.image import intake, payload
from shield_core.image.payload import Layout
from shield_core.keys import canonical, keyfile, schedule
from shield_core.keys.recipients import RecipientOpen, SecretKey
from shield_core.quantum import keygen
from shield_core.quantum.sources import OsSource
from tests.cli.test_files import Shell
from tests.support import other_pictures, pictures
from tests.support.stack import ROOT

ADA = SecretKey(bytes([7]) * 32)
PASSWORD = "naïve fjord 東京 quartz"  # composed: NFC
JOB = "job_0190f5fe7c007a008000fedcba987654"
KEY_ID = "0190f5fe7c007a0080000123456789ab"
CHEAP = {"name": "argon2id", "m_kib": 19_456, "p": 1, "salt_b64": "AAECAwQFBgcICQoLDA0ODw==", "t": 1}
FIPS = {"name": "pbkdf2-hmac-sha256", "iterations": 600_000, "salt_b64": "AAECAwQFBgcICQoLDA0ODw=="}
PROGRAM = ROOT / "clients/typescript/tests/programs/encrypt.ts"
BUNDLER = ROOT / "node_modules/.bin/rolldown"


def with_chunks(image):
    """Write a PNG with EXIF, a profile, its density, and text on both sides of the image data."""
    about = PngImagePlugin.PngInfo()
    about.add_text("Title", "a picture")
    about.add_itxt("Comment", "東京", zip=True)
    data = pictures.as_png(image, exif=pictures.exif(), icc_profile=pictures.icc(), dpi=(300, 300), pnginfo=about)
    return pictures.insert_chunk(data, b"tEXt", b"Author\0somebody", before=b"IEND")


def filtered(mode, width=61, height=37):
    """Write a PNG whose rows have all five filters, as the reader of Pillow understands them."""
    return pictures.as_png(pictures.make(width, height, mode), compress_level=9)


PIXELS = {
    **{f"{mode}.png": filtered(mode) for mode in ("L", "LA", "RGB", "RGBA")},
    "one-pixel.png": pictures.as_png(pictures.make(1, 1)),
    "one-column.png": pictures.as_png(pictures.make(1, 70_001, "L")),
    "many-buckets.png": pictures.as_png(pictures.make(700, 500, "RGBA")),
    "two-bytes.png": pictures.as_png(pictures.make(401, 367, "LA")),
    "interlaced.png": pictures.interlaced_png(pictures.make(61, 37)),
    "chunks.png": with_chunks(pictures.make()),
    "two-idat.png": pictures.as_png(pictures.make(600, 400)),
}
"""PNG files that are taken as pixels."""

FILES = {
    "photo.jpg": pictures.sample("rocket.jpg"),
    "gray.jpg": pictures.as_jpeg(pictures.make(mode="L")),
    "cmyk.jpg": pictures.cmyk(),
    "progressive.jpg": pictures.as_jpeg(pictures.make(), progressive=True),
    "deep.jpg": other_pictures.deep_jpeg(),
    "color.bmp": pictures.as_bmp(pictures.make()),
    "gray.bmp": pictures.as_bmp(pictures.make(mode="L")),
    "palette.bmp": pictures.as_bmp(pictures.make().quantize(16)),
    "alpha.bmp": pictures.as_bmp(pictures.make(mode="RGBA")),
    "long.bmp": pictures.long_bmp(124),
    "around.bmp": other_pictures.bmp_around(pictures.as_jpeg(pictures.make()), 4),
    **{f"{mode}.tif": pictures.as_tiff(pictures.make(mode=mode)) for mode in ("L", "LA", "RGB", "RGBA", "CMYK")},
    "I16.tif": pictures.as_tiff(pictures.make(mode="I;16")),
    "packed.tif": pictures.as_tiff(pictures.make(), compression="tiff_adobe_deflate"),
    "black.tif": pictures.as_tiff(pictures.make(mode="L").convert("1")),
    "mm.tif": pictures.gray_tiff(">"),
    "big-ii.tif": other_pictures.big_tiff("<"),
    "big-mm.tif": other_pictures.big_tiff(),
    "tiles.tif": other_pictures.tiles_as_strips(),
    "photo.webp": pictures.as_webp(pictures.make()),
    "lossless.webp": pictures.as_webp(pictures.make(mode="RGBA"), lossless=True),
    "animated.webp": pictures.animated("WEBP"),
    "animated.png": pictures.animated(),
    "palette.png": pictures.palette(),
    "gray16.png": pictures.gray16_png(),
    "rgb16.png": pictures.rgb16_png(),
    "behind.png": pictures.as_png(pictures.make()) + b"more",
    "private.png": pictures.insert_chunk(pictures.as_png(pictures.make()), b"prVt", b"x"),
    **{f"{name.replace(' ', '-')}.other": data for name, (data, *_) in other_pictures.OTHERS.items()},
}
"""Files that are kept byte for byte."""

OF_DECODER = {
    f"{name}.other"
    for name in (
        *("bmp-with-bit-fields", "bmp-of-4-bits-and-gray", "bmp-with-runs-that-end-early"),
        *("tiff-of-14-bits", "tiff-of-10-bits"),
    )
}
"""Files that the core calls OTHER because its decoder does not open them; the client goes by their structure alone."""

REGIONS = [{"x": 40, "y": 0, "width": 30, "height": 70}, {"x": 10, "y": 20, "width": 50, "height": 40}]
PARTLY = {f"partly-{mode}.png": pictures.as_png(pictures.make(120, 90, mode)) for mode in ("L", "LA", "RGB", "RGBA")}
KDFS: dict[str, dict[str, Any]] = {"default.png": {}, "cheap.png": {"kdf": CHEAP}, "fips.png": {"kdf": FIPS}}
OUTSIDE = [{"x": 1, "y": 0, "width": 120, "height": 9}]
REFUSED = {
    "text.txt": (b"no picture", {}, "unsupported-format"),
    "empty.png": (b"", {}, "image-empty"),
    "key.qkey": (b'{\n  "format": "imageshield-key-file"', {}, "unsupported-format"),
    "exact.jpg": (pictures.sample("rocket.jpg"), {"layout": "pixels"}, "layout-not-exact"),
    "partly.jpg": (pictures.sample("rocket.jpg"), {"regions": REGIONS}, "layout-not-exact"),
    "outside.png": (
        PARTLY["partly-L.png"],
        {"regions": OUTSIDE},
        "region-invalid",
    ),
    "as-file.png": (PARTLY["partly-L.png"], {"regions": REGIONS, "layout": "file"}, "region-invalid"),
    "half.png": (pictures.half_a_png(np.array(pictures.make())), {}, "image-corrupt"),
    "both.png": (PARTLY["partly-L.png"], {"passphrase": "short"}, "validation-failed"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Encrypt every picture with the client, in one process of Node."""
    folder = tmp_path_factory.mktemp("made")
    named = {"fileName": None, "jobId": JOB, "recipients": [ADA.public.text]}
    jobs = [named | {"file": name, "fileName": name} for name in PIXELS | FILES]
    jobs += [named | {"file": name, "regions": REGIONS, "keyId": KEY_ID, "serverBytes": "80" * 32} for name in PARTLY]
    jobs += [{"file": name, "passphrase": PASSWORD} | options for name, options in KDFS.items()]
    jobs += [named | {"file": name} | options for name, (_, options, _) in REFUSED.items()]
    files = (
        PIXELS
        | FILES
        | PARTLY
        | dict.fromkeys(KDFS, PIXELS["RGB.png"])
        | {name: data for name, (data, *_) in REFUSED.items()}
    )
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "jobs.json").write_text(json.dumps(jobs))
    _run_program(folder)
    return folder


def _run_program(folder: Path) -> None:
    node = shutil.which("node")
    if node is None or not BUNDLER.exists():
        why = "Node, or the packages that `npm ci` installs, are missing"
        if os.environ.get("REQUIRE_CONSOLE") == "1":
            pytest.fail(why)
        pytest.skip(why)
    _run(BUNDLER, PROGRAM, "--format", "esm", "--platform", "node", "--file", folder / "program.mjs")
    _run(node, folder / "program.mjs", folder)


def _run(*command: str | Path) -> None:
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def shell(made, tmp_path, capsys, monkeypatch):
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.write("ada.key", f"{ADA.text}\n".encode())
    shell.write("typed", f"{PASSWORD}\n".encode())
    return shell


def decrypt(shell, made, name, *secret):
    """Decrypt with the command line; return the file, and what it says."""
    image, key = made / f"{name}.enc.png", made / f"{name}.qkey"
    told = shell.json("decrypt", image, "--key", key, "-o", "back", *(secret or ("--identity", "ada.key")))
    return shell.read("back"), told


def result(made, name):
    return json.loads((made / "results.json").read_text())[name]


def open_made(made, name):
    """Return header and metadata of an image."""
    parsed = png.read((made / f"{name}.enc.png").read_bytes())
    key_file = keyfile.parse((made / f"{name}.qkey").read_bytes())
    keys = schedule.derive(keyfile.unlock(key_file, [RecipientOpen(ADA)]), key_file.nonce)
    return parsed.header, read_metadata(parsed.header, key_file, keys)


class TestPixels:
    @pytest.mark.parametrize("name", PIXELS)
    def test_command_line_restores_every_pixel(self, made, shell, name):
        assert result(made, name)["layout"] == "pixels"
        back, _ = decrypt(shell, made, name)
        assert np.array_equal(pictures.pixels(back), pictures.pixels(PIXELS[name]))
        assert Image.open(io.BytesIO(back)).mode == Image.open(io.BytesIO(PIXELS[name])).mode

    def test_other_chunks_come_back_unchanged(self, made, shell):
        back, _ = decrypt(shell, made, "chunks.png")
        kept = [[one for one in pictures.chunks_of(data) if one[0] != b"IDAT"] for data in (back, PIXELS["chunks.png"])]
        assert kept[0] == kept[1]

    @pytest.mark.parametrize("name", PARTLY)
    def test_regions_are_restored(self, made, shell, name):
        back, _ = decrypt(shell, made, name)
        before, after = pictures.pixels(PARTLY[name]), pictures.pixels((made / f"{name}.enc.png").read_bytes())
        assert np.array_equal(pictures.pixels(back), before)
        inside = np.zeros((90, 120), bool)
        inside[20:60, 10:60] = inside[0:70, 40:70] = True
        assert np.array_equal(before[~inside], after[~inside])
        assert (before[inside] == after[inside]).mean() < 0.02


class TestFiles:
    @pytest.mark.parametrize("name", FILES)
    def test_command_line_restores_every_byte(self, made, shell, name):
        assert result(made, name)["layout"] == "file"
        back, told = decrypt(shell, made, name)
        assert back == FILES[name]
        assert told["warnings"] == []

    @pytest.mark.parametrize("name", [name for name in FILES if name not in OF_DECODER])
    def test_source_is_described_as_core_does(self, made, name):
        header, metadata = open_made(made, name)
        content = payload.build(FILES[name], intake.examine(FILES[name]), layout=Layout.FILE, file_name=name)
        assert metadata["source"] == content.metadata["source"]
        assert metadata["original_sha256"] == content.metadata["original_sha256"]
        assert header.version == content.version


class TestKeys:
    @pytest.mark.parametrize("name", KDFS)
    def test_password_opens(self, made, shell, name):
        back, _ = decrypt(shell, made, name, "--password-file", "typed")
        assert np.array_equal(pictures.pixels(back), pictures.pixels(PIXELS["RGB.png"]))

    def test_default_cost_is_that_of_core(self, made):
        key_file = keyfile.parse((made / "default.png.qkey").read_bytes())
        kdf = keyfile.passphrase_kdf(key_file)
        assert kdf.to_json() == type(kdf)(kdf.salt).to_json()

    def test_key_ids_are_new_and_of_version_7(self, made):
        ids = {keyfile.parse((made / f"{name}.qkey").read_bytes()).key_id for name in PIXELS}
        assert len(ids) == len(PIXELS)
        assert {one.version for one in ids} == {7}

    def test_reserved_ids_are_bound(self, made):
        header, metadata = open_made(made, "partly-RGB.png")
        assert header.key_id.hex == KEY_ID
        assert metadata["job_id"] == JOB


class TestStatement:
    def statement(self, made, name):
        data = (made / f"{name}.statement").read_bytes()
        value = canonical.loads(data)
        assert (
            hashlib.sha256(data).hexdigest()
            == result(made, name)["digest"]
            == open_made(made, name)[1]["statement_sha256"]
        )
        return value

    def test_has_the_keys_of_version_1(self, made):
        source = OsSource()
        about = keygen.draw_file_key(
            source, job_id=JOB, key_id=open_made(made, "L.png")[0].key_id, requested="balanced", served="balanced"
        )
        core, client = about.statement, self.statement(made, "L.png")
        assert client.keys() == core.keys()
        for key in ("source", "raw", "system", "conditioning"):
            assert client[key].keys() == core[key].keys()
        assert (client["version"], client["conditioning"]) == (2, core["conditioning"])

    def test_credits_the_server_with_nothing(self, made):
        raw = self.statement(made, "partly-L.png")["raw"]
        assert (raw["bits"], raw["credited_bits"]) == (256, 0)
        assert self.statement(made, "L.png")["raw"]["bits"] == 0

    def test_times_are_moments_in_order(self, made):
        value = self.statement(made, "RGB.png")
        started, finished = (datetime.fromisoformat(value[key]) for key in ("started_at", "finished_at"))
        assert started <= finished


class TestRefusals:
    @pytest.mark.parametrize("name", REFUSED)
    def test_code_is_that_of_the_service(self, made, name):
        assert result(made, name).get("code") == REFUSED[name][2]
        assert not (made / f"{name}.enc.png").exists()
