"""`audit verify`: exports with keys, whole and changed."""

import io
import json
import socket
import sys
from dataclasses import replace

import pytest

from shield_core.audit.checkpoints import USE
from shield_core.keys import jwk
from tests.cli.test_files import Shell
from tests.core.audit.making import SIGNER, Export, chained, covering, payload


class Desk(Shell):
    """A directory with the published keys, without a network."""

    def __init__(self, *fixtures):
        super().__init__(*fixtures)
        self.write("jwks.json", json.dumps({"keys": jwk.write([SIGNER.public_key], use=USE)}).encode())
        self.write("other.json", json.dumps({"keys": jwk.write([SIGNER.public_key], use="receipt")}).encode())

    def export(self, export):
        self.write("e.jsonl", b"".join(export.lines()))

    def verify(self, *arguments, expect=0):
        return self.json("audit", "verify", "e.jsonl", *(arguments or ("--keys", "jwks.json")), expect=expect)


@pytest.fixture
def desk(tmp_path, capsys, monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return Desk(tmp_path, capsys, monkeypatch)


def edited():
    export = Export.honest()
    export.rows[4] = replace(export.rows[4], payload=payload(99))
    return export


class TestVerify:
    def test_whole_export_is_exit_code_0(self, desk):
        desk.export(Export.honest())
        found = desk.verify()
        assert (found["outcome"], found["rows"], found["covered"], found["first"]) == ("verified", 9, 9, None)
        assert found["account_id"] == "acc_0190f5fe7c007a0080000123456789ab"

    def test_changed_entry_is_named(self, desk):
        desk.export(edited())
        found = desk.verify(expect=3)
        assert (found["outcome"], found["first"]) == ("changed", {"kind": "edit", "seq": 5, "last": None})

    def test_table_says_what_and_where(self, desk):
        desk.export(edited())
        out = desk("audit", "verify", "e.jsonl", "--keys", "jwks.json", expect=3)
        assert "entry 5 is not what was sealed" in out
        assert out.rstrip().endswith("changed: edit at entry 5")

    @pytest.mark.parametrize("arguments", [("--keys", "other.json"), ("e.jsonl",)])
    def test_without_a_trusted_signer_is_exit_code_1(self, desk, arguments):
        desk.export(Export.honest())
        found = desk.json("audit", "verify", "e.jsonl", *(arguments if len(arguments) > 1 else ()), expect=1)
        assert found["outcome"] == "unknown"
        assert found["not_shown"][0].startswith("who signed it")

    def test_keys_of_another_use_warn(self, desk):
        desk.export(Export.honest())
        desk("audit", "verify", "e.jsonl", "--keys", "other.json", expect=1)
        assert "holds no key that signs audit checkpoints" in desk.err

    def test_range_and_many_findings(self, desk):
        rows = Export.honest(100, ()).rows
        bodies = [row.payload for row in rows]
        export = Export(chained([payload(7), *bodies[1:]])[::2], [covering(rows[-1])], size=100)
        desk.export(export)
        out = desk("audit", "verify", "e.jsonl", "--keys", "jwks.json", expect=3)
        assert "more findings" in out

    def test_rows_without_a_checkpoint_are_said(self, desk):
        desk.export(Export.honest(9, (3,)))
        assert any("the last 6 entries" in text for text in desk.verify()["not_shown"])

    def test_restore_is_said(self, desk):
        rows = chained([payload(0), payload(1, action="audit.restored")])
        desk.export(Export(rows, [covering(rows[1])]))
        assert "an older database was restored before 2" in desk("audit", "verify", "e.jsonl", "--keys", "jwks.json")

    def test_from_standard_input(self, desk, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"".join(Export.honest().lines()))))
        assert desk.json("audit", "verify", "-", "--keys", "jwks.json")["outcome"] == "verified"

    def test_escape_sequences_are_not_printed(self, desk):
        rows = chained([payload(0, action="\x1b[2J")])
        desk.export(Export(rows, [covering(rows[0])]))
        desk("audit", "verify", "e.jsonl", "--keys", "jwks.json")
        assert "\x1b" not in desk.out + desk.err


class TestRefusals:
    @pytest.mark.parametrize("data", [b"", b"hello\n", b"\xff" * 100, b'{"line":"row"}\n', b"a" * 3_000_000])
    def test_other_file(self, desk, data):
        desk.write("e.jsonl", data)
        assert desk.verify(expect=1)["error"]["code"] == "audit-export-invalid"

    def test_missing_file(self, desk):
        assert desk.verify(expect=1)["error"]["code"] == "file-not-found"

    def test_address_in_place_of_keys(self, desk):
        desk.export(Export.honest())
        assert desk.verify("--keys", "https://images.example/jwks.json", expect=2)["error"]["code"] == "usage"

    def test_keys_that_are_none(self, desk):
        desk.export(Export.honest())
        desk.write("bad.json", b"[]")
        assert desk.verify("--keys", "bad.json", expect=1)["error"]["code"] == "key-set-invalid"
