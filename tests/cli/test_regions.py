"""Regions on the command line."""

import numpy as np
import pytest

from tests.cli.test_files import Shell
from tests.support import pictures

PICTURE = pictures.make(120, 90)
PNG = pictures.as_png(PICTURE)


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.write("photo.png", PNG)
    return shell


def encrypt(shell, *regions, name="photo.png", more=(), expect=0):
    options = [part for region in regions for part in ("--region", region)]
    return shell("encrypt", name, "--plain-key", *options, *more, expect=expect)


class TestEncrypt:
    def test_only_the_rectangles_are_encrypted(self, shell):
        """Pixels outside stay equal, and decryption restores the whole picture."""
        encrypt(shell, "10,20,50,40", "40,0,30,70")
        before, after = np.array(PICTURE), pictures.pixels(shell.read("photo.enc.png"))
        inside = np.zeros((90, 120), bool)
        inside[20:60, 10:60] = inside[0:70, 40:70] = True
        assert np.array_equal(before[~inside], after[~inside])
        assert (before[inside] == after[inside]).mean() < 0.02
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "back.png")
        assert np.array_equal(pictures.pixels(shell.read("back.png")), before)

    def test_says_how_much_is_encrypted(self, shell):
        out = encrypt(shell, "10,20,50,40", "40,0,30,70")
        assert "40,0,30,70  10,20,50,40" in out
        assert "3,300 of 10,800 pixels (30.56%); the others stay unencrypted" in out
        made = shell.json("encrypt", "photo.png", "--plain-key", "--force", "--region", "0,0,120,45")
        assert made["regions"] == [{"x": 0, "y": 0, "width": 120, "height": 45}]
        assert (made["encrypted_pixels"], made["share_encrypted"], made["layout"]) == (5400, 0.5, "pixels")

    def test_no_region_encrypts_everything(self, shell):
        """The output then does not mention regions."""
        assert "clear" not in encrypt(shell)
        made = shell.json("encrypt", "photo.png", "--plain-key", "--force")
        assert (made["regions"], made["encrypted_pixels"], made["share_encrypted"]) == ([], 10_800, 1.0)

    def test_a_jpeg_comes_back_as_a_png(self, shell):
        data = pictures.as_jpeg(PICTURE)
        shell.write("photo.jpg", data)
        assert "comes back as PNG" in encrypt(shell, "0,0,100,60", name="photo.jpg")
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "back.png")
        assert np.array_equal(pictures.pixels(shell.read("back.png")), pictures.pixels(data))

    def test_warns_of_small_region_and_of_orientation(self, shell):
        encrypt(shell, "0,0,100,60")
        assert "4,096" not in shell.err
        assert "as they are stored" not in shell.err
        shell.write("photo.png", pictures.with_exif(PICTURE, orientation=8))
        encrypt(shell, "0,0,10,10", more=["--force"])
        assert "fewer than 4,096 pixels" in shell.err
        assert "as they are stored" in shell.err


class TestRefusals:
    @pytest.mark.parametrize("text", ["1,2,3", "1,2,3,x", "-1,0,2,2", "1.5,0,2,2", "", "1,2,3,4,5"])
    def test_malformed_rectangle_is_wrong_usage(self, shell, text):
        encrypt(shell, text, expect=2)
        assert "X,Y,W,H" in shell.err

    def test_layout_file_is_wrong_usage(self, shell):
        encrypt(shell, "0,0,9,9", more=["--layout", "file"], expect=2)
        assert "whole file" in shell.err

    @pytest.mark.parametrize(
        ("regions", "told"),
        [
            (["100,0,21,1"], "100,0,21,1 reaches outside the picture of 120 by 90 pixels"),
            (["0,0,0,5"], "0,0,0,5 is empty"),
            (["1,1,2,2", "1,1,2,2"], "1,1,2,2 is given twice"),
            ([f"{i},{i},1,1" for i in range(65)], "more than 64"),
        ],
    )
    def test_wrong_region_reported_before_password_prompt(self, shell, regions, told):
        options = [part for region in regions for part in ("--region", region)]
        error = shell.json("encrypt", "photo.png", *options, expect=1)["error"]
        assert error["code"] == "region-invalid"
        assert told in error["detail"]
        assert shell.files() == ["password", "photo.png"]

    def test_picture_with_lossy_pixels(self, shell):
        shell.write("photo.png", pictures.palette())
        error = shell.json("encrypt", "photo.png", "--region", "0,0,9,9", expect=1)["error"]
        assert error["code"] == "layout-not-exact"


class TestInspect:
    def test_lists_them_without_a_key(self, shell):
        encrypt(shell, "10,20,50,40", "40,0,30,70")
        seen = shell.json("inspect", "photo.enc.png")
        assert [list(region.values()) for region in seen["regions"]] == [[40, 0, 30, 70], [10, 20, 50, 40]]
        assert seen["flags"] & 1
        assert "40,0,30,70  10,20,50,40" in shell("inspect", "photo.enc.png")

    def test_no_regions_print_no_line(self, shell):
        encrypt(shell)
        assert shell.json("inspect", "photo.enc.png")["regions"] == []
        assert "regions" not in shell("inspect", "photo.enc.png")


class TestDecrypt:
    def test_edit_outside_the_regions_fails(self, shell):
        """Pixels that are not encrypted are authenticated, too."""
        from shield_core.encrypted import png

        encrypt(shell, "10,20,50,40")
        parsed = png.read(shell.read("photo.enc.png"))
        parsed.samples[-1, 0] ^= 1
        shell.write("edited.png", bytes(png.write(parsed.header, parsed.tag, parsed.samples)))
        error = shell.json("decrypt", "edited.png", "--key", "photo.enc.qkey", "-o", "back.png", expect=3)["error"]
        assert (error["code"], error["rung"]) == ("decryption-failed", "mac")
        assert "back.png" not in shell.files()
