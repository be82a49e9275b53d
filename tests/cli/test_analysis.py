"""`analyze`: its output, reports and refusals."""

import json
import re

import pytest

from imageshield.__main__ import run
from tests.support import pictures


@pytest.fixture
def analyze(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*arguments, expect=0):
        code = run(["analyze", *map(str, arguments)])
        out, err = capsys.readouterr()
        assert code == expect, err
        return out, err

    return call


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(pictures.as_png(pictures.make(200, 150)))
    return path


@pytest.fixture
def encrypted(photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["encrypt", str(photo), "--plain-key"]) == 0
    capsys.readouterr()
    return tmp_path / "photo.enc.png"


class TestAnalyze:
    def test_prints_every_number_with_verdict_and_limits(self, analyze, photo, encrypted):
        out, err = analyze(photo, encrypted)
        # The key is another one each time, and of all sound pictures some are unusual.
        assert len(re.findall(r"(?m)  (as expected|unusual)$", out)) == 10
        assert "expected of noise" in out
        assert "grade A" in out
        assert "cannot prove a good one" in out
        assert "100 % measuring" in err

    def test_json_is_the_whole_analysis(self, analyze, photo, encrypted):
        found = json.loads(analyze(photo, encrypted, "--json")[0])
        assert found["files"] == {"original": str(photo), "encrypted": str(encrypted), "report": None}
        assert found["security_grade"]["letter"] == "A"
        assert len(found["charts"]["histogram_comparison"]["encrypted"]) == 256

    def test_any_two_pictures_are_accepted(self, analyze, photo):
        out, _ = analyze(photo, photo)
        assert "grade F" in out
        assert "not tested:" in out

    def test_writes_a_report(self, analyze, photo, encrypted, tmp_path):
        for name, start in (("r.html", b"<!doctype html>"), ("r.PDF", b"%PDF-")):
            out, _ = analyze(photo, encrypted, "--report", name)
            assert (tmp_path / name).read_bytes().startswith(start)
            assert name in out

    def test_a_report_names_purity_layout_and_key(self, analyze, photo, encrypted, tmp_path):
        analyze(photo, encrypted, "--report", "r.html")
        page = (tmp_path / "r.html").read_text("utf-8")
        for words in ("photo.png", "photo.enc.png", "balanced", "pixels", "key_"):
            assert words in page


class TestRefusals:
    def test_pictures_of_other_sizes(self, analyze, photo, tmp_path):
        other = tmp_path / "other.png"
        other.write_bytes(pictures.as_png(pictures.make(10, 10)))
        out, err = analyze(photo, other, "--json", expect=1)
        assert json.loads(out)["error"]["code"] == "validation-failed"
        assert "200 x 150 pixels" in err

    def test_file_that_is_no_picture(self, analyze, photo, tmp_path):
        (tmp_path / "notes.png").write_text("notes")
        out, _ = analyze(photo, "notes.png", "--json", expect=1)
        assert json.loads(out)["error"]["code"] == "unsupported-format"

    def test_a_missing_file(self, analyze, photo):
        out, _ = analyze(photo, "nowhere.png", "--json", expect=1)
        assert json.loads(out)["error"]["code"] == "file-not-found"

    @pytest.mark.parametrize("name", ["report.txt", "report", "photo.png"])
    def test_report_with_unknown_suffix_is_wrong_usage(self, analyze, photo, name):
        _, err = analyze(photo, photo, "--report", name, expect=2)
        assert ".html" in err

    def test_report_never_replaces_an_input(self, analyze, photo, tmp_path):
        before = photo.read_bytes()
        disguised = photo.rename(tmp_path / "photo.pdf")
        analyze(disguised, disguised, "--report", "photo.pdf", "--force", expect=2)
        assert disguised.read_bytes() == before

    def test_nothing_is_replaced_without_force(self, analyze, photo, tmp_path):
        (tmp_path / "r.html").write_text("mine")
        analyze(photo, photo, "--report", "r.html", expect=1)
        assert (tmp_path / "r.html").read_text() == "mine"
        analyze(photo, photo, "--report", "r.html", "--force")
        assert (tmp_path / "r.html").read_text() != "mine"

    def test_failure_leaves_no_report(self, analyze, photo, tmp_path):
        (tmp_path / "notes.png").write_text("notes")
        before = sorted(tmp_path.iterdir())
        analyze(photo, "notes.png", "--report", "r.html", expect=1)
        assert sorted(tmp_path.iterdir()) == before


class TestTerminal:
    def test_hostile_names_do_not_move_the_cursor(self, analyze, tmp_path):
        path = tmp_path / "a\x1b[2Jb.png"
        path.write_bytes(pictures.as_png(pictures.make(200, 150)))
        out, err = analyze(path, path, "--report", tmp_path / "c\x1b[2Jd.html")
        assert "\x1b" not in out + err
