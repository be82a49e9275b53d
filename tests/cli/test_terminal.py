"""Terminal output for hostile file names and contents: it moves no cursor, changes no color and hides nothing."""

import json
import os
import pty
import re
import subprocess
import threading
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageshield.__main__ import run
from imageshield.terminal.reporting import printable
from tests.cli.test_files import PASSWORD, Shell, child
from tests.support import pictures

ESCAPE = "\x1b]0;owned\x07\x1b[5;41m\x1b[2J\x9b1m\x7f\u202e\u2066\u2028\u200b\r"
NAME = f"[red]{ESCAPE}a"
HOSTILE_BYTES = ESCAPE.encode()
STANZA = {"type": ESCAPE}
CONTENTS = {
    "nothing": b"",
    "words": HOSTILE_BYTES,
    "JSON": json.dumps({ESCAPE: ESCAPE, "version": ESCAPE, "keys": [ESCAPE]}, ensure_ascii=False).encode(),
    "key file": json.dumps({"version": 1, "key_id": ESCAPE, "created": ESCAPE, "stanzas": [STANZA]}).encode(),
    "key set": json.dumps({"keys": [{"kty": ESCAPE, "kid": ESCAPE, "use": "receipt", "crv": ESCAPE}]}).encode(),
    "PNG": pictures.png(pictures.ihdr(8, 6), pictures.chunk(b"\x1b[3m", HOSTILE_BYTES), pictures.chunk(b"IEND")),
    "cut PNG": pictures.png(pictures.ihdr(8, 6), pictures.chunk(b"\x1b[3m", HOSTILE_BYTES))[:-9],
    "recipient": b"imageshield-public-1:" + HOSTILE_BYTES,
    "identity": b"imageshield-secret-1:" + HOSTILE_BYTES,
    "zip": b"PK\x03\x04" + HOSTILE_BYTES * 9,
}
COMMANDS = [
    ("encrypt", "X", "--plain-key"),
    ("encrypt", "X", "--plain-key", "-o", "X/b"),
    ("encrypt", "good.png", "-p", "X"),
    ("encrypt", "good.png", "-r", "X"),
    ("encrypt", "good.png", "-r", f"imageshield-public-1:{ESCAPE}"),
    ("encrypt", "good.png", "--region", ESCAPE),
    ("encrypt", "good.png", "--purity", ESCAPE),
    ("decrypt", "X"),
    ("decrypt", "X", "--key", "X"),
    ("decrypt", "good.enc.png", "--key", "X"),
    ("decrypt", "good.enc.png", "-i", "X"),
    ("decrypt", "good.enc.png", "-o", "good.png/X"),
    ("inspect", "X"),
    ("verify", "X"),
    ("verify", "good.receipt.json", "--image", "X", "--key", "X", "-p", "password"),
    ("verify", "good.receipt.json", "--keys", "X"),
    ("analyze", "good.png", "X"),
    ("analyze", "X", "good.png", "--report", "X.html"),
    ("keygen", "--public", "X"),
    ("keygen", "-o", "X"),
    ("rewrap", "X", "-o", "X.2", "-p", "password", "--plain-key"),
    ("import-legacy", "X", "X.npz", "-o", "X.3"),
    ("import-legacy", "good.png", "X", "-o", "X.4"),
    ("doctor", "--data-dir", "X"),
    ("admin", "backup", "X", "--verify"),
    ("admin", "backup", "X.5", "--data-dir", "X"),
    ("admin", "restore", "X", "--data-dir", "X"),
    ("admin", "rotate-receipt-key", "--data-dir", "X"),
    ("admin", "rotate-response-key", "--data-dir", "X"),
    ("admin", "dead-letters", "redrive", ESCAPE),
    ("admin", "dead-letters", "list", "--data-dir", "X"),
    ("entropy", "selftest", "--keys", ESCAPE),
    ("up", "--port", ESCAPE),
    (ESCAPE,),
    ("encrypt", f"--{ESCAPE}"),
]


def is_clean(text):
    return not any(
        unicodedata.category(one) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} for one in text if one != "\n"
    )


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A picture and the files that encryption makes of it."""
    directory = tmp_path_factory.mktemp("sound")
    (directory / "good.png").write_bytes(pictures.as_png(pictures.make(24, 18)))
    (directory / "password").write_text(PASSWORD)
    names = ("-o", directory / "good.enc.png", "--receipt", directory / "good.receipt.json")
    command = ("encrypt", directory / "good.png", "-p", directory / "password", *names, "-q")
    assert run([str(one) for one in command]) == 0
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch, sound):
    made = Shell(tmp_path, capsys, monkeypatch)
    for name, data in sound.items():
        made.write(name, data)
    for variable in ("DATABASE_URL", "S3_ENDPOINT_URL", "REDIS_URL", "VAULT_KEY_FILE", "VAULT_DIRECTORY"):
        monkeypatch.delenv(variable, raising=False)
    return made


def told(shell, arguments):
    code = run([str(argument) for argument in arguments])
    out, err = shell.capsys.readouterr()
    return code, out, err


class TestEveryCommand:
    @pytest.mark.parametrize("content", CONTENTS)
    def test_prints_hostile_names_and_contents_clean(self, shell, content):
        for command in COMMANDS:
            for as_json in ((), ("--json",)):
                shell.write(NAME, CONTENTS[content])
                arguments = [argument.replace("X", NAME) for argument in command]
                _, out, err = told(shell, [*arguments, *as_json])
                assert is_clean(out), command
                assert is_clean(err), command
                assert out or err or command[0] == "keygen", command
                assert all(line.startswith("imageshield: ") for line in err.splitlines()), command

    def test_without_the_file_prints_its_name_clean(self, shell):
        for command in COMMANDS:
            code, out, err = told(shell, [argument.replace("X", NAME) for argument in command])
            assert is_clean(out + err), command
            assert code or command[0] == "keygen", command

    def test_successful_one_prints_clean(self, shell):
        shell.write(f"{NAME}.png", pictures.as_png(pictures.make(24, 18)))
        for command in (
            ("encrypt", f"{NAME}.png", "--plain-key", "-o", f"{NAME}.enc.png"),
            ("decrypt", f"{NAME}.enc.png", "-o", f"{NAME}.back.png"),
            ("inspect", f"{NAME}.enc.png"),
            ("inspect", f"{NAME}.enc.qkey"),
            ("analyze", f"{NAME}.png", f"{NAME}.enc.png", "--report", f"{NAME}.html"),
            ("rewrap", f"{NAME}.enc.qkey", "--plain-key", "-o", f"{NAME}.2.qkey"),
        ):
            for as_json in ((), ("--json", *(("--force",) if command[0] != "inspect" else ()))):
                code, out, err = told(shell, [*command, *as_json])
                assert code == 0, err
                assert is_clean(out + err), command


class TestProgressBar:
    def test_shows_a_name_without_its_escape_sequences(self, tmp_path):
        """On a real terminal, where the bar writes sequences of its own: moves, colors, the cursor."""
        name = f"{NAME}[bold]b.png"
        (tmp_path / name).write_bytes(pictures.as_png(pictures.make(900, 700)))
        ours, theirs = pty.openpty()
        process = child("encrypt", name, "--plain-key", cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        timer = threading.Timer(60, process.kill)
        timer.start()
        screen = b""
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            while True:
                try:
                    screen += terminal.read(4096) or b""
                except OSError:  # the other side is closed
                    break
        timer.cancel()
        assert process.wait() == 0, screen
        text = screen.decode()
        assert "[red]" in text
        assert "owned" in text
        own = re.compile(r"\x1b\[(\?25[lh]|[0-9;]*[mKA])|[\r\n]")
        assert is_clean(own.sub("", text))
        assert "\x1b[5;41m" not in text


class TestPrintable:
    @given(st.text(st.characters(codec=None)))
    def test_is_one_line_that_moves_nothing(self, text):
        line = printable(text)
        assert is_clean(line)
        assert "\n" not in line
        assert len(line) == len(text)
        assert printable(line) == line

    def test_leaves_a_good_name_alone(self):
        assert printable("Ärztebrief 2024 (家族) 🖼.png") == "Ärztebrief 2024 (家族) 🖼.png"
