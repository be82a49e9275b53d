"""Key file vectors that are refused before any stanza is tried. Those with a MAC have a valid one."""

import json

from tests.vectors.key_files import Locking, b64, compact, fips, indented, passphrase, plain, recipient, vault


def vectors():
    """Yield name, expectation, comment, the locking, what is given and the key file, as `key_files.vectors`."""
    for name, comment, locking, data in (*_writing(), *_fields(), *_stanzas(), *_costs(), *_material()):
        yield f"key_file_{name}", "key file", comment, locking, {}, data


def _writing():
    """Yield other spellings of a key file, and data that is not a key file."""
    locking = Locking(plain)
    data, value = locking.data(), locking.locked()
    for name, changed, comment in (
        ("empty", b"", "nothing"),
        ("no_json", b"{\n", "no JSON"),
        ("null", b"null\n", "null"),
        ("no_line_feed", data[:-1], "no final line feed"),
        ("two_line_feeds", data + b"\n", "two final line feeds"),
        ("carriage_returns", data.replace(b"\n", b"\r\n"), "lines that end with CR LF"),
        ("mark", b"\xef\xbb\xbf" + data, "a byte order mark"),
        ("space", b" " + data, "a space in front"),
        ("compact", compact(value), "the compact form"),
        ("tabs", data.replace(b"  ", b"\t"), "tabs"),
        (
            "unsorted",
            json.dumps(dict(sorted(value.items(), reverse=True)), indent=2).encode() + b"\n",
            "keys that do not ascend",
        ),
        ("escaped", data.replace(b'"balanced"', b'"\\u0062alanced"'), "a letter that is escaped"),
        ("twice", data.replace(b'  "version": 1\n', b'  "version": 1,\n  "version": 1\n'), "a key that stands twice"),
        ("utf_16", data.decode().encode("utf-16-le"), "UTF-16"),
        ("trailing", data + b"{}\n", "a second value"),
    ):
        yield name, comment, locking, changed


def _fields():
    for name, change, comment in (
        ("format", {"format": "imageshield"}, "another format"),
        ("version_2", {"version": 2}, "version 2"),
        ("version_true", {"version": True}, "the version true"),
        ("version_text", {"version": "1"}, "the version as text"),
        ("purity", {"purity": "pure"}, "a purity that there is not"),
        ("key_id_upper", {"key_id": "key_" + "A" * 32}, "a key id in capitals"),
        ("key_id_dashes", {"key_id": "key_00000000-0000-0000-0000-000000000000"}, "a key id with dashes"),
        ("created_offset", {"created": "2026-11-22T00:00:00+00:00"}, "a time with an offset"),
        ("created_month", {"created": "2026-13-22T00:00:00Z"}, "month 13"),
        ("nonce_short", {"nonce_b64": b64(bytes(23))}, "a nonce of 23 bytes"),
        ("commitment_long", {"commitment_b64": b64(bytes(33))}, "a commitment of 33 bytes"),
        ("statement_upper", {"statement_sha256": "A" * 64}, "a digest in capitals"),
        ("additional", {"comment": ""}, "an additional key"),
        ("stanzas_none", {"stanzas": []}, "no stanzas"),
        ("stanzas_object", {"stanzas": {}}, "stanzas that are no list"),
    ):
        locking = Locking(plain)
        locking.value |= change
        yield name, comment, locking, None
    locking = Locking(plain)
    del locking.value["created"]
    yield "missing", "a key that is missing", locking, None
    locking = Locking(plain)
    yield "mac_missing", "no MAC", locking, indented(locking.value)
    yield "mac_short", "a MAC of 31 bytes", locking, indented(locking.value | {"mac_b64": b64(bytes(31))})
    yield "base64_stray", "Base64 with stray bits", locking, _stray(locking)


def _stray(locking):
    """Set the two bits after the last byte of the MAC, which has 32 bytes."""
    value = locking.locked()
    text = value["mac_b64"]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return indented(value | {"mac_b64": text[:-2] + alphabet[alphabet.index(text[-2]) | 1] + "="})


def _stanzas():
    for name, stanzas, comment in (
        ("stanzas_21", [recipient(f"friend {number}") for number in range(21)], "21 stanzas"),
        ("plain_twice", [plain, plain], "two keys in clear"),
        ("vault_twice", [vault, vault], "two vault stanzas"),
        ("passphrase_twice", [passphrase(), passphrase(salt="another")], "two passphrases"),
        ("passphrase_plain", [passphrase(), plain], "a passphrase beside a key in clear"),
        ("passphrase_vault", [vault, passphrase()], "a passphrase beside a vault stanza"),
        ("recipient_plain", [plain, recipient("ada")], "a recipient beside a key in clear"),
    ):
        yield name, comment, Locking(*stanzas), None
    for name, stanza, change, comment in (
        ("type", plain, {"type": "PLAIN"}, "a type that there is not"),
        ("type_null", plain, {"type": None}, "a type that is no text"),
        ("plain_short", plain, {"file_key_b64": b64(bytes(31))}, "a file key of 31 bytes"),
        ("plain_additional", plain, {"comment": ""}, "an additional key of a stanza"),
        ("passphrase_body", passphrase(), {"body_b64": b64(bytes(47))}, "a wrapped key of 47 bytes"),
        ("recipient_short", recipient("ada"), {"body_b64": b64(bytes(1167))}, "a recipient's body of 1167 bytes"),
        ("recipient_long", recipient("ada"), {"body_b64": b64(bytes(1169))}, "a recipient's body of 1169 bytes"),
        ("recipient_hint", recipient("ada"), {"hint_b64": b64(bytes(9))}, "a hint of 9 bytes"),
        ("vault_nonce", vault, {"nonce_b64": b64(bytes(11))}, "a nonce of 11 bytes"),
        ("vault_kek_id", vault, {"kek_id": "../kek"}, "a KEK id with a slash"),
        ("vault_kek_version", vault, {"kek_version": 0}, "KEK version 0"),
    ):
        locking = Locking(stanza)
        locking.value["stanzas"][0] |= change
        yield f"stanza_{name}", comment, locking, None
    locking = Locking(plain)
    locking.value["stanzas"] = ["plain"]
    yield "stanza_text", "a stanza that is a text", locking, None


def _costs():
    """Yield costs that a reader must refuse before it derives anything."""
    for name, stanza, change, comment in (
        ("m_4_gib", passphrase(), {"m_kib": 4_194_304}, "4 GiB of memory"),
        ("m_high", passphrase(), {"m_kib": 1_048_577}, "1 GiB and 1 KiB of memory"),
        ("m_low", passphrase(), {"m_kib": 19_455}, "less memory than is accepted"),
        ("t_high", passphrase(), {"t": 11}, "11 passes"),
        ("t_1e9", passphrase(), {"t": 1_000_000_000}, "10^9 passes"),
        ("t_0", passphrase(), {"t": 0}, "no pass"),
        ("p_high", passphrase(), {"p": 17}, "17 lanes"),
        ("product", passphrase(), {"m_kib": 1_048_576, "t": 5}, "5 GiB written in all"),
        ("salt_short", passphrase(), {"salt_b64": b64(bytes(15))}, "a salt of 15 bytes"),
        ("name", passphrase(), {"name": "argon2i"}, "Argon2i"),
        ("additional", passphrase(), {"secret_b64": ""}, "an additional parameter"),
        ("iterations_low", fips(), {"iterations": 599_999}, "599,999 iterations"),
        ("iterations_high", fips(), {"iterations": 10_000_001}, "10,000,001 iterations"),
        ("iterations_1e9", fips(), {"iterations": 1_000_000_000}, "10^9 iterations"),
        ("iterations_text", fips(), {"iterations": "600000"}, "iterations as text"),
        ("fips_salt", fips(), {"salt_b64": b64(bytes(17))}, "a salt of 17 bytes for PBKDF2"),
        ("mixed", fips(), {"name": "argon2id"}, "the parameters of PBKDF2 under the name of Argon2id"),
    ):
        locking = Locking(stanza)
        locking.value["stanzas"][0]["kdf"] |= change
        yield f"kdf_{name}", comment, locking, None


def _material():
    multistage = {"image": "success_multistage_pixels", "purity": "multistage"}
    locking = Locking(plain, **multistage)
    del locking.value["material_b64"]
    yield "material_missing", "the purity multistage without material", locking, None
    locking = Locking(plain, **multistage)
    locking.value["purity"] = "balanced"
    yield "material_balanced", "the purity balanced with material", locking, None
    locking = Locking(plain, **multistage)
    locking.value["material_b64"] = b64(bytes(68))
    yield "material_short", "material that is too short for a seed", locking, None
    locking = Locking(plain, **multistage)
    locking.value["material_b64"] = ""
    yield "material_empty", "empty material", locking, None
