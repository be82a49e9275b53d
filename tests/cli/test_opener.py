"""`imageshield opener`."""

import hashlib
import json

import pytest

from imageshield.__main__ import run
from imageshield.commands.offline import opener

PAGE = b"<!doctype html>the page"


@pytest.fixture(autouse=True)
def built(monkeypatch, tmp_path):
    path = tmp_path / "built.html"
    path.write_bytes(PAGE)
    monkeypatch.setattr(opener, "BUILT", path)
    monkeypatch.chdir(tmp_path)
    return path


class TestOpener:
    def test_writes_the_page_and_says_its_digest(self, tmp_path, capsys):
        assert run(["opener"]) == 0
        assert (tmp_path / "open.html").read_bytes() == PAGE
        assert hashlib.sha256(PAGE).hexdigest() in capsys.readouterr().out

    def test_json_has_the_digest(self, capsys):
        assert run(["opener", "-o", "a.html", "--json"]) == 0
        digest = hashlib.sha256(PAGE).hexdigest()
        assert json.loads(capsys.readouterr().out) == {"file": "a.html", "bytes": len(PAGE), "sha256": digest}

    def test_existing_file_is_replaced_only_by_force(self, tmp_path):
        (tmp_path / "open.html").write_text("mine")
        assert run(["opener"]) == 1
        assert (tmp_path / "open.html").read_text() == "mine"
        assert run(["opener", "--force"]) == 0
        assert (tmp_path / "open.html").read_bytes() == PAGE

    def test_checkout_without_a_build_says_what_to_run(self, built, capsys):
        built.unlink()
        assert run(["opener"]) == 1
        assert "make console" in capsys.readouterr().err
