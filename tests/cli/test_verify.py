"""`verify`: receipts with keys, images and key files."""

import json
import re
import socket
from functools import cache
from hashlib import sha256

import pytest

from imageshield.commands.offline.verify import _CHECKS
from shield_core.keys import jwk
from shield_core.keys.stanzas import PassphraseWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum.receipt import Signer, encode, seal
from shield_core.quantum.sources import DeterministicSource
from tests.cli.test_files import PASSWORD, ROOT, Shell
from tests.support import pictures

SIGNER = Signer.from_seeds(bytes(range(32)))
BOTH = Signer.from_seeds(bytes(range(32)), bytes(range(32, 64)))
STRANGER = Signer.from_seeds(bytes(32))
WHOLE = ("--image", "photo.enc.png", "--key", "photo.enc.qkey")


@cache
def made(name):
    """The files of one picture that was encrypted with a password: made once, because Argon2id is slow."""
    wrap = PassphraseWrap.from_passphrase(PASSWORD)
    picture = pictures.as_png(pictures.make(9, 7))
    image = encrypt_image(picture, source=DeterministicSource(), wraps=[wrap], job_id=f"job of {name}")
    parts = {"image_sha256": sha256(image.png).hexdigest(), "tag": image.tag}
    signers = {"r.json": SIGNER, "both.json": BOTH, "unsigned.json": None}
    receipts = {file: seal(image.statement, **parts, signer=signer) for file, signer in signers.items()}
    return {
        f"{name}.png": picture,
        f"{name}.enc.png": bytes(image.png),
        f"{name}.enc.qkey": image.key_file_bytes,
        **({file: encode(receipt) for file, receipt in receipts.items()} if name == "photo" else {}),
    }


class Desk(Shell):
    """A directory with an encrypted picture, its key file and receipts, without a network."""

    def __init__(self, *fixtures):
        super().__init__(*fixtures)
        self.put("photo")
        self.receipt = json.loads(self.read("r.json"))
        self.publish("jwks.json", BOTH)

    def put(self, name):
        for file, data in made(name).items():
            self.write(file, data)

    def publish(self, name, *signers, use="receipt"):
        keys = [key for signer in signers for key in jwk.write(signer.public_keys, use=use)]
        self.write(name, json.dumps({"keys": keys}).encode())

    def verify(self, *arguments, expect=0):
        return self("verify", *arguments, expect=expect)

    def result(self, *arguments, expect=0):
        """The last row of the table."""
        label, _, text = self.verify(*arguments, expect=expect).splitlines()[-1].partition(" ")
        assert label == "result"
        return text.strip()


@pytest.fixture
def desk(tmp_path, capsys, monkeypatch):
    def refuse(*_):
        raise AssertionError("verify asked the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return Desk(tmp_path, capsys, monkeypatch)


class TestTrusted:
    def test_a_receipt_with_image_and_key_is_verified(self, desk):
        arguments = ("r.json", *WHOLE, "--keys", "jwks.json", "--password-file", "password")
        assert desk.result(*arguments) == "verified"
        assert "valid" in desk.out
        assert "credited with 0" in desk.out

    def test_receipt_alone_is_verified_with_its_limits(self, desk):
        """The output says what a receipt without image and key file does not show."""
        assert desk.result("r.json", "--keys", "jwks.json") == "verified"
        for hint in ("--image", "--key ", "that is what the signer says"):
            assert hint in desk.out

    def test_with_two_signatures_both_count(self, desk):
        assert desk.result("both.json", "--keys", "jwks.json", "--ml-dsa-65") == "verified"
        assert desk.out.count("valid") == 2

    def test_one_signature_of_two_is_not_enough(self, desk):
        assert desk.result("r.json", "--keys", "jwks.json", "--ml-dsa-65", expect=1) == "unsigned"

    def test_an_old_key_among_new_ones_is_found(self, desk):
        desk.publish("jwks.json", STRANGER, SIGNER)
        assert desk.result("r.json", "--keys", "jwks.json") == "verified"


class TestNotTrusted:
    def test_no_keys_leave_the_signer_unknown(self, desk):
        assert desk.result("r.json", expect=1) == "intact, signer unknown"
        assert "/.well-known/jwks.json" in desk.out
        assert "anybody can have" in desk.out

    def test_foreign_signer_is_unknown(self, desk):
        desk.publish("jwks.json", STRANGER)
        assert desk.result("r.json", *WHOLE, "--password-file", "password", "--keys", "jwks.json", expect=1) == (
            "intact, signer unknown"
        )

    def test_key_for_another_use_is_not_trusted(self, desk):
        desk.publish("jwks.json", SIGNER, use="access-token")
        assert desk.result("r.json", "--keys", "jwks.json", expect=1) == "intact, signer unknown"
        assert "holds no key that signs receipts (1 others)" in desk.err

    def test_offline_receipt_is_unsigned(self, desk):
        arguments = ("unsigned.json", *WHOLE, "--password-file", "password", "--keys", "jwks.json")
        assert desk.result(*arguments, expect=1) == "unsigned"
        assert "nobody" in desk.out


class TestChanged:
    @pytest.mark.parametrize(
        ("name", "value"),
        [("image_sha256", "ab" * 32), ("tag_b64", "A" * 43 + "="), ("signature_b64", "A" * 86 + "==")],
    )
    def test_changed_field_is_exit_3(self, desk, name, value):
        desk.write("r.json", encode(desk.receipt | {name: value}))
        assert desk.result("r.json", "--keys", "jwks.json", expect=3) == "does not match: signature"

    def test_changed_statement_is_exit_3(self, desk):
        desk.write("r.json", desk.read("r.json").replace(b'"balanced"', b'"fast"'))
        desk.verify("r.json", "--keys", "jwks.json", expect=3)
        assert "statement_sha256" in desk.err

    def test_rewritten_json_is_exit_3(self, desk):
        desk.write("r.json", json.dumps(desk.receipt).encode())
        error = desk.json("verify", "r.json", "--keys", "jwks.json", expect=3)["error"]
        assert error["code"] == "receipt-invalid"
        assert "not canonical" in error["detail"]

    def test_other_image_is_exit_3(self, desk):
        desk.put("other")
        arguments = ("r.json", "--image", "other.enc.png", "--keys", "jwks.json")
        assert desk.result(*arguments, expect=3) == "does not match: image sha256, image tag, image key id"

    def test_original_picture_as_image_is_exit_3(self, desk):
        arguments = ("r.json", "--image", "photo.png", "--keys", "jwks.json")
        assert "image sha256" in desk.result(*arguments, expect=3)
        assert "Not an encrypted image" in desk.err

    def test_changed_image_is_exit_3(self, desk):
        """This holds even if the signer is unknown."""
        image = bytearray(desk.read("photo.enc.png"))
        image[-30] ^= 1
        desk.write("photo.enc.png", bytes(image))
        assert desk.result("r.json", "--image", "photo.enc.png", expect=3) == "does not match: image sha256"

    def test_key_file_of_another_image_is_exit_3(self, desk):
        desk.put("other")
        arguments = ("r.json", "--image", "photo.enc.png", "--key", "other.enc.qkey", "--password-file", "password")
        assert desk.result(*arguments, "--keys", "jwks.json", expect=3) == (
            "does not match: key file key id, key file statement, key file of image"
        )


class TestKeyFile:
    def test_a_wrong_password_is_exit_3(self, desk):
        desk.write("wrong", b"not the password\n")
        error = desk.json("verify", "r.json", *WHOLE, "--password-file", "wrong", expect=3)["error"]
        assert (error["code"], error["rung"]) == ("decryption-failed", "no match")

    def test_without_a_terminal_a_password_must_be_given(self, desk):
        desk.verify("r.json", *WHOLE, expect=2)
        assert "--password-file" in desk.err

    def test_key_file_alone_is_compared_with_the_statement(self, desk):
        arguments = ("r.json", "--key", "photo.enc.qkey", "--password-file", "password", "--keys", "jwks.json")
        assert desk.json("verify", *arguments)["checks"] == {"key_file_key_id": True, "key_file_statement": True}

    def test_key_file_is_not_compared_with_another_image(self, desk):
        """An image that is not the receipt's is no evidence about the receipt's image."""
        arguments = ("--key", "photo.enc.qkey", "--image", "photo.png", "--password-file", "password")
        checks = desk.json("verify", "r.json", *arguments, expect=3)["checks"]
        assert set(checks) == {"image_sha256", "image_tag", "image_key_id", "key_file_key_id", "key_file_statement"}


class TestKeySets:
    def test_private_key_is_refused_and_not_quoted(self, desk):
        secret = "c2VjcmV0LWNhbmFyeS1jMmVjcmV0LWNhbmFyeS1zZWM"
        entry = jwk.write(SIGNER.public_keys, use="receipt")[0] | {"d": secret}
        desk.write("jwks.json", json.dumps({"keys": [entry]}).encode())
        error = desk.json("verify", "r.json", "--keys", "jwks.json", expect=1)["error"]
        assert error["code"] == "key-set-invalid"
        assert "private key" in error["detail"]
        assert secret not in desk.out + desk.err

    @pytest.mark.parametrize("data", [b"", b"<html>", b'{"keys":7}', b'{"keys":' + b"[" * 5000, b" " * 1_048_577])
    def test_other_file_is_refused(self, desk, data):
        desk.write("jwks.json", data)
        assert desk.json("verify", "r.json", "--keys", "jwks.json", expect=1)["error"]["code"] in {
            "key-set-invalid",
            "file-too-large",
        }

    def test_address_is_not_fetched(self, desk):
        """The error names the command that fetches the key set."""
        desk.verify("r.json", "--keys", "https://example.org/.well-known/jwks.json", expect=2)
        assert "curl -o jwks.json" in desk.err


class TestJson:
    def test_holds_everything(self, desk):
        arguments = ("both.json", *WHOLE, "--keys", "jwks.json", "--password-file", "password")
        found = desk.json("verify", *arguments)
        assert (found["outcome"], found["failed"]) == ("verified", [])
        assert found["signatures"] == {
            key.algorithm.value: {"state": "valid", "signer": key.kid} for key in BOTH.public_keys
        }
        assert found["checks"] == dict.fromkeys(_CHECKS, True)
        assert found["statement"]["raw"]["credited_bits"] == 0
        assert len(found["not_shown"]) == 1

    def test_failure_is_json_too(self, desk):
        desk.write("r.json", encode(desk.receipt | {"image_sha256": "ab" * 32}))
        found = desk.json("verify", "r.json", "--image", "photo.enc.png", "--keys", "jwks.json", expect=3)
        assert (found["outcome"], found["failed"]) == ("does not match", ["signature", "image_sha256"])


class TestInput:
    @pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"{}", b"\xff" * 100, b" " * 1_048_577])
    def test_other_file_is_refused(self, desk, data):
        desk.write("r.json", data)
        code = desk.json("verify", "r.json", expect=1 if len(data) > 1_048_576 else 3)["error"]["code"]
        assert code == ("file-too-large" if len(data) > 1_048_576 else "receipt-invalid")

    @pytest.mark.parametrize(
        "arguments",
        [("none.json",), ("r.json", "--image", "none"), ("r.json", "--key", "none"), ("r.json", "--keys", "none")],
    )
    def test_a_file_that_is_not_there(self, desk, arguments):
        assert desk.json("verify", *arguments, expect=1)["error"]["code"] == "file-not-found"

    def test_foreign_text_does_not_move_the_cursor(self, desk):
        statement = desk.receipt["statement"] | {"job_id": "job\x1b[2J\n\u202e"}
        desk.write("r.json", encode(seal(statement, image_sha256="ab" * 32, tag=bytes(32), signer=SIGNER)))
        desk.verify("r.json", "--keys", "jwks.json")
        assert "\x1b" not in desk.out
        assert "\u202e" not in desk.out


class TestEncrypt:
    def test_writes_an_unsigned_receipt_of_the_image(self, desk):
        desk.encrypt("new.png", "--receipt", "new.json")
        receipt = json.loads(desk.read("new.json"))
        assert (receipt["signer"], receipt["signature_b64"]) == (None, None)
        assert receipt["image_sha256"] == sha256(desk.read("new.enc.png")).hexdigest()
        arguments = ("new.json", "--image", "new.enc.png", "--key", "new.enc.qkey", "--password-file", "password")
        assert desk.result(*arguments, expect=1) == "unsigned"

    def test_replaces_no_receipt(self, desk):
        desk.write("kept.json", b"precious")
        desk.encrypt("new.png", "--receipt", "kept.json", expect=1)
        assert desk.read("kept.json") == b"precious"
        assert "new.enc.png" not in desk.files()

    def test_same_file_for_two_results_is_refused(self, desk):
        desk.encrypt("new.png", "--receipt", "new.enc.qkey", expect=2)
        assert "same file" in desk.err


class TestDocument:
    def test_names_every_check_in_order(self):
        page = (ROOT / "docs/reference/receipts.md").read_text()
        assert re.findall(r"(?m)^\| `(image_[a-z0-9_]+|key_file_[a-z_]+|metadata_[a-z]+)` \|", page) == list(_CHECKS)
