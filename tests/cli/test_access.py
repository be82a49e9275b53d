"""Recipients, secret keys, `keygen` and `rewrap` on the command line."""

import json

import pytest

from shield_core.keys import keyfile
from shield_core.keys.recipients import PublicKey, SecretKey
from tests.cli.test_files import Shell
from tests.support import pictures

ADA, BOB, EVE = (SecretKey(bytes([number]) * 32) for number in (1, 2, 3))


@pytest.fixture
def shell(tmp_path, capsys, monkeypatch):
    shell = Shell(tmp_path, capsys, monkeypatch)
    shell.write("photo.png", pictures.as_png(pictures.make(8, 6)))
    for name, secret in {"ada": ADA, "bob": BOB, "eve": EVE}.items():
        shell.write(f"{name}.key", f"# a comment\n\n{secret.text}\n".encode())
        shell.write(f"{name}.pub", f"{secret.public.text}\r\n".encode())
    return shell


def stanzas(shell, name="photo.enc.qkey"):
    return [stanza["type"] for stanza in json.loads(shell.read(name))["stanzas"]]


def decrypt(shell, *arguments, expect=0):
    out = f"back{len(shell.files())}.png"
    return shell("decrypt", "photo.enc.png", "--key", "photo.enc.qkey", "-o", out, *arguments, expect=expect)


class TestRecipients:
    def test_each_opens_without_password(self, shell):
        made = shell.json("encrypt", "photo.png", "--recipient", "ada.pub", "--recipient", BOB.public.text)
        assert (made["key_custody"], stanzas(shell)) == ("recipient", ["recipient", "recipient"])
        decrypt(shell, "--identity", "ada.key")
        decrypt(shell, "--identity", "bob.key")
        decrypt(shell, "--identity", "eve.key", expect=3)
        decrypt(shell, "--identity", "eve.key", "--identity", "bob.key")

    def test_file_holds_several(self, shell):
        """A file of recipients can be named with and without @."""
        shell.write("team", f"# the team\n{ADA.public.text}\n  {BOB.public.text}  \n\n".encode())
        shell("encrypt", "photo.png", "--recipient", "@team", "--recipient", "ada.pub")
        assert stanzas(shell) == ["recipient", "recipient"]
        decrypt(shell, "--identity", "bob.key")

    def test_additional_password_opens_too(self, shell):
        made = shell.json("encrypt", "photo.png", "--recipient", "ada.pub", "--password-file", "password")
        assert (made["key_custody"], stanzas(shell)) == ("passphrase", ["passphrase", "recipient"])
        decrypt(shell, "--identity", "ada.key")
        decrypt(shell, "--password-file", "password")
        decrypt(shell, "--password-file", "password", "--identity", "eve.key")

    def test_at_most_twenty_ways_to_open(self, shell):
        shell.write("many", "\n".join(SecretKey(bytes([n]) * 32).public.text for n in range(20)).encode())
        shell("encrypt", "photo.png", "--recipient", "many", "--password-file", "password", expect=2)
        assert "at most 20" in shell.err
        shell("encrypt", "photo.png", "--recipient", "many")
        assert len(stanzas(shell)) == 20

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (("--recipient", "ada.pub", "--plain-key"), "protects nothing"),
            (("--recipient", "ada.pub", "--fips"), "--fips"),
            (("--plain-key", "--fips"), "--fips"),
            (("--recipient", "ada.pub", "--password-file", "password", "--plain-key"), "exclude"),
            (("--password-file", "password", "--password-fd", "0"), "exclude"),
        ],
    )
    def test_contradicting_options_refused(self, shell, arguments, reason):
        before = shell.files()
        shell("encrypt", "photo.png", *arguments, expect=2)
        assert reason in shell.err
        assert shell.files() == before

    @pytest.mark.parametrize(
        ("text", "code", "reason"),
        [
            (ADA.text, "validation-failed", "secret key"),
            ("ada.key", "validation-failed", "ada.key, line 3: This is a secret key"),
            (ADA.public.text[:-1], "validation-failed", "cut off"),
            (ADA.public.text[:-1] + "!", "validation-failed", "no key has"),
            (ADA.public.text[21:], "validation-failed", "neither"),
            ("photo.png", "validation-failed", "no text"),
            ("/dev/zero", "validation-failed", "no file of keys"),
            ("empty", "validation-failed", "holds no key"),
            ("missing.pub", "file-not-found", "missing.pub"),
            (".", "file-unreadable", "."),
        ],
    )
    def test_malformed_one_refused_and_not_quoted(self, shell, text, code, reason):
        """A malformed recipient is refused before anything is written, and no message repeats it."""
        shell.write("empty", b"# nobody\n\n")
        before = shell.files()
        error = shell.json("encrypt", "photo.png", "--recipient", text, expect=1)["error"]
        assert error["code"] == code
        assert reason in error["detail"]
        for secret in (ADA.text[21:], ADA.public.text[21:60]):
            assert secret not in shell.out + shell.err
        assert shell.files() == before


class TestIdentities:
    def test_key_file_for_recipients_demands_identity(self, shell):
        shell("encrypt", "photo.png", "--recipient", "ada.pub")
        decrypt(shell, expect=2)
        assert "--identity" in shell.err

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "holds no key"),
            (ADA.public.text, "public key, which opens nothing"),
            (ADA.text[:-4], "cut off"),
            (ADA.text[:-1] + ("A" if ADA.text[-1] != "A" else "B"), "mistyped"),
            ("age-secret-key-1qqqq", "begins with imageshield-secret-1:"),
        ],
    )
    def test_malformed_one_refused_and_not_quoted(self, shell, text, reason):
        shell("encrypt", "photo.png", "--recipient", "ada.pub")
        shell.write("mine", text.encode())
        decrypt(shell, "--identity", "mine", expect=1)
        assert reason in shell.err
        assert ADA.text[25:40] not in shell.err

    def test_plain_key_opens_with_any_identity(self, shell):
        shell("encrypt", "photo.png", "--plain-key")
        decrypt(shell, "--identity", "eve.key")

    def test_invalid_key_file_is_refused_by_the_pipeline(self, shell):
        shell("encrypt", "photo.png", "--recipient", "ada.pub")
        shell.write("photo.enc.qkey", b"{}")
        decrypt(shell, "--identity", "ada.key", expect=3)
        assert "key file is not valid" in shell.err


class TestFips:
    def test_derives_with_pbkdf2(self, shell):
        shell("encrypt", "photo.png", "--password-file", "password", "--fips")
        kdf = keyfile.passphrase_kdf(keyfile.parse(shell.read("photo.enc.qkey")))
        assert (kdf.NAME, kdf.iterations) == ("pbkdf2-hmac-sha256", 600_000)
        decrypt(shell, "--password-file", "password")


class TestKeygen:
    def test_secret_in_private_file_public_key_printed(self, shell):
        shell("keygen", "-o", "mine")
        assert shell.mode("mine") == 0o600
        secret = SecretKey.parse(shell.read("mine").decode().splitlines()[-1])
        assert shell.out == secret.public.text + "\n"
        assert secret.text not in shell.out + shell.err

    def test_generated_keys_encrypt_and_decrypt(self, shell):
        shell("keygen", "-o", "mine")
        shell.write("mine.pub", shell.out.encode())
        shell("encrypt", "photo.png", "--recipient", "mine.pub")
        decrypt(shell, "--identity", "mine")

    def test_replaces_nothing(self, shell):
        shell("keygen", "-o", "ada.key", expect=1)
        assert "never replaced" in shell.err
        assert ADA.text in shell.read("ada.key").decode()

    def test_no_file_prints_secret_on_stdout(self, shell):
        """Without a file, stdout gets the secret key, and stderr only the public key."""
        shell("keygen")
        secret = SecretKey.parse(shell.out.splitlines()[-1])
        assert f"# public key: {secret.public.text}" in shell.out
        assert secret.public.text in shell.err
        assert secret.text not in shell.err

    def test_each_run_makes_another_key(self, shell):
        assert shell("keygen") != shell("keygen")

    def test_prints_json(self, shell):
        pair = shell.json("keygen")
        assert SecretKey.parse(pair["secret_key"]).public == PublicKey.parse(pair["public_key"])
        kept = shell.json("keygen", "-o", "mine")
        assert kept.keys() == {"file", "public_key"}
        assert shell.json("keygen", "--public", "mine") == {"public_keys": [kept["public_key"]]}

    def test_prints_the_public_keys_of_a_file(self, shell):
        shell.write("both", f"{ADA.text}\n{BOB.text}\n".encode())
        assert shell("keygen", "--public", "both").split() == [ADA.public.text, BOB.public.text]

    def test_public_refuses_files_without_secret_key(self, shell):
        shell("keygen", "--public", "ada.pub", expect=1)
        shell("keygen", "--public", "missing", expect=1)
        shell("keygen", "--public", "ada.key", "-o", "new", expect=2)

    @pytest.mark.parametrize("out", ["missing/mine", "/dev/null", "."])
    def test_unwritable_place_refused(self, shell, out):
        shell("keygen", "-o", out, expect=1)


class TestRewrap:
    def test_adds_and_removes_recipients(self, shell):
        shell("encrypt", "photo.png", "--recipient", "ada.pub")
        arguments = ("--identity", "ada.key", "--recipient", "bob.pub", "--new-password-file", "password")
        made = shell.json("rewrap", "photo.enc.qkey", "-o", "new.qkey", *arguments)
        assert made["stanzas"] == stanzas(shell, "new.qkey") == ["passphrase", "recipient"]
        assert shell.mode("new.qkey") == 0o600
        for number, (key, arguments, expect) in enumerate(
            [
                ("new.qkey", ("--identity", "bob.key"), 0),
                ("new.qkey", ("--password-file", "password"), 0),
                ("new.qkey", ("--identity", "ada.key"), 3),
                ("photo.enc.qkey", ("--identity", "ada.key"), 0),
            ]
        ):
            out = f"back{number}.png"
            shell("decrypt", "photo.enc.png", "--key", key, "-o", out, *arguments, expect=expect)

    def test_warns_that_old_key_file_still_opens(self, shell):
        shell("encrypt", "photo.png", "--plain-key")
        shell("rewrap", "photo.enc.qkey", "-o", "new.qkey", "--recipient", "ada.pub")
        assert "as before" in shell.err
        assert "recipient" in shell.out

    @pytest.mark.parametrize(
        ("arguments", "expect"),
        [
            (("-o", "new.qkey", "--identity", "eve.key", "--recipient", "bob.pub"), 3),
            (("-o", "new.qkey", "--identity", "ada.key", "--recipient", "eve.key"), 1),
            (("-o", "new.qkey", "--identity", "ada.key"), 2),
            (("-o", "new.qkey", "--identity", "ada.key", "--plain-key", "--recipient", "bob.pub"), 2),
            (("-o", "./photo.enc.qkey", "--identity", "ada.key", "--recipient", "bob.pub", "--force"), 2),
            (("-o", "ada.pub", "--identity", "ada.key", "--recipient", "bob.pub"), 1),
            (("--identity", "ada.key", "--recipient", "bob.pub"), 2),
        ],
    )
    def test_failure_writes_nothing(self, shell, arguments, expect):
        shell("encrypt", "photo.png", "--recipient", "ada.pub")
        files, before = shell.files(), shell.read("photo.enc.qkey")
        shell("rewrap", "photo.enc.qkey", *arguments, expect=expect)
        assert (shell.files(), shell.read("photo.enc.qkey")) == (files, before)

    def test_changed_key_file_is_refused(self, shell):
        shell("encrypt", "photo.png", "--recipient", "ada.pub")
        shell.write("photo.enc.qkey", shell.read("photo.enc.qkey").replace(b'"balanced"', b'"fast"'))
        error = shell.json(
            "rewrap", "photo.enc.qkey", "-o", "new", "--identity", "ada.key", "--recipient", "bob.pub", expect=3
        )["error"]
        assert error["rung"] == "mac"
