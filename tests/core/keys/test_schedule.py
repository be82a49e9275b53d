import dataclasses
import hmac
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import shield_core
from shield_core.keys.schedule import LABELS, derive, expand, extract, file_key_from_seed, framed, hkdf
from tests.core.keys import hkdf_reference as reference

FILE_KEY = bytes(range(32))
NONCE = bytes(range(32, 56))
TABLE = {field.name: getattr(LABELS, field.name) for field in dataclasses.fields(LABELS)}


class TestReference:
    """The second implementation is right by the vectors of RFC 5869, appendix A."""

    @pytest.mark.parametrize(
        ("ikm", "salt", "info", "prk", "okm"),
        [
            pytest.param(
                b"\x0b" * 22,
                bytes(range(13)),
                bytes(range(0xF0, 0xFA)),
                "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
                "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
                id="A.1",
            ),
            pytest.param(
                bytes(range(0x50)),
                bytes(range(0x60, 0xB0)),
                bytes(range(0xB0, 0x100)),
                "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
                "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
                "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87",
                id="A.2",
            ),
            pytest.param(
                b"\x0b" * 22,
                b"",
                b"",
                "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
                "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
                id="A.3",
            ),
        ],
    )
    def test_rfc_5869(self, ikm, salt, info, prk, okm):
        assert reference.extract("sha256", salt, ikm).hex() == prk
        assert reference.expand("sha256", bytes.fromhex(prk), info, len(okm) // 2).hex() == okm


class TestHmac:
    """The primitive under tags and MACs, by the vectors of RFC 4231, section 4."""

    @pytest.mark.parametrize(
        ("key", "message", "sha256"),
        [
            (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (
                b"\xaa" * 131,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ],
    )
    def test_rfc_4231(self, key, message, sha256):
        assert hmac.digest(key, message, "sha256").hex() == sha256


class TestHkdf:
    @settings(deadline=None)
    @given(st.binary(max_size=200), st.binary(max_size=140), st.binary(max_size=50), st.integers(1, 300))
    def test_is_rfc_5869_with_sha_512(self, ikm, salt, info, length):
        prk = reference.extract("sha512", salt, ikm)
        assert extract(ikm, salt=salt) == prk
        assert expand(prk, info=info, length=length) == reference.expand("sha512", prk, info, length)
        assert hkdf(ikm, salt=salt, info=info, length=length) == reference.expand("sha512", prk, info, length)

    def test_no_salt_is_64_zero_bytes(self):
        assert hkdf(b"ikm", info=b"info") == hkdf(b"ikm", salt=bytes(64), info=b"info")


class TestLabels:
    def test_no_two_are_equal(self):
        assert len(set(TABLE.values())) == len(TABLE)

    def test_each_is_named_as_its_field(self):
        assert {name: f"imageshield/v1/{name.replace('_', '-')}".encode() for name in TABLE} == TABLE

    def test_no_label_is_outside_the_table(self):
        core = Path(shield_core.__file__).parent
        strays = {
            str(path)
            for path in core.rglob("*.py")
            if path.name != "schedule.py" and re.search(r"imageshield/v\d/", path.read_text())
        }
        assert strays == set()

    def test_the_specifications_name_no_other(self):
        docs = Path(shield_core.__file__).parent.parent / "docs"
        named = set()
        for page in (
            "reference/format.md",
            "explanation/entropy.md",
            "reference/receipts.md",
            "reference/audit-format.md",
        ):
            named |= set(re.findall(r'"(imageshield/v1/[a-z-]+)"', (docs / page).read_text()))
        assert named <= {label.decode() for label in TABLE.values()}


class TestDerive:
    def test_is_what_the_specification_writes(self):
        prk = reference.extract("sha512", NONCE, FILE_KEY)
        keys = derive(FILE_KEY, NONCE)
        for name in ("stream", "permutation", "metadata", "mac", "material", "key_file", "commitment"):
            label = f"imageshield/v1/{name.replace('_', '-')}".encode()
            assert getattr(keys, name) == reference.expand("sha512", prk, label, 32), name

    def test_the_vector_of_the_specification(self):
        page = (Path(shield_core.__file__).parent.parent / "docs/reference/format.md").read_text()
        vector = dict(re.findall(r"(?m)^([a-z -]+?) += ([0-9a-f]{48,64})$", page))
        keys = derive(bytes.fromhex(vector["file key"]), bytes.fromhex(vector["nonce"]))
        assert file_key_from_seed(bytes.fromhex(vector["seed"])).hex() == vector["file key"]
        assert {
            "stream key": keys.stream.hex(),
            "perm key": keys.permutation.hex(),
            "meta key": keys.metadata.hex(),
            "mac key": keys.mac.hex(),
            "material key": keys.material.hex(),
            "key-file key": keys.key_file.hex(),
            "commitment": keys.commitment.hex(),
        } == {name: value for name, value in vector.items() if name not in {"seed", "file key", "nonce"}}

    def test_no_key_is_equal_to_another(self):
        keys = derive(FILE_KEY, NONCE)
        values = {getattr(keys, field.name) for field in dataclasses.fields(keys)}
        assert len(values) == 7

    @pytest.mark.parametrize("change", [{"file_key": bytes(32)}, {"nonce": bytes(24)}])
    def test_another_file_key_or_nonce_changes_every_key(self, change):
        before, after = derive(FILE_KEY, NONCE), derive(**({"file_key": FILE_KEY, "nonce": NONCE} | change))
        assert all(getattr(before, f.name) != getattr(after, f.name) for f in dataclasses.fields(before))

    @pytest.mark.parametrize(("file_key", "nonce"), [(31, 24), (33, 24), (32, 23), (32, 25), (0, 24), (32, 0)])
    def test_refuses_other_lengths(self, file_key, nonce):
        with pytest.raises(ValueError, match="32 bytes"):
            derive(bytes(file_key), bytes(nonce))

    def test_shows_only_the_commitment(self):
        keys = derive(FILE_KEY, NONCE)
        assert repr(keys) == f"Schedule(commitment={keys.commitment!r})"


class TestFramed:
    def test_writes_the_length_in_front(self):
        assert framed(b"") == b"\0\0"
        assert framed(b"abc") == b"\0\3abc"

    def test_no_border_can_move(self):
        assert framed(b"ab") + framed(b"c") != framed(b"a") + framed(b"bc")

    def test_refuses_what_a_u16_does_not_hold(self):
        assert len(framed(bytes(65_535))) == 65_537
        with pytest.raises(ValueError, match="65,535"):
            framed(bytes(65_536))
