"""Locales that cannot encode some characters: names and texts with such characters cause no traceback."""

import json
import os
import subprocess
import sys

import pytest

from imageshield.__main__ import run
from imageshield.commands.offline.neighbors import beside
from tests.cli.test_files import ROOT, Shell
from tests.support import pictures

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
PICTURE = pictures.as_png(pictures.make(24, 18))


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    return Shell(tmp_path, capsys, monkeypatch)


def ascii_only(*arguments, **variables):
    """Run the command line in the ASCII locale `C`; return its exit code, stdout and stderr."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ASCII | variables
    done = subprocess.run(
        [sys.executable, "-m", "imageshield", *arguments], capture_output=True, text=True, check=False, env=environment
    )
    return done.returncode, done.stdout, done.stderr


class TestNames:
    @pytest.fixture
    def encrypted(self, shell):
        shell.write("né中.png", PICTURE)
        shell("encrypt", "né中.png", "-o", "x.png", "--plain-key")
        (shell.directory / "né中.png").unlink()
        return shell

    def test_from_an_image_have_underscores(self, encrypted):
        code, out, told = ascii_only("decrypt", "x.png", "-q")
        assert (code, len(told.splitlines())) == (0, 1)
        assert "n__.png" in out
        assert encrypted.files() == ["n__.png", "password", "x.png", "x.qkey"]

    def test_from_an_image_replace_nothing(self, encrypted):
        encrypted.write("n__.png", b"precious")
        code, out, told = ascii_only("decrypt", "x.png", "-q", "--force", "--json")
        assert (code, json.loads(out)["error"]["code"], len(told.splitlines())) == (1, "file-exists", 1)
        assert encrypted.read("n__.png") == b"precious"

    def test_given_names_are_used_unchanged(self, encrypted):
        code, out, _ = ascii_only("decrypt", "x.png", "-o", "né.png", "--json")
        assert (code, json.loads(out)["layout"]) == (0, "pixels")
        assert "né.png" in encrypted.files()

    def test_made_by_encrypt_have_underscores(self, shell):
        shell.write("né.png", PICTURE)
        code, _, told = ascii_only("encrypt", "né.png", "--plain-key", "-q")
        assert (code, len(told.splitlines())) == (0, 1)
        assert shell.files() == ["n__.enc.png", "n__.enc.qkey", "né.png", "password"]

    def test_shortened_names_stay_distinct(self, shell):
        shell.write("a.png", PICTURE)
        code, _, _ = ascii_only("encrypt", "a.png", "--plain-key", "-o", "é" * 125 + ".png")
        assert code == 0
        assert "é" * 125 + ".qkey" in shell.files()
        code, _, _ = ascii_only("decrypt", "é" * 125 + ".png", "-o", "b.png")
        assert code == 0

    @pytest.mark.parametrize("option", ["-o", "--key-out", "--receipt"])
    def test_impossible_names_are_one_line(self, shell, option):
        shell.write("a.png", PICTURE)
        error = shell.json("encrypt", "a.png", "--plain-key", option, "\ud800.png", expect=1)["error"]
        assert error["code"] == "file-unwritable"
        assert len(shell.err.splitlines()) == 1
        assert shell.files() == ["a.png", "password"]

    @pytest.mark.parametrize("letters", ["é" * 124, "中" * 83, "x" * 251])
    def test_shortened_names_end_with_whole_characters(self, tmp_path, letters):
        name = beside(tmp_path / f"{letters}.png", ".qkey").name
        assert name.endswith(".qkey")
        assert 250 < len(os.fsencode(name)) <= 255
        assert letters.startswith(name.removesuffix(".qkey"))


class TestWords:
    @pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
    def test_help_is_printed(self, encoding):
        code, out, told = ascii_only("encrypt", "--help", PYTHONIOENCODING=encoding)
        assert (code, told) == (0, "")
        assert "A picture: PNG" in out


def test_a_secret_is_not_quoted(shell, monkeypatch):
    """The text that cannot be encoded may be a secret."""

    def refuse(*_, **__):
        "s3cret-é".encode("ascii")

    shell.write("a.png", PICTURE)
    monkeypatch.setattr("imageshield.commands.offline.files.encrypt", refuse)
    assert run(["encrypt", "a.png", "--plain-key"]) == 1
    assert "s3cret" not in "".join(shell.capsys.readouterr())
