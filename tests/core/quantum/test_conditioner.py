import hashlib

import pytest

from shield_core.keys.schedule import LABELS
from shield_core.quantum import conditioner
from shield_core.quantum.conditioner import condition
from tests.core.keys import hkdf_reference as reference

NAMES = {"source_id": "aer", "job_id": "job_1"}


class TestCondition:
    @pytest.mark.parametrize("raw", [b"", b"raw", bytes(512), bytearray(b"\xff" * 600)])
    @pytest.mark.parametrize("length", [32, 128])
    def test_is_the_construction_of_the_specification(self, raw, length, monkeypatch):
        system = bytes(range(64))
        monkeypatch.setattr(conditioner.os, "urandom", lambda size: system[:size])
        ikm = (64).to_bytes(8, "big") + system + len(raw).to_bytes(8, "big") + bytes(raw)
        salt = hashlib.sha512(b"imageshield/v1/entropy").digest()
        info = b"\0\x13imageshield/v1/seed\0\3aer\0\5job_1"
        expected = reference.expand("sha512", reference.extract("sha512", salt, ikm), info, length)
        assert condition(raw, **NAMES, length=length) == expected

    @pytest.mark.parametrize(
        ("server", "seed"),
        [
            (bytes(range(0x80, 0xC0)), "72defef0a7c689a4569ec9eecbd548f4a4e836bb557a947735037104e5cae7d1"),
            (b"", "4e2c2cf8a14d92ec278fa7e855038cb06458ea8c58f542b64866040ae811488a"),
        ],
    )
    def test_a_client_derives_the_vectors(self, server, seed, monkeypatch):
        """The same vectors are in clients/typescript/tests/format/seed.test.ts."""
        monkeypatch.setattr(conditioner.os, "urandom", lambda size: bytes(range(size)))
        names = {"source_id": "client", "job_id": "job_0190f5fe7c007a008000fedcba987654"}
        assert condition(server, **names, label=LABELS.client_seed).hex() == seed

    def test_draws_from_the_system_each_time(self):
        assert len({condition(bytes(512), **NAMES) for _ in range(1000)}) == 1000

    def test_no_border_between_the_two_parts_can_move(self):
        one = conditioner._condition(bytes(64), b"ab", info=b"", length=32)
        other = conditioner._condition(bytes(64) + b"a", b"b", info=b"", length=32)
        assert one != other

    @pytest.mark.parametrize(
        "change", [{"source_id": "os"}, {"job_id": "job_2"}, {"label": LABELS.segment_seed}, {"raw": b"x"}]
    )
    def test_every_part_counts(self, change, monkeypatch):
        monkeypatch.setattr(conditioner.os, "urandom", bytes)
        before = {"raw": b"raw", **NAMES}
        assert condition(**before) != condition(**(before | change))

    def test_leaves_the_raw_bits_to_their_owner(self):
        raw = bytearray(b"raw")
        condition(raw, **NAMES)
        assert raw == b"raw"
