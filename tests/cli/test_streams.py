"""`-` for standard input and output, and the errors for unusable streams and names."""

import io
import os
import pty
import subprocess
import sys

import numpy as np
import pytest

from imageshield.__main__ import run
from imageshield.terminal.streams import write_all
from shield_core.keys import keyfile
from tests.cli.test_files import PASSWORD, ROOT, child
from tests.core.legacy import predecessor
from tests.support import pictures

PICTURE = pictures.as_png(pictures.make(24, 18))
LARGE = pictures.as_png(pictures.make(400, 300))
"""Its encrypted image, 360 kB, is larger than the buffer of a pipe."""

TO_STDOUT = ("-o", "-", "--key-out", "k", "--plain-key", "-q")


class Pipe:
    """Runs commands in a temporary directory, with bytes on standard input and output."""

    def __init__(self, directory, capsysbinary, monkeypatch):
        self.directory, self.capture, self.monkeypatch = directory, capsysbinary, monkeypatch
        monkeypatch.chdir(directory)

    def __call__(self, *arguments, stdin=b"", expect=0):
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run([str(argument) for argument in arguments])
        out, err = self.capture.readouterr()
        self.err = err.decode()
        assert code == expect, self.err
        return out

    def write(self, name, data):
        (self.directory / name).write_bytes(data)

    def read(self, name):
        return (self.directory / name).read_bytes()

    def files(self):
        return {path.name for path in self.directory.iterdir()}


@pytest.fixture
def pipe(tmp_path, capsysbinary, monkeypatch):
    return Pipe(tmp_path, capsysbinary, monkeypatch)


@pytest.fixture
def encrypted(pipe):
    """A picture encrypted for Ada and a password, and its files."""
    pipe.write("a.png", PICTURE)
    pipe.write("password", PASSWORD.encode())
    pipe("keygen", "-o", "ada.key")
    public = pipe("keygen", "--public", "ada.key")
    pipe.write("ada.pub", public)
    pipe("encrypt", "a.png", "-q", "-r", "ada.pub", "-p", "password", "--receipt", "a.receipt.json")
    image, key_file = predecessor.encrypt(pictures.make(9, 7), 1)
    pipe.write("old.png", image)
    pipe.write("old.npz", key_file.getvalue())
    return pipe


READERS = [
    ("a.png", ("encrypt", "-", "-o", "x.png", "--plain-key")),
    ("password", ("encrypt", "a.png", "-o", "x.png", "-p", "-")),
    ("ada.pub", ("encrypt", "a.png", "-o", "x.png", "-r", "-")),
    ("ada.pub", ("encrypt", "a.png", "-o", "x.png", "-r", "@-")),
    ("a.enc.png", ("decrypt", "-", "--key", "a.enc.qkey", "-i", "ada.key", "-o", "x.png")),
    ("a.enc.qkey", ("decrypt", "a.enc.png", "--key", "-", "-i", "ada.key", "-o", "x.png")),
    ("ada.key", ("decrypt", "a.enc.png", "-i", "-", "-o", "x.png")),
    ("password", ("decrypt", "a.enc.png", "-p", "-", "-o", "x.png")),
    ("a.enc.png", ("inspect", "-")),
    ("a.enc.qkey", ("inspect", "-")),
    ("a.png", ("analyze", "-", "a.enc.png")),
    ("a.enc.png", ("analyze", "a.png", "-")),
    ("ada.key", ("keygen", "--public", "-")),
    ("a.enc.qkey", ("rewrap", "-", "-o", "x.qkey", "-i", "ada.key", "-r", "ada.pub")),
    ("password", ("rewrap", "a.enc.qkey", "-o", "x.qkey", "-i", "ada.key", "--new-password-file", "-")),
    ("old.png", ("import-legacy", "-", "old.npz", "-o", "x.png")),
    ("old.npz", ("import-legacy", "old.png", "-", "-o", "x.png")),
]
WRITERS = [
    (b"\x89PNG", ("encrypt", "a.png", "-o", "-", "--key-out", "x.qkey", "--plain-key")),
    (b"{", ("encrypt", "a.png", "-o", "x.png", "--key-out", "-", "--plain-key")),
    (b"{", ("encrypt", "a.png", "-o", "x.png", "--receipt", "-", "--plain-key")),
    (b"\x89PNG", ("decrypt", "a.enc.png", "-i", "ada.key", "-o", "-")),
    (b"{", ("rewrap", "a.enc.qkey", "-o", "-", "-i", "ada.key", "-r", "ada.pub")),
    (b"\x89PNG", ("import-legacy", "old.png", "old.npz", "-o", "-")),
    (b"<!doctype html>", ("analyze", "a.png", "a.enc.png", "--report", "-")),
    (b"# ImageShield secret key", ("keygen", "-o", "-")),
]
REFUSED = [
    ("encrypt", "a.png", "-o", "-", "--plain-key"),
    ("encrypt", "-", "--plain-key"),
    ("encrypt", "-", "-o", "x.png", "-p", "-"),
    ("encrypt", "-", "-o", "x.png", "-r", "-"),
    ("encrypt", "-", "-o", "x.png", "--password-fd", "0"),
    ("encrypt", "a.png", "-o", "-", "--key-out", "-", "--plain-key"),
    ("encrypt", "a.png", "-o", "-", "--key-out", "x.qkey", "--plain-key", "--json"),
    ("decrypt", "-", "-o", "x.png"),
    ("decrypt", "-", "--key", "-", "-o", "x.png"),
    ("decrypt", "a.enc.png", "-i", "-", "-i", "-", "-o", "x.png"),
    ("decrypt", "a.enc.png", "-i", "-", "-p", "-", "-o", "x.png"),
    ("verify", "-", "--image", "-"),
    ("verify", "a.receipt.json", "--key", "-", "--keys", "-"),
    ("analyze", "-", "-"),
    ("rewrap", "-", "-o", "x.qkey", "--new-password-file", "-", "-i", "ada.key"),
    ("import-legacy", "-", "-", "-o", "x.png"),
]


class TestDash:
    def test_pipes_encrypt_and_decrypt(self, pipe):
        noise = pipe("encrypt", "-", "-o", "-", "--key-out", "k", "--plain-key", stdin=PICTURE)
        assert pipe.files() == {"k"}
        back = pipe("decrypt", "-", "--key", "k", "-o", "-", stdin=noise)
        assert np.array_equal(pictures.pixels(back), pictures.pixels(PICTURE))
        assert "sha256" in pipe.err

    def test_serves_wherever_a_file_is_read(self, encrypted):
        for name, arguments in READERS:
            encrypted(*arguments, stdin=encrypted.read(name))
            for made in encrypted.files() & {"x.png", "x.qkey"}:
                (encrypted.directory / made).unlink()

    def test_serves_a_receipt_and_its_image(self, encrypted):
        """Nobody signed it, so the exit code is 1."""
        encrypted("verify", "-", "--image", "a.enc.png", stdin=encrypted.read("a.receipt.json"), expect=1)
        encrypted("verify", "a.receipt.json", "--image", "-", stdin=encrypted.read("a.enc.png"), expect=1)

    def test_serves_wherever_a_file_is_written(self, encrypted):
        for start, arguments in WRITERS:
            assert encrypted(*arguments).startswith(start)
            for made in encrypted.files() & {"x.png", "x.qkey"}:
                (encrypted.directory / made).unlink()

    def test_carries_a_key_file_that_opens(self, encrypted):
        data = encrypted("rewrap", "a.enc.qkey", "-o", "-", "-i", "ada.key", "-r", "ada.pub")
        assert keyfile.encode(keyfile.parse(data)) == data

    @pytest.mark.parametrize("arguments", REFUSED, ids=" ".join)
    def test_senseless_use_is_wrong_usage(self, pipe, arguments):
        for name in ("a.png", "a.enc.png", "a.enc.qkey", "a.receipt.json"):
            pipe.write(name, PICTURE)
        before = pipe.files()
        assert pipe(*arguments, stdin=PICTURE, expect=2) == b"" or "--json" in arguments
        assert len(pipe.err.splitlines()) == 1
        assert pipe.files() == before

    def test_with_a_folder_before_it_is_a_file(self, pipe):
        pipe.write("-", PICTURE)
        pipe("encrypt", "./-", "-o", "./x.png", "--plain-key")
        assert pipe.files() == {"-", "x.png", "x.qkey"}

    def test_puts_the_material_beside_the_key_file(self, pipe):
        pipe.write("a.png", PICTURE)
        noise = pipe("encrypt", "a.png", "-o", "-", "--key-out", "k.qkey", "--plain-key", "--purity", "maximum")
        assert pipe.files() == {"a.png", "k.qkey", "k.qmat"}
        pipe("decrypt", "-", "--key", "k.qkey", "-o", "-", stdin=noise, expect=2)
        pipe("decrypt", "-", "--key", "k.qkey", "--material", "k.qmat", "-o", "-", stdin=noise)

    @pytest.mark.parametrize(
        ("stream", "arguments"),
        [("stdin", ("inspect", "-")), ("stdout", ("encrypt", "a.png", "-o", "-", "--key-out", "k", "--plain-key"))],
    )
    def test_is_never_a_terminal(self, tmp_path, stream, arguments):
        (tmp_path / "a.png").write_bytes(PICTURE)
        ours, theirs = pty.openpty()
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, stream: theirs}
        process = child(*arguments, cwd=tmp_path, stderr=subprocess.PIPE, text=True, **streams)
        errors = process.communicate(timeout=60)[1]
        os.close(theirs)
        os.close(ours)
        assert process.returncode == 2
        assert "is a terminal" in errors
        assert {path.name for path in tmp_path.iterdir()} == {"a.png"}


class TestQuiet:
    def test_keeps_the_result_and_the_warnings(self, pipe):
        pipe.write("a.png", PICTURE)
        assert b"a.enc.qkey" in pipe("encrypt", "a.png", "--plain-key", "-q")
        assert [line.split()[1] for line in pipe.err.splitlines()] == ["warning:"]
        pipe("decrypt", "a.enc.png", "-o", "b.png", "--quiet")
        assert [line.split()[1] for line in pipe.err.splitlines()] == ["warning:"]
        pipe("decrypt", "a.enc.png", "-o", "c.png")
        assert "%" in pipe.err


class TestNames:
    @pytest.mark.parametrize("name", ["x" * 256, "x" * 252 + ".png", "é" * 128, "d" * 300 + "/x.png"])
    def test_too_long_for_the_system_are_one_line(self, pipe, name):
        pipe.write("a.png", PICTURE)
        for arguments in (("encrypt", "a.png", "-o", name), ("encrypt", "a.png", "--key-out", name), ("encrypt", name)):
            pipe(*arguments, "--plain-key", expect=1)
            assert len(pipe.err.splitlines()) == 1
        pipe("decrypt", name, "--key", name, expect=1)
        pipe("inspect", name, expect=1)
        assert pipe.files() == {"a.png"}

    def test_longest_names_have_a_key_file(self, pipe):
        """Names of the maximum length have shorter key file names, which `decrypt` finds."""
        name = "é" * 124 + ".png"
        pipe.write(name, PICTURE)
        pipe("encrypt", name, "--plain-key")
        pipe("encrypt", name, "--plain-key", "-o", "y" * 251 + ".png")
        for made in pipe.files() - {name}:
            assert len(made.encode()) <= 255
            if made.endswith(".png"):
                pipe("decrypt", made, "-o", "back.png", "--force")

    @pytest.mark.parametrize(
        ("name", "made"), [("-rf.png", "rf.enc.png"), (". .x.png", "x.enc.png"), ("a:b.png", "a_b.enc.png")]
    )
    def test_generated_names_are_harmless(self, pipe, name, made):
        pipe.write(name, PICTURE)
        pipe("encrypt", f"./{name}", "--plain-key")
        assert made in pipe.files()

    def test_foreign_names_never_become_dot_files(self, pipe):
        pipe.write(". .bash_login", PICTURE)
        pipe("encrypt", ". .bash_login", "-o", "x.png", "--plain-key")
        out = pipe("decrypt", "x.png")
        assert pipe.files() == {". .bash_login", "x.png", "x.qkey", "bash_login.png"}
        assert b"bash_login.png" in out

    def test_circular_links_are_no_traceback(self, pipe):
        pipe.write("a.png", PICTURE)
        (pipe.directory / "loop").symlink_to("loop")
        pipe("encrypt", "a.png", "-o", "loop", "--plain-key", expect=1)
        pipe("encrypt", "loop", "-o", "x.png", "--plain-key", expect=1)
        assert "Too many levels" in pipe.err


def ended(command, cwd):
    """Run a line of shell; return its exit code and stderr."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHON": sys.executable}
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, env=environment, cwd=cwd, check=False
    )
    return done.returncode, done.stderr


class TestStreams:
    @pytest.mark.parametrize(
        ("redirection", "words"),
        [(">&-", "standard output is closed"), (">/dev/full", "There is no room left")],
    )
    @pytest.mark.parametrize(
        "command",
        [
            "inspect a.enc.png",
            "inspect a.enc.png --json",
            "--version",
            "--help",
            "encrypt --help",
            "--show-completion bash",
            "decrypt a.enc.png -qo -",
        ],
    )
    def test_closed_or_full_are_one_line(self, pipe, redirection, words, command):
        pipe.write("a.png", PICTURE)
        pipe("encrypt", "a.png", "--plain-key")
        for unbuffered in ("", "PYTHONUNBUFFERED=1"):
            code, errors = ended(f'{unbuffered} "$PYTHON" -m imageshield {command} {redirection}', pipe.directory)
            assert (code, len(errors.splitlines())) == (1, 1)
            assert words in errors

    def test_full_ones_leave_no_file(self, pipe):
        pipe.write("a.png", PICTURE)
        line = f'"$PYTHON" -m imageshield encrypt a.png {" ".join(TO_STDOUT)} >/dev/full'
        code, errors = ended(line, pipe.directory)
        assert (code, pipe.files()) == (1, {"a.png"})
        assert errors == "imageshield: There is no room left: standard output\n"

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_reader_that_closes_early_leaves_no_file(self, pipe, monkeypatch, unbuffered):
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        pipe.write("a.png", LARGE)
        streams = {"cwd": pipe.directory, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with child("encrypt", "a.png", *TO_STDOUT, **streams) as process:
            assert process.stdout.read(1) == b"\x89"
            process.stdout.close()
            errors = process.stderr.read()
        line = b"imageshield: The file cannot be written: standard output: Broken pipe\n"
        assert (errors, process.returncode, pipe.files()) == (line, 1, {"a.png"})

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    @pytest.mark.parametrize(
        ("kib", "command"),
        [(64, f"encrypt a.png {' '.join(TO_STDOUT)}"), (1, "encrypt --help"), (1, "inspect a.enc.png --json")],
    )
    def test_disk_full_while_writing_is_one_line(self, pipe, monkeypatch, kib, command, unbuffered):
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        pipe.write("a.png", LARGE)
        pipe("encrypt", "a.png", "--plain-key", *(f"--region={2 * n},0,1,1" for n in range(20)))
        before = pipe.files()
        code, errors = ended(f'ulimit -f {kib}; "$PYTHON" -m imageshield {command} >out', pipe.directory)
        assert (code, errors) == (1, "imageshield: There is no room left: standard output\n")
        assert pipe.files() == before | {"out"}

    @pytest.mark.parametrize("unbuffered", ["", "1"])
    def test_accept_more_than_a_pipe_holds(self, pipe, monkeypatch, unbuffered):
        monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
        pipe.write("a.png", LARGE)
        code, errors = ended(
            f'"$PYTHON" -m imageshield encrypt a.png {" ".join(TO_STDOUT)} | cat >b.png', pipe.directory
        )
        assert code == 0, errors
        pipe("decrypt", "b.png", "--key", "k", "-o", "c.png")
        assert np.array_equal(pictures.pixels(pipe.read("c.png")), pictures.pixels(LARGE))

    def test_partial_write_is_continued(self):
        taken = bytearray()

        class Slow(io.RawIOBase):
            def write(self, data):
                taken.extend(data[:1000])
                return min(len(data), 1000)

        write_all(Slow(), memoryview(LARGE))
        assert taken == LARGE

    def test_nonblocking_stream_is_an_error(self):
        class Deaf(io.RawIOBase):
            def write(self, data):
                return None

        with pytest.raises(BlockingIOError):
            write_all(Deaf(), memoryview(LARGE))

    @pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full", "<&-"])
    def test_unused_ones_may_be_closed_or_full(self, pipe, redirection):
        pipe.write("a.png", PICTURE)
        code, errors = ended(f'"$PYTHON" -m imageshield encrypt a.png --plain-key -q {redirection}', pipe.directory)
        assert (code, errors if redirection == "2>&-" else "") == (0, "")
        pipe("decrypt", "a.enc.png", "-o", "b.png")
        assert np.array_equal(pictures.pixels(pipe.read("b.png")), pictures.pixels(PICTURE))
