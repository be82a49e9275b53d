"""The purities `multistage` and `maximum` on the command line, and the material file."""

import errno
import hashlib

import numpy as np
import pytest

import imageshield.terminal.outputs
from imageshield.terminal.failures import of_writing
from shield_core.errors import SourceFailed
from shield_core.quantum.aer import AerSource
from tests.cli.test_files import Shell
from tests.support import pictures

OPEN = ("--password-file", "password")
FOUR = ["password", "photo.enc.png", "photo.enc.qkey", "photo.enc.qmat", "photo.png"]


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    return Shell(tmp_path, capsys, monkeypatch)


@pytest.fixture
def maximum(shell):
    shell.encrypt("photo.png", "--purity", "maximum")
    return shell


def same_pixels(shell, name="back.png"):
    return np.array_equal(pictures.pixels(shell.read(name)), pictures.pixels(shell.read("photo.png")))


class TestEncrypt:
    def test_maximum_writes_its_material_beside_the_others(self, maximum):
        assert maximum.files() == FOUR
        assert "photo.enc.qmat" in maximum.out
        assert "does not open without" in maximum.out

    def test_multistage_writes_no_file_of_its_own(self, shell):
        shell.encrypt("photo.png", "--purity", "multistage")
        assert shell.files() == ["password", "photo.enc.png", "photo.enc.qkey", "photo.png"]

    @pytest.mark.parametrize(("purity", "material"), [("multistage", None), ("maximum", "photo.enc.qmat")])
    def test_prints_json(self, shell, purity, material):
        shell.write("photo.png", pictures.as_png(pictures.make()))
        result = shell.json("encrypt", "photo.png", "--plain-key", "--purity", purity)
        assert result["material"] == material
        assert result["quantum_purity"] == {"requested": purity, "served": purity, "reason": None}
        assert result["statement"]["conditioning"]["seed_bits"] == 1024

    def test_material_follows_the_name_of_the_image(self, shell):
        shell.encrypt("photo.png", "--purity", "maximum", "-o", "other.png")
        assert shell.files() == ["other.png", "other.qkey", "other.qmat", "password", "photo.png"]

    def test_replaces_no_material_without_force(self, shell):
        shell.write("photo.enc.qmat", b"old")
        shell.encrypt("photo.png", "--purity", "maximum", expect=1)
        assert shell.files() == ["password", "photo.enc.qmat", "photo.png"]
        assert shell.read("photo.enc.qmat") == b"old"
        shell.encrypt("photo.png", "--purity", "maximum", "--force")
        assert shell.read("photo.enc.qmat").startswith(b"QSMT\x01")

    def test_other_purities_leave_a_material_alone(self, shell):
        shell.write("photo.enc.qmat", b"old")
        shell.encrypt("photo.png", "--force")
        assert shell.read("photo.enc.qmat") == b"old"

    @pytest.mark.parametrize("arguments", [("-o", "x.qmat"), ("--key-out", "photo.enc.qmat")])
    def test_same_name_for_two_files_is_refused(self, shell, arguments):
        shell.encrypt("photo.png", "--purity", "maximum", *arguments, expect=2)
        assert shell.files() == ["password", "photo.png"]

    def test_full_disk_leaves_nothing(self, shell, monkeypatch):
        write = imageshield.terminal.outputs.Outputs.write

        def full(outputs, target, data, **options):
            if target.suffix == ".qmat":
                raise of_writing(OSError(errno.ENOSPC, "No space left on device"), target)
            write(outputs, target, data, **options)

        monkeypatch.setattr(imageshield.terminal.outputs.Outputs, "write", full)
        shell.encrypt("photo.png", "--purity", "maximum", expect=1)
        assert shell.files() == ["password", "photo.png"]

    def test_failing_source_makes_no_material(self, shell, monkeypatch):
        def fail(self, n_bits):
            raise SourceFailed("the simulator is gone")

        monkeypatch.setattr(AerSource, "measure", fail)
        shell.encrypt("photo.png", "--purity", "maximum")
        assert shell.files() == ["password", "photo.enc.png", "photo.enc.qkey", "photo.png"]
        assert "warning: degraded" in shell.err
        assert "so this is balanced" in shell.err
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", *OPEN, "-o", "back.png")
        assert same_pixels(shell)


class TestDecrypt:
    @pytest.mark.parametrize("purity", ["multistage", "maximum"])
    def test_finds_what_it_needs_beside_the_image(self, shell, purity):
        shell.encrypt("photo.png", "--purity", purity)
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", *OPEN, "-o", "back.png")
        assert same_pixels(shell)

    def test_takes_the_named_material(self, maximum):
        (maximum.directory / "photo.enc.qmat").rename(maximum.directory / "elsewhere")
        maximum(
            "decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--material", "elsewhere", *OPEN, "-o", "back.png"
        )
        assert same_pixels(maximum)

    def test_missing_material_reported_before_password_prompt(self, maximum):
        (maximum.directory / "photo.enc.qmat").unlink()
        error = maximum.json("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", expect=1)["error"]
        assert error["code"] == "material-required"
        assert "photo.enc.qmat is not there; --material names" in error["detail"]

    def test_named_material_is_missing(self, maximum):
        arguments = ("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--material", "nowhere", *OPEN)
        assert maximum.json(*arguments, expect=1)["error"]["code"] == "file-not-found"

    @pytest.mark.parametrize("spoil", ["flipped", "cut", "longer", "other", "empty"])
    def test_other_material_is_refused_like_any_change(self, maximum, spoil):
        data = maximum.read("photo.enc.qmat")
        changed = {
            "flipped": data[:-1] + bytes([data[-1] ^ 1]),
            "cut": data[:-1],
            "longer": data + b"\0",
            "other": b"QSMT\x01" + bytes(16) + data[21:],
            "empty": b"",
        }[spoil]
        maximum.write("photo.enc.qmat", changed)
        arguments = ("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", *OPEN, "-o", "back.png")
        error = maximum.json(*arguments, expect=3)["error"]
        assert (error["code"], error["rung"]) == ("decryption-failed", "mac")
        assert "back.png" not in maximum.files()

    def test_never_overwrites_the_material(self, maximum):
        before = maximum.read("photo.enc.qmat")
        arguments = ("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "photo.enc.qmat", "--force")
        maximum(*arguments, expect=2)
        assert maximum.read("photo.enc.qmat") == before

    def test_endless_material_is_not_read(self, maximum):
        arguments = ("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--material", "/dev/zero", *OPEN)
        assert maximum.json(*arguments, expect=1)["error"]["code"] == "file-too-large"

    def test_other_images_do_not_look_for_material(self, shell):
        shell.encrypt()
        shell.write("photo.enc.qmat", b"anything")
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", *OPEN, "-o", "back.png")
        assert same_pixels(shell)

    def test_original_picture_is_refused(self, shell):
        shell.encrypt()
        arguments = ("decrypt", "photo.png", "--key", "photo.enc.qkey", *OPEN, "-o", "back.png")
        assert shell.json(*arguments, expect=1)["error"]["code"] == "header-missing"


class TestInspect:
    def test_shows_purity_and_material_of_an_image(self, maximum):
        seen = maximum.json("inspect", "photo.enc.png")
        assert (seen["purity"], seen["flags"], seen["sound"]) == ("maximum", 2, True)
        assert seen["material_sha256"] == hashlib.sha256(maximum.read("photo.enc.qmat")).hexdigest()

    def test_shows_a_material_file(self, maximum):
        seen = maximum.json("inspect", "photo.enc.qmat")
        image = maximum.json("inspect", "photo.enc.png")
        assert seen == {
            "file": "photo.enc.qmat",
            "kind": "material",
            "version": 1,
            "key_id": image["key_id"],
            "bytes": len(maximum.read("photo.enc.qmat")),
            "sha256": image["material_sha256"],
        }
        assert image["key_id"] in maximum("inspect", "photo.enc.qmat")

    @pytest.mark.parametrize("data", [b"QSMT", b"QSMT\x00" + bytes(100), b"QSMT\x01" + bytes(31)])
    def test_other_file_is_refused(self, shell, data):
        shell.write("x.qmat", data)
        assert shell.json("inspect", "x.qmat", expect=3)["error"]["rung"] == "header"

    def test_says_that_a_later_version_made_it(self, shell):
        shell.write("x.qmat", b"QSMT\x02" + bytes(100))
        assert shell.json("inspect", "x.qmat", expect=3)["error"]["code"] == "later-version"

    def test_shows_that_a_key_file_holds_material(self, shell):
        shell.encrypt("photo.png", "--purity", "multistage")
        seen = shell.json("inspect", "photo.enc.qkey")
        assert seen["purity"] == "multistage"
        assert seen["material_sha256"] == shell.json("inspect", "photo.enc.png")["material_sha256"]

    def test_other_key_files_show_none(self, shell):
        shell.encrypt()
        assert shell.json("inspect", "photo.enc.qkey")["material_sha256"] is None


class TestRewrap:
    def test_keeps_the_seeds_of_multistage(self, shell):
        shell.encrypt("photo.png", "--purity", "multistage")
        shell("rewrap", "photo.enc.qkey", "-o", "new.qkey", *OPEN, "--plain-key")
        shell("decrypt", "photo.enc.png", "--key", "new.qkey", "-o", "back.png")
        assert same_pixels(shell)
