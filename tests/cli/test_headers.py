"""`header`, and `decrypt --header` for pictures that another program has saved again."""

import io

import numpy as np
import pytest
from PIL import Image

from shield_core.encrypted import png
from tests.cli.test_files import Shell
from tests.support import pictures

OPEN = ("--key", "photo.enc.qkey", "--password-file", "password", "-o", "back.png")
DETACHED = ("decrypt", "again.png", "--header", "photo.enc.qhdr", *OPEN)


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.fixture
def saved(shell):
    """An encrypted image, its header, and the picture as Pillow saves it again."""
    shell.encrypt()
    shell("header", "photo.enc.png", "-q")
    shell.write("again.png", saved_again(shell))
    return shell


def saved_again(shell, name="photo.enc.png"):
    with Image.open(io.BytesIO(shell.read(name))) as image:
        return pictures.as_png(image, compress_level=9)


def same_pixels(shell):
    return np.array_equal(pictures.pixels(shell.read("back.png")), pictures.pixels(shell.read("photo.png")))


class TestHeader:
    def test_writes_the_data_of_the_chunk_beside_the_image(self, shell):
        shell.encrypt()
        shell("header", "photo.enc.png")
        assert "photo.enc.qhdr" in shell.out
        assert shell.read("photo.enc.qhdr") == bytes(png.find(shell.read("photo.enc.png")))

    def test_prints_json(self, shell):
        shell.encrypt()
        made = shell.json("header", "photo.enc.png", "-o", "other")
        assert made == {
            "header": "other",
            "key_id": shell.json("inspect", "photo.enc.png")["key_id"],
            "bytes": len(shell.read("other")),
        }

    def test_of_an_image_that_was_compressed_again(self, saved):
        """Some optimizers keep the chunk; what they leave is refused without `--header`."""
        own = pictures.insert_chunk(saved.read("again.png"), png.CHUNK_TYPE, saved.read("photo.enc.qhdr"))
        saved.write("optimized.png", own)
        saved("decrypt", "optimized.png", *OPEN, expect=3)
        saved("header", "optimized.png")
        assert saved.read("optimized.qhdr") == saved.read("photo.enc.qhdr")
        saved("decrypt", "optimized.png", "--header", "optimized.qhdr", *OPEN)
        assert same_pixels(saved)

    def test_replaces_no_file_without_force(self, saved):
        saved("header", "photo.enc.png", expect=1)
        saved("header", "photo.enc.png", "--force")
        saved("header", "photo.enc.png", "-o", "photo.enc.png", "--force", expect=2)

    def test_of_standard_input_needs_a_name(self, shell, monkeypatch):
        shell("header", "-", expect=2)
        assert "-o names the header file" in shell.err

    @pytest.mark.parametrize(
        ("name", "code"),
        [("again.png", "header-missing"), ("photo.enc.qkey", "unsupported-format"), ("missing.png", "file-not-found")],
    )
    def test_of_other_files_says_why_not(self, saved, name, code):
        assert saved.json("header", name, "-o", "new", expect=1)["error"]["code"] == code
        assert "new" not in saved.files()

    def test_of_a_damaged_header_is_not_called_a_wrong_key(self, shell):
        shell.encrypt()
        changed = bytearray(shell.read("photo.enc.png"))
        changed[changed.index(b"QSIS") + 4] = 0
        shell.write("changed.png", bytes(changed))
        error = shell.json("header", "changed.png", expect=3)["error"]
        assert error["title"] == "The file is not as it was written"


class TestDecrypt:
    def test_opens_what_was_saved_again(self, saved):
        refused = saved.json("decrypt", "again.png", *OPEN, expect=1)["error"]
        assert refused["code"] == "header-missing"
        assert "--header" in refused["detail"]
        saved(*DETACHED)
        assert same_pixels(saved)

    def test_finds_the_material_of_maximum(self, shell):
        shell.encrypt("photo.png", "--purity", "maximum")
        shell("header", "photo.enc.png")
        shell.write("again.png", saved_again(shell))
        assert shell.json(*DETACHED, expect=1)["error"]["code"] == "material-required"
        shell(*DETACHED, "--material", "photo.enc.qmat")
        assert same_pixels(shell)

    def test_of_a_region_opens_too(self, shell):
        shell.encrypt("photo.png", "--region", "5,5,30,20")
        shell("header", "photo.enc.png")
        shell.write("again.png", saved_again(shell))
        shell(*DETACHED)
        assert same_pixels(shell)

    def test_a_changed_sample_is_a_wrong_key(self, saved):
        with Image.open(io.BytesIO(saved.read("again.png"))) as image:
            image.putpixel((0, 0), (0, 0, 0))
            saved.write("again.png", pictures.as_png(image))
        error = saved.json(*DETACHED, expect=3)["error"]
        assert (error["code"], error["rung"]) == ("decryption-failed", "mac")

    def test_a_converted_picture_has_its_own_code(self, saved):
        for data in (pictures.as_png(pictures.make(63, 48)), pictures.as_jpeg(pictures.make())):
            saved.write("again.png", data)
            assert saved.json(*DETACHED, expect=1)["error"]["code"] == "picture-converted"

    @pytest.mark.parametrize("name", ["photo.enc.png", "photo.enc.qkey"])
    def test_another_file_is_no_header(self, saved, name):
        error = saved.json("decrypt", "again.png", "--header", name, *OPEN, expect=1)["error"]
        assert error["code"] == "validation-failed"
        assert f"{name} is a" in error["detail"]

    def test_a_damaged_header_is_refused(self, saved):
        saved.write("photo.enc.qhdr", saved.read("photo.enc.qhdr")[:-1])
        assert saved.json(*DETACHED, expect=3)["error"]["rung"] == "header"

    def test_never_overwrites_the_header(self, saved):
        saved(*DETACHED[:-1], "photo.enc.qhdr", "--force", expect=2)
