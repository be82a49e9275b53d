"""`encrypt`, `decrypt` and `inspect` on local files."""

import errno
import fcntl
import hashlib
import io
import json
import os
import pty
import signal
import stat
import subprocess
import sys
import termios
import threading
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import imageshield.terminal.outputs
import shield_core.pipeline
from imageshield.__main__ import run
from shield_core.errors import SourceFailed
from shield_core.quantum.aer import AerSource
from tests.support import pictures

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery staple"
BAD_PICTURES = {
    "image-empty": b"",
    "unsupported-format": b"not a picture at all",
    "image-corrupt": pictures.as_png(pictures.make())[:-40],
    "too-many-pixels": pictures.png(pictures.ihdr(30_000, 30_000), pictures.chunk(b"IEND")),
    "layout-not-exact": pictures.palette(),
}


def decryption(password_file):
    opening = ["--key", "photo.enc.qkey", "--password-file", password_file]
    return ["decrypt", "photo.enc.png", *opening, "-o", "back.png"]


class Shell:
    """Runs commands in a temporary directory, without a terminal, as a script does."""

    def __init__(self, directory, capsys, monkeypatch):
        self.directory = directory
        self.capsys = capsys
        monkeypatch.chdir(directory)
        monkeypatch.setattr(sys, "stdin", io.StringIO())
        (directory / "password").write_text(PASSWORD + "\n")

    def __call__(self, *arguments, expect=0):
        code = run([str(argument) for argument in arguments])
        self.out, self.err = self.capsys.readouterr()
        assert code == expect, self.err
        assert PASSWORD not in self.out + self.err
        return self.out

    def json(self, *arguments, expect=0):
        return json.loads(self(*arguments, "--json", expect=expect))

    def encrypt(self, name="photo.png", *arguments, data=None, expect=0):
        self.write(name, pictures.as_png(pictures.make()) if data is None else data)
        return self("encrypt", name, "--password-file", "password", *arguments, expect=expect)

    def write(self, name, data):
        (self.directory / name).write_bytes(data)

    def read(self, name):
        return (self.directory / name).read_bytes()

    def mode(self, name):
        return stat.S_IMODE((self.directory / name).stat().st_mode)

    def files(self):
        return sorted(path.name for path in self.directory.iterdir())


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    return Shell(tmp_path, capsys, monkeypatch)


def child(*arguments, **options):
    """Start the command line in a separate process."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-m", "imageshield", *map(str, arguments)], env=environment, **options)


class TestEncrypt:
    def test_writes_noise_and_key_file_beside_the_original(self, shell):
        shell.encrypt()
        assert shell.files() == ["password", "photo.enc.png", "photo.enc.qkey", "photo.png"]
        noise, original = pictures.pixels(shell.read("photo.enc.png")), pictures.pixels(shell.read("photo.png"))
        assert noise.shape == original.shape
        assert (noise == original).mean() < 0.01

    def test_result_on_stdout_and_stages_on_stderr(self, shell):
        shell.encrypt()
        assert "photo.enc.png" in shell.out
        assert "photo.enc.qkey" in shell.out
        assert "%" not in shell.out
        assert [line for line in shell.err.splitlines() if "encrypting" in line]

    def test_prints_json(self, shell):
        shell.write("photo.jpg", pictures.as_jpeg(pictures.make()) + b"behind")
        result = shell.json("encrypt", "photo.jpg", "--plain-key")
        assert result["encrypted_image"] == "photo.enc.png"
        assert result["key_file"] == "photo.enc.qkey"
        known = {"format": "JPEG", "media_type": "image/jpeg", "mode": "RGB", "width": 64, "height": 48, "frames": 1}
        assert result["image"] == known
        assert (result["layout"], result["warnings"], result["key_custody"]) == ("file", ["trailing-data"], "plain")
        assert result["quantum_purity"]["served"] == "balanced"
        assert result["key_id"].startswith("key_")

    def test_keeps_the_key_file_to_its_owner(self, shell):
        shell.encrypt()
        assert shell.mode("photo.enc.qkey") == 0o600

    def test_names_the_key_file_after_the_encrypted_image(self, shell):
        shell.encrypt("photo.png", "-o", "other.png")
        assert {"other.png", "other.qkey"} < set(shell.files())

    def test_writes_to_the_given_names(self, shell):
        shell.encrypt("photo.png", "-o", "a.png", "--key-out", "b.key")
        assert {"a.png", "b.key"} < set(shell.files())

    def test_takes_the_purity_fast(self, shell):
        shell.write("photo.png", pictures.as_png(pictures.make()))
        result = shell.json("encrypt", "photo.png", "--plain-key", "--purity", "fast")
        assert result["quantum_purity"]["requested"] == result["quantum_purity"]["served"] == "fast"

    def test_takes_the_given_layout(self, shell):
        shell.write("photo.jpg", pictures.as_jpeg(pictures.make()))
        assert shell.json("encrypt", "photo.jpg", "--plain-key", "--layout", "pixels")["layout"] == "pixels"

    def test_warns_of_a_key_file_without_a_password(self, shell):
        shell.write("photo.png", pictures.as_png(pictures.make()))
        shell("encrypt", "photo.png", "--plain-key")
        assert "warning" in shell.err
        assert "holds the key unprotected" in shell.err

    @pytest.mark.parametrize("taken", ["photo.enc.png", "photo.enc.qkey"])
    def test_replaces_nothing(self, shell, taken):
        shell.write(taken, b"precious")
        shell.encrypt(expect=1)
        assert shell.read(taken) == b"precious"
        assert shell.files() == sorted(["password", "photo.png", taken])

    def test_replaces_with_force(self, shell):
        shell.write("photo.enc.png", b"old")
        shell.write("photo.enc.qkey", b"old")
        shell.encrypt("photo.png", "--force")
        assert shell.files() == ["password", "photo.enc.png", "photo.enc.qkey", "photo.png"]
        assert shell.read("photo.enc.qkey") != b"old"
        assert shell.mode("photo.enc.qkey") == 0o600

    @pytest.mark.parametrize(
        "arguments",
        [
            ("-o", "photo.png", "--force"),
            ("--key-out", "photo.png", "--force"),
            ("-o", "same", "--key-out", "./same"),
            ("--password-fd", "0"),
            ("--plain-key",),
            ("--purity", "highest"),
            ("--layout", "other"),
            ("--password", PASSWORD[:3]),
        ],
    )
    def test_contradicting_options_refused(self, shell, arguments):
        before = pictures.as_png(pictures.make())
        shell.encrypt("photo.png", *arguments, expect=2)
        assert shell.read("photo.png") == before
        assert shell.files() == ["password", "photo.png"]

    @pytest.mark.parametrize("code", sorted(BAD_PICTURES))
    def test_refuses_a_bad_picture_and_leaves_nothing(self, shell, code):
        shell.write("photo.png", BAD_PICTURES[code])
        error = shell.json("encrypt", "photo.png", "--password-file", "password", "--layout", "pixels", expect=1)[
            "error"
        ]
        assert error["code"] == code
        assert set(error) == {"code", "title", "detail"}
        assert shell.files() == ["password", "photo.png"]

    def test_failure_is_one_line(self, shell):
        shell.encrypt("photo.png", data=b"", expect=1)
        assert shell.err == "imageshield: The image is empty: the file has no bytes\n"
        assert shell.out == ""

    def test_refuses_a_large_file_without_reading_it(self, shell):
        with (shell.directory / "large.png").open("wb") as file:
            file.truncate(1 << 40)
        assert shell.json("encrypt", "large.png", "--plain-key", expect=1)["error"]["code"] == "file-too-large"

    @pytest.mark.parametrize(
        ("name", "code"),
        [
            ("missing.png", "file-not-found"),
            (".", "file-unreadable"),
            ("..", "file-unreadable"),
            ("/", "file-unreadable"),
        ],
    )
    def test_unreadable_file_refused(self, shell, name, code):
        assert shell.json("encrypt", name, "--plain-key", expect=1)["error"]["code"] == code

    def test_writes_through_a_link_with_force(self, shell):
        shell.write("real.png", b"old")
        (shell.directory / "link.png").symlink_to("real.png")
        shell.encrypt("photo.png", "-o", "link.png", expect=1)
        shell.encrypt("photo.png", "-o", "link.png", "--force")
        assert (shell.directory / "link.png").is_symlink()
        assert shell.read("real.png").startswith(b"\x89PNG")

    @pytest.mark.parametrize("out", ["missing/x.png", "directory", "pipe", "/dev/null"])
    def test_unwritable_place_refused(self, shell, out):
        (shell.directory / "directory").mkdir()
        os.mkfifo(shell.directory / "pipe")
        shell.write("photo.png", pictures.as_png(pictures.make()))
        error = shell.json("encrypt", "photo.png", "--plain-key", "-o", out, "--force", expect=1)["error"]
        assert error["code"] == "file-unwritable"

    def test_line_end_in_a_name_is_replaced(self, shell):
        shell("encrypt", "a\nb.png", "--plain-key", expect=1)
        assert len(shell.err.splitlines()) == 1


class TestAtomicOutputs:
    """Encrypted image and key file appear together or not at all."""

    @pytest.mark.parametrize("failing", [1, 2])
    def test_a_full_disk_leaves_nothing(self, shell, monkeypatch, failing):
        calls = 0

        def write(descriptor, data):
            nonlocal calls
            calls += 1
            if calls == failing:
                os.pwrite(descriptor, data[:10], 0)
                raise OSError(errno.ENOSPC, "No space left on device")
            return real(descriptor, data)

        real = os.write
        monkeypatch.setattr(imageshield.terminal.outputs.os, "write", write)
        shell.encrypt(expect=1)
        assert shell.files() == ["password", "photo.png"]

    def test_failed_second_rename_restores_both_old_files(self, shell, monkeypatch):
        shell.write("photo.enc.png", b"old picture")
        shell.write("photo.enc.qkey", b"old key")
        real = Path.replace

        def replace(self, target):
            if Path(target).name == "photo.enc.png" and self.suffix == ".part":
                raise OSError(errno.EIO, "Input/output error")
            return real(self, target)

        monkeypatch.setattr(Path, "replace", replace)
        shell.encrypt("photo.png", "--force", expect=1)
        assert (shell.read("photo.enc.png"), shell.read("photo.enc.qkey")) == (b"old picture", b"old key")
        assert shell.files() == ["password", "photo.enc.png", "photo.enc.qkey", "photo.png"]

    def test_file_that_appears_meanwhile_is_kept(self, shell, monkeypatch):
        real = imageshield.terminal.outputs.Outputs._publish

        def publish(self):
            shell.write("photo.enc.png", b"somebody else's")
            real(self)

        monkeypatch.setattr(imageshield.terminal.outputs.Outputs, "_publish", publish)
        shell.encrypt(expect=1)
        assert shell.read("photo.enc.png") == b"somebody else's"
        assert shell.files() == ["password", "photo.enc.png", "photo.png"]

    def test_file_system_without_links_works(self, shell, monkeypatch):
        def refuse(self, target):
            raise PermissionError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(Path, "hardlink_to", refuse)
        shell.encrypt()
        shell.encrypt(expect=1)
        shell.encrypt("photo.png", "--force")
        assert shell.files() == ["password", "photo.enc.png", "photo.enc.qkey", "photo.png"]

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal_leaves_nothing(self, tmp_path, number):
        (tmp_path / "photo.png").write_bytes(pictures.as_png(pictures.make(2000, 1500)))
        process = child("encrypt", "photo.png", "--plain-key", cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        assert "reading" in process.stderr.readline()
        process.send_signal(number)
        rest = process.communicate(timeout=60)[1]
        assert process.returncode == 130
        assert "interrupted" in rest
        assert "Traceback" not in rest
        assert [path.name for path in tmp_path.iterdir()] == ["photo.png"]


class TestPasswords:
    @pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
    def test_a_file_may_end_its_line(self, shell, end):
        shell.encrypt()
        shell.write("other", PASSWORD.encode() + end)
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--password-file", "other", "-o", "back.png")

    @pytest.mark.parametrize("end", [b"\n\n", b" ", b"\r", b"\x00"])
    def test_all_other_characters_count(self, shell, end):
        shell.encrypt()
        shell.write("other", PASSWORD.encode() + end)
        arguments = ("--key", "photo.enc.qkey", "--password-file", "other", "-o", "back.png")
        shell("decrypt", "photo.enc.png", *arguments, expect=3)

    def test_comes_through_a_descriptor(self, shell):
        shell.write("photo.png", pictures.as_png(pictures.make()))
        for command in (
            ("encrypt", "photo.png"),
            ("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "b.png"),
        ):
            reading, writing = os.pipe()
            os.write(writing, PASSWORD.encode() + b"\n")
            os.close(writing)
            shell(*command, "--password-fd", reading)
            os.close(reading)
        assert "b.png" in shell.files()

    def test_is_the_same_however_it_is_composed(self, shell):
        word = "sch\u00f6ner langer Satz"
        for form, name in (("NFD", "one"), ("NFC", "two")):
            shell.write(name, unicodedata.normalize(form, word).encode())
        shell.write("photo.png", pictures.as_png(pictures.make()))
        shell("encrypt", "photo.png", "--password-file", "one")
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--password-file", "two", "-o", "back.png")

    @pytest.mark.parametrize("password", [b"", b"eleven char", b"x" * 1025, b"\xff" * 20, b"x" * 1_000_000])
    def test_unacceptable_ones_are_refused_and_not_quoted(self, shell, password):
        shell.write("password", password)
        shell.encrypt(expect=1)
        assert shell.files() == ["password", "photo.png"]
        assert password.decode(errors="replace")[:20] not in shell.err or not password

    def test_that_cannot_be_read_are_an_error(self, shell):
        shell.write("photo.png", pictures.as_png(pictures.make()))
        shell("encrypt", "photo.png", "--password-file", "missing", expect=1)
        shell("encrypt", "photo.png", "--password-fd", "98", expect=1)

    @pytest.mark.parametrize("number", [98, 2**31 - 1, 2**31, 2**32, 2**63, 10**20])
    def test_closed_descriptor_is_one_line(self, shell, number):
        shell.encrypt()
        rewrap = ("rewrap", "photo.enc.qkey", "-o", "new.qkey", "--password-file", "password")
        for command in (
            ("encrypt", "photo.png", "-o", "x.png", "--password-fd", number),
            ("decrypt", "photo.enc.png", "-o", "x.png", "--password-fd", number),
            (*rewrap, "--new-password-fd", number),
        ):
            error = shell.json(*command, expect=1)["error"]
            assert error["code"] == "file-unreadable"
            assert shell.err.splitlines()[-1].endswith(f"file descriptor {number}: Bad file descriptor")

    def test_none_without_a_terminal_is_wrong_usage(self, shell):
        shell.write("photo.png", pictures.as_png(pictures.make()))
        assert shell.json("encrypt", "photo.png", expect=2)["error"]["code"] == "usage"
        assert shell.files() == ["password", "photo.png"]
        shell.encrypt()
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "back.png", expect=2)
        assert "password" in shell.err

    def test_are_asked_for_twice_on_a_terminal(self, tmp_path):
        (tmp_path / "photo.png").write_bytes(pictures.as_png(pictures.make()))
        screen = on_a_terminal(
            tmp_path, ["short", PASSWORD, "another one that differs", PASSWORD, PASSWORD], "encrypt", "photo.png"
        )
        assert "at least 12 bytes" in screen
        assert "not the same" in screen
        assert screen.count("The same again") == 2
        assert PASSWORD not in screen
        screen = on_a_terminal(
            tmp_path, [PASSWORD], "decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "back.png"
        )
        assert "The same again" not in screen
        assert np.array_equal(pictures.pixels((tmp_path / "back.png").read_bytes()), np.array(pictures.make()))


def on_a_terminal(directory, answers, *arguments):
    """Answer the questions of a command on a terminal; return its output."""
    ours, theirs = pty.openpty()

    def own_the_terminal():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = child(*arguments, cwd=directory, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=own_the_terminal)
    os.close(theirs)
    screen = b""
    with os.fdopen(ours, "r+b", buffering=0) as terminal:
        timer = threading.Timer(60, process.kill)
        timer.start()
        for answer in answers:
            screen += until(terminal, (b"Password: ", b"again: "))
            terminal.write(answer.encode() + b"\n")
        screen += until(terminal, ())
        timer.cancel()
    assert process.wait() == 0, screen
    return screen.decode()


def until(terminal, marks):
    read = b""
    while not read.endswith(marks):
        try:
            part = terminal.read(1)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        read += part
    return read


class TestDecrypt:
    def test_jpeg_returns_byte_identical_under_its_name(self, shell):
        data = pictures.as_jpeg(pictures.make())
        shell.encrypt("photo.jpg", data=data)
        (shell.directory / "photo.jpg").unlink()
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--password-file", "password")
        assert shell.read("photo.jpg") == data

    def test_finds_the_key_file_beside_the_image(self, shell):
        shell.encrypt("photo.png")
        shell("decrypt", "photo.enc.png", "--password-file", "password", "-o", "back.png")
        assert np.array_equal(pictures.pixels(shell.read("back.png")), np.array(pictures.make()))

    def test_gives_back_a_png_with_every_pixel(self, shell):
        shell.encrypt()
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--password-file", "password", "-o", "back.png")
        assert np.array_equal(pictures.pixels(shell.read("back.png")), np.array(pictures.make()))

    def test_writes_beside_the_encrypted_image(self, shell):
        """The current directory does not matter."""
        (shell.directory / "elsewhere").mkdir()
        shell.encrypt("photo.png", "-o", "elsewhere/x.png")
        shell("decrypt", "elsewhere/x.png", "--key", "elsewhere/x.qkey", "--password-file", "password")
        assert (shell.directory / "elsewhere" / "photo.png").is_file()

    @pytest.mark.parametrize("force", [(), ("--force",)])
    def test_name_from_the_image_never_replaces_a_file(self, shell, force):
        shell.encrypt()
        shell.write("photo.png", b"precious")
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "--password-file", "password", *force, expect=1)
        assert shell.read("photo.png") == b"precious"
        assert "-o" in shell.err

    def test_force_replaces_a_named_file(self, shell):
        shell.encrypt()
        shell.write("back.png", b"old")
        arguments = decryption(password_file="password")
        shell(*arguments, expect=1)
        assert shell.read("back.png") == b"old"
        shell(*arguments, "--force")
        assert shell.read("back.png") != b"old"

    def test_prints_json(self, shell):
        shell.write("photo.jpg", pictures.as_jpeg(pictures.make()))
        shell("encrypt", "photo.jpg", "--plain-key")
        result = shell.json("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "back.jpg")
        assert result["sha256"] == hashlib.sha256(shell.read("photo.jpg")).hexdigest()
        assert (result["file"], result["media_type"], result["layout"]) == ("back.jpg", "image/jpeg", "file")

    @pytest.fixture
    def pair(self, shell):
        shell.write("photo.png", pictures.as_png(pictures.make(24, 18)))
        shell("encrypt", "photo.png", "--plain-key")
        return shell.read("photo.enc.png"), shell.read("photo.enc.qkey")

    def refused(self, shell, expect, code, picture, key):
        shell.write("x.png", picture)
        shell.write("x.qkey", key)
        before = shell.files()
        error = shell.json("decrypt", "x.png", "--key", "x.qkey", "-o", "back.png", expect=expect)["error"]
        assert error["code"] == code
        assert shell.files() == before
        return error

    @pytest.mark.parametrize("at", [9, 30, 60, 100, 300, 700, -30, -1])
    def test_flipped_bit_of_the_picture_is_refused(self, shell, pair, at):
        changed = bytearray(pair[0])
        changed[at] ^= 1
        self.refused(shell, 3, "decryption-failed", bytes(changed), pair[1])

    @pytest.mark.parametrize("share", [0, 0.2, 0.4, 0.6, 0.8, 0.999])
    def test_flipped_bit_of_the_key_file_is_refused(self, shell, pair, share):
        changed = bytearray(pair[1])
        changed[int(share * len(changed))] ^= 1
        shell.write("x.qkey", bytes(changed))
        shell("decrypt", "photo.enc.png", "--key", "x.qkey", "-o", "back.png", expect=3)
        assert "back.png" not in shell.files()

    def test_the_key_file_of_another_picture_is_refused(self, shell, pair):
        shell.write("other.png", pictures.as_png(pictures.make(24, 18)))
        shell("encrypt", "other.png", "--plain-key")
        error = self.refused(shell, 3, "decryption-failed", pair[0], shell.read("other.enc.qkey"))
        assert error["rung"] == "commitment"

    def test_wrong_password_gives_the_common_message(self, shell):
        shell.encrypt()
        shell.write("other", b"another password altogether")
        arguments = decryption(password_file="other")
        shell(*arguments, expect=3)
        assert shell.err.splitlines()[-1] == "imageshield: Wrong key or password, or the file was changed"
        assert shell.json(*arguments, expect=3)["error"]["rung"] == "no match"

    @pytest.mark.parametrize("key", [b"", b"{}", b"not a key file", b"\xff" * 100])
    def test_invalid_key_file_is_a_wrong_key(self, shell, pair, key):
        self.refused(shell, 3, "key-file-invalid", pair[0], key)

    def test_saved_again_picture_has_its_own_code(self, shell, pair):
        """A picture that another program saved again has lost its header, and the error says so."""
        with Image.open(io.BytesIO(pair[0])) as image:
            self.refused(shell, 1, "header-missing", pictures.as_png(image), pair[1])

    def test_other_file_has_its_own_code(self, shell, pair):
        self.refused(shell, 1, "unsupported-format", pictures.cmyk(), pair[1])

    def test_a_truncated_picture_is_refused(self, shell, pair):
        self.refused(shell, 3, "decryption-failed", pair[0][:-1], pair[1])

    def test_a_missing_key_file_is_an_error(self, shell, pair):
        shell("decrypt", "photo.enc.png", "--key", "missing", expect=1)

    def test_missing_key_file_must_be_named(self, shell, pair):
        (shell.directory / "photo.enc.qkey").unlink()
        shell("decrypt", "photo.enc.png", "--password-file", "password", expect=2)
        assert "photo.enc.qkey is not there: --key names" in shell.err

    @pytest.mark.parametrize("out", ["photo.enc.png", "photo.enc.qkey"])
    def test_never_overwrites_its_inputs(self, shell, pair, out):
        shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", out, "--force", expect=2)
        assert (shell.read("photo.enc.png"), shell.read("photo.enc.qkey")) == pair


class TestInspect:
    def test_shows_public_facts(self, shell):
        shell.encrypt()
        seen = shell.json("inspect", "photo.enc.png")
        assert (seen["kind"], seen["layout"], seen["purity"], seen["sound"]) == (
            "encrypted-image",
            "pixels",
            "balanced",
            True,
        )
        assert (seen["width"], seen["height"]) == (64, 48)
        assert "64" in shell("inspect", "photo.enc.png")

    def test_shows_a_key_file_without_its_key(self, shell):
        shell.encrypt()
        seen = shell.json("inspect", "photo.enc.qkey")
        assert (seen["kind"], seen["stanzas"]) == ("key-file", ["passphrase"])
        assert seen["key_id"] == shell.json("inspect", "photo.enc.png")["key_id"]

    def test_changed_image_has_its_own_exit_code(self, shell):
        shell.encrypt()
        changed = bytearray(shell.read("photo.enc.png"))
        changed[-30] ^= 1
        shell.write("changed.png", bytes(changed))
        seen = shell.json("inspect", "changed.png", expect=3)
        assert seen["sound"] is False
        assert seen["fault"]

    def test_damaged_header_is_not_called_a_wrong_key(self, shell):
        shell.encrypt()
        changed = bytearray(shell.read("photo.enc.png"))
        changed[changed.index(b"QSIS") + 4] = 2
        shell.write("changed.png", bytes(changed))
        error = shell.json("inspect", "changed.png", expect=3)["error"]
        assert error["title"] == "The file is not as it was written"
        assert "version 2" in error["detail"]

    def test_refuses_an_ordinary_picture(self, shell):
        shell.write("photo.png", pictures.as_png(pictures.make()))
        assert shell.json("inspect", "photo.png", expect=1)["error"]["code"] == "header-missing"

    def test_imports_neither_simulator_nor_kernels_nor_services(self, shell):
        shell.encrypt()
        script = (
            "import sys; from imageshield.__main__ import run; assert run(['inspect', 'photo.enc.png']) == 0;"
            "print(sorted({'numba', 'qiskit', 'qiskit_aer', 'fastapi', 'sqlalchemy', 'celery'} & set(sys.modules)))"
        )
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        out = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment
        )
        assert out.stdout.splitlines()[-1] == "[]"


class TestFailures:
    def test_failing_source_is_a_warning(self, shell, monkeypatch):
        """The operating system's bits replace the missing ones, and the warning says that the key is as strong."""

        def fail(self, n_bits):
            raise SourceFailed("the simulator is gone")

        monkeypatch.setattr(AerSource, "measure", fail)
        shell.encrypt()
        assert "warning: degraded" in shell.err
        assert "as strong" in shell.err

    def test_too_little_memory_is_one_line(self, shell, monkeypatch):
        def fail(*_, **__):
            raise MemoryError

        monkeypatch.setattr(shield_core.pipeline, "encrypt_image", fail)
        shell.encrypt(expect=1)
        assert shell.err.splitlines()[-1].startswith("imageshield: There is not enough memory")
        assert shell.files() == ["password", "photo.png"]

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_closed_pipe_is_one_line(self, shell, monkeypatch, unbuffered):
        shell.encrypt()
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with child("inspect", "photo.enc.png", "--json", **pipes) as process:
            process.stdout.close()
            told = process.stderr.read()
        line = b"imageshield: The file cannot be written: standard output: Broken pipe\n"
        assert (told, process.returncode) == (line, 1)


class TestCommandLine:
    def test_without_a_command_is_wrong_usage(self, shell):
        shell(expect=2)
        shell("frobnicate", expect=2)
        assert "--help" in shell.err

    def test_help_is_on_stdout(self, shell):
        assert {"encrypt", "decrypt", "inspect", "up", "demo", "doctor", "relay"} <= set(shell("--help").split())

    def test_damaged_strips_are_one_line(self, tmp_path):
        """libtiff writes to descriptor 2 by itself."""
        whole = bytearray(pictures.as_tiff(pictures.make(), compression="tiff_lzw"))
        whole[8:40] = b"\xaa" * 32
        (tmp_path / "photo.tif").write_bytes(whole)
        process = child("encrypt", "photo.tif", "--plain-key", cwd=tmp_path, stderr=subprocess.PIPE, text=True)
        lines = process.communicate(timeout=60)[1].splitlines()
        assert process.returncode == 1
        assert all(line.startswith("imageshield: ") for line in lines)
        assert lines[-1].startswith("imageshield: The image is damaged")
