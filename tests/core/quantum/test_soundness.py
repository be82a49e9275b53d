import copy
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import shield_core
from shield_core.errors import ReceiptInvalid
from shield_core.quantum.keygen import PURITIES, draw_file_key
from shield_core.quantum.pool import BitPool
from shield_core.quantum.soundness import check
from shield_core.quantum.sources import DeterministicSource, OsSource, SourceKind
from tests.core.quantum.sources_that_fail import Broken, Raising, Stuck
from tests.core.quantum.statements import KEY_ID, make_statement


class Device(Broken):
    """A source with the credit of a quantum device: 0.9 bits per bit."""

    name = "device"
    kind = SourceKind.HARDWARE
    credited_bits_per_bit = Fraction(9, 10)

    def __init__(self):
        self.sound = DeterministicSource(4)

    def bits(self, size):
        return self.sound.measure(size * 8)


def draw(source, purity, **options):
    return draw_file_key(source, job_id="job_1", key_id=KEY_ID, requested=purity, served=purity, **options).statement


def changed(path, value):
    """Return a valid statement with one value replaced."""
    statement = make_statement()
    *parents, name = path.split(".")
    place = statement
    for parent in parents:
        place = place[parent]
    place[name] = value
    return statement


class TestWhatWritersWrite:
    @pytest.mark.parametrize("purity", sorted(PURITIES))
    @pytest.mark.parametrize(
        "source",
        [DeterministicSource(), OsSource(), Device(), Stuck(), Raising()],
        ids=lambda source: type(source).__name__,
    )
    def test_statement_of_every_source_and_purity_passes(self, purity, source):
        more = {"multistage": {"segments": 2}, "maximum": {"lanes": np.empty(1000, np.uint8)}}
        check(draw(source, purity, **more.get(purity, {})))

    def test_passes_from_a_pool(self):
        source = DeterministicSource()
        check(draw(source, "fast", pool=BitPool(source)))

    def test_passes_as_it_was_before_multistage_and_maximum(self):
        statement = make_statement()
        for name in ("segments", "lanes"):
            del statement[name]
        del statement["raw"]["draws"]
        del statement["conditioning"]["strength_bits"]
        check(statement)

    def test_its_fields_are_those_of_the_document(self):
        page = (Path(shield_core.__file__).parents[1] / "docs/explanation/entropy.md").read_text()
        table = page.split("\n## The statement\n")[1].split("\n## ")[0]
        documented = {
            name for row in re.findall(r"(?m)^\| (`[^|]*`) \|", table) for name in re.findall(r"`([a-z_0-9]+)`", row)
        }
        assert documented == set(make_statement())


class TestRefused:
    @pytest.mark.parametrize("value", [None, [], "x", 7, {}])
    def test_what_is_no_statement(self, value):
        with pytest.raises(ReceiptInvalid):
            check(value)

    @pytest.mark.parametrize("name", sorted(make_statement()))
    def test_a_missing_field(self, name):
        statement = make_statement()
        del statement[name]
        with pytest.raises(ReceiptInvalid):
            check(statement)

    def test_an_additional_field(self):
        with pytest.raises(ReceiptInvalid, match="additional"):
            check(make_statement(seed="0"))

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            ("format", "imageshield-key-file"),
            ("version", 2),
            ("version", True),
            ("version", "1"),
            ("key_id", "key_" + "A" * 32),
            ("key_id", "job_" + "0" * 32),
            ("key_id", 7),
            ("job_id", ""),
            ("job_id", "x" * 257),
            ("job_id", None),
            ("purity", None),
            ("purity", {}),
            ("purity.requested", "perfect"),
            ("purity.served", None),
            ("purity.reason", 7),
            ("degraded", None),
            ("degraded", 0),
            ("source", []),
            ("source.name", ""),
            ("source.kind", "quantum"),
            ("source.kind", []),
            ("source.credited_bits_per_bit", None),
            ("source.credited_bits_per_bit", [0]),
            ("source.credited_bits_per_bit", [0, 0]),
            ("source.credited_bits_per_bit", [-1, 1]),
            ("source.credited_bits_per_bit", [False, True]),
            ("source.credited_bits_per_bit", [2, 1]),
            ("source.description", "x"),
            ("raw", {}),
            ("raw.bits", -1),
            ("raw.bits", True),
            ("raw.shots", "1"),
            ("raw.credited_bits", 1),
            ("raw.measured_at", "yesterday"),
            ("raw.measured_at", "2026-01-02T03:04:05Z"),
            ("segments", {}),
            ("segments", []),
            ("lanes", {}),
            ("conditioning.strength_bits", None),
            ("pool", {}),
            ("pool", {"waiting_bits": -1, "topped_up": False}),
            ("pool", {"waiting_bits": 1, "topped_up": None}),
            ("health", None),
            ("health", {}),
            ("health.verdict", "good"),
            ("system", {}),
            ("system.generator", None),
            ("system.bits", 256),
            ("system.bits", "512"),
            ("conditioning", {}),
            ("conditioning.seed_bits", -1),
            ("started_at", None),
            ("finished_at", "2026-01-02"),
        ],
    )
    def test_a_value_that_cannot_be(self, path, value):
        with pytest.raises(ReceiptInvalid):
            check(changed(path, value))

    def test_a_simulator_that_is_credited_with_entropy(self):
        statement = changed("source.credited_bits_per_bit", [1, 1])
        with pytest.raises(ReceiptInvalid, match="source"):
            check(statement)
        honest = copy.deepcopy(statement)
        honest["source"]["kind"] = "hardware"
        check(honest)

    def test_more_credit_than_the_source_is_worth(self):
        statement = draw(Device(), "balanced")
        statement["raw"]["credited_bits"] += 1
        with pytest.raises(ReceiptInvalid, match="raw"):
            check(statement)

    @pytest.mark.parametrize(
        ("purity", "part", "options"),
        [("multistage", "segments", {"segments": 2}), ("maximum", "lanes", {"lanes": np.empty(1000, np.uint8)})],
    )
    def test_more_credit_than_segments_or_lanes_are_worth(self, purity, part, options):
        statement = draw(Device(), purity, **options)
        check(statement)
        statement[part]["credited_bits"] = statement[part]["bits"]
        with pytest.raises(ReceiptInvalid, match=part):
            check(statement)
