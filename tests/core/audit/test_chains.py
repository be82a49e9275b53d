"""Hashes of chains, trees, checkpoints and person fields, against vectors and the specification's own words."""

import hashlib
import hmac
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.audit import persons, trees
from shield_core.audit.chains import genesis, row_hash
from shield_core.audit.checkpoints import Checkpoint, Signer, is_moment, message, write_moment
from shield_core.keys import jwk
from tests.core.keys import hkdf_reference as reference

CHAIN = UUID("0190f5fe-7c00-7a00-8000-0123456789ab")
MOMENT = datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC)
KEY = bytes(range(32))
EVENT = UUID("0190f5fe-7c00-7a00-8000-fedcba987654")
PSEUDONYM = "6afe1ab5009c34f1176e688049e6a442"
SEALED = "e6bb5645d703813e6fb31dfd808864f75c97d1124b147afdde4fa0bc5099a87017c68d44965fa598"


class TestChain:
    """docs/reference/audit-format.md, "Vectors"."""

    def test_genesis_vector(self):
        assert genesis(CHAIN).hex() == "51ca69fe903b6c98471114b7e9320f42317f1d94d13ab6e6e45b0965fadb0dab"

    def test_first_row_vector(self):
        found = row_hash(1, genesis(CHAIN), b'{"a":1}')
        assert found.hex() == "f7159186e75f617278a707c943380b8795034de7c9a46547cb310b61eb9a858e"

    def test_every_input_changes_the_hash(self):
        base = row_hash(1, genesis(CHAIN), b"{}")
        assert base not in {
            row_hash(2, genesis(CHAIN), b"{}"),
            row_hash(1, bytes(32), b"{}"),
            row_hash(1, genesis(CHAIN), b"{ }"),
        }


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there, over leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def audit_path(m: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 6962, section 2.1.1, as it is written there."""
    if len(leaves) == 1:
        return []
    k = 1 << (len(leaves) - 1).bit_length() - 1
    if m < k:
        return [*audit_path(m, leaves[:k]), mth(leaves[k:])]
    return [*audit_path(m - k, leaves[k:]), mth(leaves[:k])]


LEAVES = [hashlib.sha256(bytes([number])).digest() for number in range(70)]


class TestTree:
    @pytest.mark.parametrize("size", [*range(18), 31, 32, 33, 63, 64, 65, 70])
    def test_root_and_paths_are_those_of_the_rfc(self, size):
        leaves = LEAVES[:size]
        tree = trees.Tree(leaves)
        assert (tree.root, tree.size) == (mth(leaves), size)
        for index in range(size):
            path = tree.path(index)
            assert path == audit_path(index, leaves)
            assert trees.root_of(leaves[index], index, size, path) == tree.root

    @given(st.integers(1, 70), st.data())
    def test_proof_holds_for_its_leaf_alone(self, size, data):
        tree = trees.Tree(LEAVES[:size])
        index = data.draw(st.integers(0, size - 1))
        other = data.draw(st.integers(0, 69).filter(lambda number: number != index))
        assert trees.root_of(LEAVES[other], index, size, tree.path(index)) != tree.root
        assert trees.root_of(LEAVES[index], other, size, tree.path(index)) != tree.root

    @given(st.integers(2, 70), st.data())
    def test_shorter_or_longer_proof_fails(self, size, data):
        tree = trees.Tree(LEAVES[:size])
        index = data.draw(st.integers(0, size - 1))
        path = tree.path(index)
        assert trees.root_of(LEAVES[index], index, size, path[:-1]) != tree.root
        assert trees.root_of(LEAVES[index], index, size, [*path, LEAVES[0]]) != tree.root

    def test_leaf_is_of_the_specification(self):
        expected = hashlib.sha256(b"\0" + CHAIN.bytes + (7).to_bytes(8, "big") + KEY).digest()
        assert trees.leaf(CHAIN, 7, KEY) == expected

    @pytest.mark.parametrize("index", [-1, 3])
    def test_no_path_outside(self, index):
        with pytest.raises(IndexError):
            trees.Tree(LEAVES[:3]).path(index)
        assert trees.root_of(LEAVES[0], index, 3, []) is None


class TestCheckpoint:
    signer = Signer.from_seed(KEY)

    def test_message_is_label_zero_and_compact_form(self):
        made = self.signer.sign(bytes(32), size=3, time=MOMENT)
        expected = (
            b"imageshield/v1/audit-checkpoint\0"
            b'{"root_sha256":"' + b"00" * 32 + b'","signer":"' + made.signer.encode() + b'","size":3,'
            b'"time":"2026-03-01T12:00:00.000005Z"}'
        )
        assert message(made.value) == expected

    def test_signature_verifies_under_its_key_alone(self):
        made = self.signer.sign(bytes(32), size=3, time=MOMENT)
        assert made.verify(self.signer.public_key)
        assert not made.verify(Signer.from_seed(bytes(32)).public_key)

    @pytest.mark.parametrize(
        "change", [{"root": bytes(31) + b"\1"}, {"size": 4}, {"time": write_moment(datetime.now(UTC))}]
    )
    def test_changed_field_fails(self, change):
        made = self.signer.sign(bytes(32), size=3, time=MOMENT)
        fields = {name: getattr(made, name) for name in ("root", "size", "time", "signer", "signature")}
        assert not Checkpoint(**fields | change).verify(self.signer.public_key)

    def test_reads_what_it_writes(self):
        made = self.signer.sign(bytes(32), size=3, time=MOMENT)
        assert Checkpoint.from_json(made.to_json()) == made

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("size", -1), ("size", True), ("size", "3")),
            *(("time", "2026-02-30T12:00:00.000000Z"), ("time", "2026-03-01")),
            *(("root_sha256", "00"), ("root_sha256", None), ("signer", "x"), ("more", 1)),
        ],
    )
    def test_malformed_field_is_refused(self, name, value):
        written = self.signer.sign(bytes(32), size=3, time=MOMENT).to_json()
        written["checkpoint"] |= {name: value}
        with pytest.raises(ValueError):  # noqa: PT011 - any
            Checkpoint.from_json(written)

    @pytest.mark.parametrize("change", [{"signature_b64": "AAAA"}, {"more": 1}, {"checkpoint": []}])
    def test_malformed_frame_is_refused(self, change):
        with pytest.raises(ValueError):  # noqa: PT011 - any
            Checkpoint.from_json(self.signer.sign(bytes(32), size=3, time=MOMENT).to_json() | change)

    def test_moment_is_a_string(self):
        assert not is_moment(5)

    def test_key_of_another_use_is_not_selected(self):
        published = b'{"keys":' + repr([self.signer.public_key.to_jwk(use="receipt")]).replace("'", '"').encode() + b"}"
        assert jwk.parse(published, use="audit-checkpoint").keys == {}


class TestPersons:
    def test_pseudonym_is_of_the_specification(self):
        prk = reference.extract("sha512", bytes(64), KEY)
        secret = reference.expand("sha512", prk, b"imageshield/v1/audit-pseudonym", 32)
        text = b"\0\x07address\0\x0a192.0.2.17"
        assert persons.pseudonym(KEY, "address", "192.0.2.17") == hmac.digest(secret, text, "sha256")[:16]

    def test_fields_open_under_their_key_and_event_alone(self):
        sealed = persons.seal(KEY, EVENT, {"address": "192.0.2.17"})
        assert persons.unseal(KEY, EVENT, sealed) == {"address": "192.0.2.17"}
        assert persons.unseal(bytes(32), EVENT, sealed) is None
        assert persons.unseal(KEY, CHAIN, sealed) is None
        assert persons.unseal(KEY, EVENT, sealed[:-1] + bytes([sealed[-1] ^ 1])) is None

    def test_vector_of_the_specification(self):
        assert persons.pseudonym(KEY, "address", "192.0.2.17").hex() == PSEUDONYM
        assert persons.seal(KEY, EVENT, {"address": "192.0.2.17"}).hex() == SEALED
