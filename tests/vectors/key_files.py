"""Key files for the vectors, from docs/reference/format.md, Key file, with other implementations of every primitive.

The second HKDF and HPKE of tests/core/keys, argon2-cffi, PBKDF2 and HMAC of the standard library: what these lock, ours
must open.
"""

import base64
import hashlib
import hmac
import json
import unicodedata
from hashlib import sha256

import argon2.low_level
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.core.keys import hkdf_reference as hkdf
from tests.core.keys import hpke_reference as hpke
from tests.vectors import reading

PASSPHRASE = "correct horse battery staple"
IMAGE = "success_pixels_l"
SEEDED = "success_multistage_pixels"
WEAK = {"m_kib": 19_456, "t": 1, "p": 1}
"""The least that is accepted: strength is not what vectors are about."""


def b64(data):
    return base64.b64encode(data).decode()


def seed(name):
    """The secret key of a recipient."""
    return sha256(f"secret key of {name}".encode()).digest()


def text(kind, data):
    checked = base64.urlsafe_b64encode(data + sha256(data).digest()[:4]).decode().rstrip("=")
    return f"imageshield-{kind}-1:{checked}"


def identity(name):
    return text("secret", seed(name))


def compact(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def indented(value):
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False).encode() + b"\n"


class Locking:
    """The key file of one image; it is valid until a vector changes `value`."""

    def __init__(self, *stanzas, image=IMAGE, purity="balanced"):
        vector = reading.read(reading.HERE / "images" / f"{image}.vector")
        own = vector.body[41:]  # behind signature, IHDR and the length and type of qsIS
        self.image = image
        self.payload = vector.fields["payload"]
        self.file_key = bytes.fromhex(vector.fields["file key"])
        self.key_id, self.nonce = own[10:26], own[26:50]
        self.value = {
            "format": "imageshield-key-file",
            "version": 1,
            "key_id": f"key_{self.key_id.hex()}",
            "created": "2026-11-22T00:00:00Z",
            "purity": purity,
            "nonce_b64": b64(self.nonce),
            "commitment_b64": b64(own[50:82]),
            "statement_sha256": vector.fields["statement"],
            "stanzas": [stanza(self) for stanza in stanzas],
        }
        if "material" in vector.fields and purity == "multistage":
            self.value["material_b64"] = vector.fields["material"]

    def mac(self):
        prk = hkdf.extract("sha512", self.nonce, self.file_key)
        return hmac.digest(hkdf.expand("sha512", prk, b"imageshield/v1/key-file", 32), compact(self.value), "sha256")

    def locked(self):
        """Return the object with its MAC."""
        return self.value | {"mac_b64": b64(self.mac())}

    def data(self):
        return indented(self.locked())


def plain(locking):
    return {"type": "plain", "file_key_b64": b64(locking.file_key)}


def passphrase(passphrase=PASSPHRASE, *, salt="salt", **costs):
    def wrap(locking):
        kdf = {"name": "argon2id", "salt_b64": b64(sha256(salt.encode()).digest()[:16])} | WEAK | costs
        key = argon2.low_level.hash_secret_raw(
            unicodedata.normalize("NFC", passphrase).encode(),
            base64.b64decode(kdf["salt_b64"]),
            kdf["t"],
            kdf["m_kib"],
            kdf["p"],
            32,
            argon2.low_level.Type.ID,
            0x13,
        )
        return _passphrase_stanza(locking, kdf, key)

    return wrap


def fips(passphrase=PASSPHRASE, *, iterations=600_000):
    def wrap(locking):
        salt = sha256(b"salt of fips").digest()[:16]
        kdf = {"name": "pbkdf2-hmac-sha256", "salt_b64": b64(salt), "iterations": iterations}
        return _passphrase_stanza(
            locking, kdf, hashlib.pbkdf2_hmac("sha256", passphrase.encode(), salt, iterations, 32)
        )

    return wrap


def _passphrase_stanza(locking, kdf, key):
    aad = b"imageshield/v1/passphrase" + locking.key_id + compact(kdf)
    return {"type": "passphrase", "kdf": kdf, "body_b64": b64(AESGCM(key).encrypt(bytes(12), locking.file_key, aad))}


def recipient(name, *, key_id=None, hint=None):
    def wrap(locking):
        public = hpke.public_of(seed(name))
        info = b"imageshield/v1/recipient" + (key_id or locking.key_id)
        return {
            "type": "recipient",
            "hint_b64": b64(sha256(hint or public).digest()[:8]),
            "body_b64": b64(hpke.seal(public, info, locking.file_key)),
        }

    return wrap


def vault(locking):
    kek, nonce = sha256(b"kek").digest(), sha256(b"nonce").digest()[:12]
    names = b"\0\5acc_1" + b"\0\x10" + locking.key_id + b"\0\5kek-1"
    body = AESGCM(kek).encrypt(nonce, locking.file_key, b"imageshield/v1/vault" + names + b"\0\0\0\1")
    stanza = {"type": "vault", "kek_id": "kek-1", "kek_version": 1}
    return stanza | {"nonce_b64": b64(nonce), "body_b64": b64(body)}


def vectors():
    """Yield name, expectation, comment, the locking, what is given (passphrase, identity) and the key file."""
    yield from _success()
    yield from _no_match()
    yield from _commitment()
    yield from _mac()
    yield from _purity()


def _success():
    by_password, by_identity = {"passphrase": PASSPHRASE}, {"identity": identity("ada")}
    twenty = [recipient(f"friend {number}") for number in range(19)]
    for name, stanzas, given, comment in (
        ("plain", [plain], {}, "a key in clear"),
        ("passphrase", [passphrase()], by_password, "a passphrase, Argon2id"),
        (
            "passphrase_costs",
            [passphrase(m_kib=20_000, t=2, p=3)],
            by_password,
            "a passphrase, other costs of Argon2id",
        ),
        (
            "passphrase_nfd",
            [passphrase("caf\u00e9 au lait, please")],
            {"passphrase": "cafe\u0301 au lait, please"},
            "a decomposed accent",
        ),
        ("passphrase_fips", [fips()], by_password, "a passphrase, PBKDF2"),
        ("recipient", [recipient("ada")], by_identity, "a recipient"),
        ("recipient_second", [recipient("bob"), recipient("ada")], by_identity, "the second of two recipients"),
        ("recipient_twice", [recipient("ada"), recipient("ada")], by_identity, "one recipient twice"),
        ("recipient_20", [*twenty, recipient("ada")], by_identity, "the last of 20 recipients"),
        (
            "recipient_hint",
            [recipient("bob", hint=hpke.public_of(seed("ada"))), recipient("ada")],
            by_identity,
            "somebody else's stanza with one's own hint, then one's own",
        ),
        (
            "both_by_password",
            [passphrase(), recipient("ada")],
            by_password,
            "passphrase and recipient, opened by the passphrase",
        ),
        (
            "both_by_identity",
            [passphrase(), recipient("ada")],
            by_identity,
            "passphrase and recipient, opened by the recipient",
        ),
        ("vault_by_identity", [vault, recipient("ada")], by_identity, "vault and recipient, opened by the recipient"),
        ("vault_by_plain", [vault, plain], {}, "vault and a key in clear"),
    ):
        yield f"success_{name}", "success", comment, Locking(*stanzas), given, None
    locking = Locking(recipient("ada"), image="success_multistage_pixels", purity="multistage")
    yield "success_multistage", "success", "a recipient, and material in the key file", locking, by_identity, None
    locking = Locking(passphrase(), image="success_regions_rgb")
    yield "success_regions", "success", "a passphrase, for an image with regions", locking, by_password, None


def _no_match():
    wrong, mine = {"passphrase": "correct horse battery stable"}, {"identity": identity("ada")}
    low_order = (1).to_bytes(32, "little")
    for name, stanzas, given, comment in (
        ("passphrase", [passphrase()], wrong, "another passphrase"),
        ("passphrase_case", [passphrase()], {"passphrase": PASSPHRASE.upper()}, "the passphrase in capitals"),
        (
            "passphrase_nfkc",
            [passphrase("fish and chips")],
            {"passphrase": "\ufb01sh and chips"},
            "a ligature for two letters",
        ),
        (
            "passphrase_long",
            [passphrase()],
            {"passphrase": PASSPHRASE + "x" * 1000},
            "a passphrase of more than 1024 bytes",
        ),
        ("passphrase_fips", [fips()], wrong, "another passphrase, PBKDF2"),
        ("recipient", [recipient("bob")], mine, "another recipient"),
        ("recipient_hint", [recipient("ada", hint=b"nobody")], mine, "one's own stanza with another hint"),
        (
            "recipient_foreign_hint",
            [recipient("bob", hint=hpke.public_of(seed("ada")))],
            mine,
            "somebody else's stanza with one's own hint",
        ),
        ("recipient_info", [recipient("ada", key_id=bytes(16))], mine, "sealed under the id of another key file"),
        ("vault", [vault], {}, "a vault stanza, and no vault"),
        ("vault_by_passphrase", [vault], wrong, "a vault stanza, and a passphrase"),
    ):
        yield f"no_match_{name}", "no match", comment, Locking(*stanzas), given, None
    for name, stanza, at, given, comment in (
        ("passphrase_body", passphrase(), 0, {"passphrase": PASSPHRASE}, "one bit of the wrapped key"),
        ("passphrase_tag", passphrase(), 47, {"passphrase": PASSPHRASE}, "one bit of the tag under a passphrase"),
        ("recipient_ml_kem", recipient("ada"), 0, mine, "one bit of the ML-KEM ciphertext"),
        ("recipient_x25519", recipient("ada"), 1088, mine, "one bit of the X25519 share"),
        ("recipient_body", recipient("ada"), 1120, mine, "one bit of the sealed key"),
        ("recipient_tag", recipient("ada"), 1167, mine, "one bit of the tag of a recipient"),
    ):
        locking = Locking(stanza)
        body = bytearray(base64.b64decode(locking.value["stanzas"][0]["body_b64"]))
        body[at] ^= 1
        locking.value["stanzas"][0]["body_b64"] = b64(body)
        yield f"no_match_{name}", "no match", comment, locking, given, None
    locking = Locking(recipient("ada"))
    body = base64.b64decode(locking.value["stanzas"][0]["body_b64"])
    locking.value["stanzas"][0]["body_b64"] = b64(body[:1088] + low_order + body[1120:])
    yield "no_match_recipient_low_order", "no match", "an X25519 share of low order", locking, mine, None
    locking = Locking(passphrase())
    locking.value["stanzas"][0]["kdf"]["t"] = 2
    yield (
        "no_match_passphrase_kdf",
        "no match",
        "another cost, which the tag covers",
        locking,
        {"passphrase": PASSPHRASE},
        None,
    )


def _commitment():
    locking = Locking(plain)
    locking.value["stanzas"][0]["file_key_b64"] = b64(bytes(32))
    yield "commitment_file_key", "commitment", "another file key in clear", locking, {}, None
    locking = Locking(recipient("ada"))
    locking.value["nonce_b64"] = b64(bytes(24))
    yield "commitment_nonce", "commitment", "another nonce", locking, {"identity": identity("ada")}, None
    locking = Locking(passphrase())
    locking.value["commitment_b64"] = b64(bytes(32))
    yield "commitment_commitment", "commitment", "another commitment", locking, {"passphrase": PASSPHRASE}, None
    locking = Locking(plain, image="success_pixels_rgb")
    locking.image = IMAGE
    yield "commitment_other_image", "commitment", "a sound key file of another image", locking, {}, None


def _mac():
    for name, change, comment in (
        ("created", {"created": "2026-11-22T00:00:01Z"}, "a second later"),
        ("purity", {"purity": "fast"}, "another purity"),
        ("key_id", {"key_id": "key_" + "0" * 32}, "another key id, over a key in clear"),
        ("statement", {"statement_sha256": "0" * 64}, "another statement"),
    ):
        locking = Locking(plain)
        yield f"mac_{name}", "mac", comment, locking, {}, indented(locking.locked() | change)
    locking = Locking(plain)
    flipped = locking.mac()
    flipped = b64(bytes([flipped[0] ^ 1]) + flipped[1:])
    yield "mac_mac", "mac", "one bit of the MAC", locking, {}, indented(locking.value | {"mac_b64": flipped})
    locking = Locking(recipient("ada"), recipient("bob"))
    mine, value = {"identity": identity("ada")}, locking.locked()
    swapped = indented(value | {"stanzas": value["stanzas"][::-1]})
    yield "mac_swapped", "mac", "two stanzas exchanged", locking, mine, swapped
    removed = indented(value | {"stanzas": value["stanzas"][:1]})
    yield "mac_removed", "mac", "a stanza left away", locking, mine, removed
    added = indented(value | {"stanzas": [*value["stanzas"], recipient("eve")(locking)]})
    yield "mac_added", "mac", "a stanza more", locking, mine, added
    locking = Locking(recipient("ada"), image="success_multistage_pixels", purity="multistage")
    material = bytearray(base64.b64decode(locking.value["material_b64"]))
    material[-1] ^= 1
    changed = indented(locking.locked() | {"material_b64": b64(material)})
    yield "mac_material", "mac", "one bit of the material", locking, mine, changed


def _purity():
    """Yield valid key files with another purity than that of their image."""
    for purity in ("fast", "maximum"):
        locking = Locking(plain, purity=purity)
        yield f"payload_purity_{purity}", "payload", f"{purity}, for an image of balanced", locking, {}, None
    locking = Locking(plain, purity="multistage")
    locking.value["material_b64"] = Locking(plain, image=SEEDED, purity="multistage").value["material_b64"]
    yield "payload_purity_multistage", "payload", "multistage, for an image of balanced", locking, {}, None
    locking = Locking(plain, image=SEEDED)
    yield (
        "mac_purity_no_material",
        "mac",
        "balanced, for an image of multistage: its material is missing",
        locking,
        {},
        None,
    )
