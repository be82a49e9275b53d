"""Damaged or respelled files, and files given in each other's place."""

import json

import pytest

from shield_core.keys import keyfile
from shield_core.keys.passphrase import Argon2
from shield_core.keys.recipients import SecretKey
from shield_core.keys.stanzas import PassphraseWrap, PlainOpen
from tests import fixtures
from tests.cli.test_files import PASSWORD, Shell
from tests.support import pictures

MARK = b"\xef\xbb\xbf"
ADA = SecretKey(bytes([1]) * 32)
CHANGES = {
    "line ends were changed to CRLF": lambda data: data.replace(b"\n", b"\r\n"),
    "a byte order mark was put in front": lambda data: MARK + data,
    "the indentation was changed": lambda data: json.dumps(json.loads(data), indent=4).encode(),
    "the order of its fields was changed": lambda data: (
        json.dumps(dict(reversed(json.loads(data).items())), indent=2).encode() + b"\n"
    ),
    "a byte order mark was put in front and line ends were changed to CRLF": lambda data: (
        MARK + data.replace(b"\n", b"\r\n")
    ),
}
DECRYPT = ("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", "back.png")


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.write("photo.png", pictures.as_png(pictures.make(8, 6)))
    shell.write("ada.key", f"{ADA.text}\n".encode())
    shell.write("ada.pub", f"{ADA.public.text}\n".encode())
    return shell


class TestKeyFiles:
    @pytest.mark.parametrize("told", CHANGES)
    def test_respelled_one_is_refused_until_rewrap(self, shell, told):
        shell("encrypt", "photo.png", "--plain-key")
        key_file = shell.read("photo.enc.qkey")
        shell.write("photo.enc.qkey", CHANGES[told](key_file))
        for command in (DECRYPT, ("inspect", "photo.enc.qkey")):
            shell(*command, expect=3)
            assert told in shell.err
            assert "imageshield rewrap" in shell.err
        shell("rewrap", "photo.enc.qkey", "-o", "restored.qkey", "--plain-key")
        assert told in shell.err
        restored = shell.read("restored.qkey")
        assert keyfile.encode(keyfile.parse(restored)) == restored
        assert keyfile.parse(restored).created == keyfile.parse(key_file).created
        shell("decrypt", "photo.enc.png", "--key", "restored.qkey", "-o", "back.png")

    def test_rewrap_of_changed_content_fails(self, shell):
        """The old MAC is checked before anything is changed, even if the spelling was changed, too."""
        shell("encrypt", "photo.png", "--plain-key")
        changed = json.loads(shell.read("photo.enc.qkey")) | {"created": "2020-01-01T00:00:00Z"}
        for data in (keyfile.canonical.dumps_indented(changed), json.dumps(changed).encode()):
            shell.write("photo.enc.qkey", data)
            error = shell.json("rewrap", "photo.enc.qkey", "-o", "new.qkey", "--plain-key", expect=3)["error"]
            assert (error["code"], error["rung"]) == ("decryption-failed", "mac")
            assert "new.qkey" not in shell.files()

    def test_rewrap_refuses_other_files(self, shell):
        shell("encrypt", "photo.png", "--plain-key")
        key_file = shell.read("photo.enc.qkey")
        for data in (
            key_file.replace(b'"version": 1', b'"version": 1, "version": 1'),
            key_file.replace(b'"version": 1', b'"version": 1, "note": ""'),
            key_file.replace(b'  "purity": "balanced",\n', b""),
            key_file[:-20],
            MARK + MARK + key_file,
        ):
            shell.write("photo.enc.qkey", data)
            shell("rewrap", "photo.enc.qkey", "-o", "new.qkey", "--plain-key", expect=3)
            assert "The key file is not valid" in shell.err

    def test_unusual_work_is_announced(self, shell):
        shell("encrypt", "photo.png", "--plain-key")
        parsed = keyfile.parse(shell.read("photo.enc.qkey"))
        file_key = keyfile.unlock(parsed, [PlainOpen()])
        for kdf, told in ((Argon2(bytes(16), m_kib=65_537, t=1, p=2), True), (Argon2(bytes(16)), False)):
            locked = keyfile.rewrap(parsed, file_key, [PassphraseWrap.from_passphrase(PASSWORD, kdf)])
            shell.write("photo.enc.qkey", keyfile.encode(locked))
            shell(*DECRYPT[:-1], f"back-{told}.png", "--password-file", "password")
            assert (f"this key file asks for {kdf.work}" in shell.err) is told


class TestEachOthersPlace:
    def test_every_mistake_has_its_message(self, shell):
        shell("encrypt", "photo.png", "--plain-key")
        image, key_file = shell.read("photo.enc.png"), shell.read("photo.enc.qkey")
        shell.write("image.qkey", image)
        shell.write("key.png", key_file)
        shell.write("saved.jpg", pictures.as_jpeg(pictures.make(8, 6)))
        shell.write("later.png", image[:45] + b"\x03" + image[46:])
        shell.write("later.qkey", key_file.replace(b'"version": 1', b'"version": 2'))
        shell.write("later.qmat", b"QSMT\x02" + bytes(60))
        key, out = ("--key", "photo.enc.qkey"), ("-o", "back.png")
        for command, code, told in (
            (("decrypt", "key.png", *key, *out), 1, "This is a key file: an encrypted image is a PNG"),
            (("decrypt", "photo.enc.png", "--key", "image.qkey", *out), 3, "this is a PNG, and no key file"),
            (("decrypt", "saved.jpg", *key, *out), 1, "another program has saved this one again"),
            (("inspect", "saved.jpg"), 1, "another program has saved this one again"),
            (("decrypt", "later.png", *key, *out), 3, "made by a later version of the format (3)"),
            (("inspect", "later.png"), 3, "made by a later version of the format (3)"),
            (("decrypt", "photo.enc.png", "--key", "later.qkey", *out), 3, "made by a later version of the format (2)"),
            (("inspect", "later.qkey"), 3, "made by a later version of the format (2)"),
            (("inspect", "later.qmat"), 3, "made by a later version of the format (2)"),
        ):
            shell(*command, expect=code)
            assert told in shell.err
        assert "back.png" not in shell.files()


class TestRecipientFiles:
    def test_a_byte_order_mark_is_skipped(self, shell):
        for name in ("ada.key", "ada.pub"):
            shell.write(name, MARK + shell.read(name).replace(b"\n", b"\r\n"))
        shell("encrypt", "photo.png", "--recipient", "ada.pub")
        shell(*DECRYPT, "--identity", "ada.key")

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
    def test_utf_16_is_named(self, shell, encoding):
        text = shell.read("ada.pub").decode()
        shell.write("ada.pub", (text if encoding == "utf-16" else "\ufeff" + text).encode(encoding))
        shell("encrypt", "photo.png", "--recipient", "ada.pub", expect=1)
        assert "UTF-16" in shell.err


class TestPasswords:
    @pytest.mark.parametrize("old", fixtures.OLD, ids=lambda old: old.name)
    def test_old_pictures_open_with_the_same_file(self, shell, old):
        """The service's form took all of it for the password, a line end and a mark too."""
        shell.write("photo.enc.png", old.image)
        shell.write("photo.enc.qkey", old.key_file)
        shell.write("password", old.password.encode())
        shell(*DECRYPT, "--password-file", "password")
        shell.write("typed", fixtures.TYPED.encode())
        shell(*DECRYPT[:-1], "other.png", "--password-file", "typed", expect=3)

    @pytest.mark.parametrize("around", ["{}", "{}\n", "{}\r\n", "\ufeff{}", "\ufeff{}\r\n"])
    def test_new_ones_are_normalized(self, shell, around):
        shell.write("password", around.format(PASSWORD).encode())
        shell("encrypt", "photo.png", "--password-file", "password")
        shell.write("typed", PASSWORD.encode())
        shell(*DECRYPT, "--password-file", "typed")

    @pytest.mark.parametrize("password", ["tabs\tare not taken", "\x1b[31mnor are these", "two\nlines of text"])
    def test_new_ones_have_no_control_characters(self, shell, password):
        shell.write("password", password.encode())
        shell("encrypt", "photo.png", "--password-file", "password", expect=1)
        assert "no control characters" in shell.err
        assert password not in shell.err

    @pytest.mark.parametrize(
        "data", [b"", b"x", b"x" * 2000, b"x" * 10_000, b"\xff\xfe\x00", b"a\x00b", "ü".encode() * 600, b"\n"]
    )
    def test_nothing_that_opens_is_refused(self, shell, data):
        shell("encrypt", "photo.png", "--password-file", "password")
        shell.write("other", data)
        error = shell.json(*DECRYPT, "--password-file", "other", expect=3)["error"]
        assert (error["code"], error["rung"]) == ("decryption-failed", "no match")
