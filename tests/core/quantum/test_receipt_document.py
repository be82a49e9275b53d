"""The example of docs/reference/receipts.md: it verifies, and its seeds give the same receipt."""

import hashlib
import re
from pathlib import Path

import pytest

import shield_core
from shield_core.keys import jwk
from shield_core.keys.jwk import Algorithm
from shield_core.quantum.receipt import Signer, encode, message, parse, seal
from shield_core.quantum.verdict import Outcome, verify

PAGE = (Path(shield_core.__file__).parents[1] / "docs/reference/receipts.md").read_text()
SET, RECEIPT = (block.encode() for block in re.findall(r"(?ms)^```json\n(.*?)^```", PAGE))
FIGURES = dict(re.findall(r"(?m)^(\S.*?) {2,}([A-Za-z0-9_-]+)$", PAGE.split("## A worked example")[1]))
DIGESTS = re.findall(r"(?m)^their SHA-256 +([0-9a-f]{64})$", PAGE)
SEEDS = (bytes(range(32)), bytes(range(32, 64)))


@pytest.fixture
def remade():
    """The same receipt, made from the values on the page."""
    shown = parse(RECEIPT)

    def make(*seeds):
        return seal(shown.statement, image_sha256=shown.image_sha256, tag=shown.tag, signer=Signer.from_seeds(*seeds))

    return make


class TestExample:
    def test_verifies_with_its_set(self):
        verdict = verify(parse(RECEIPT), keys=jwk.parse(SET, use="receipt").keys)
        assert verdict.outcome is Outcome.VERIFIED

    def test_receipt_equals_the_one_of_its_seed(self, remade):
        assert encode(remade(SEEDS[0])) == RECEIPT

    def test_signs_the_bytes_that_the_page_says(self):
        signed = message(parse(RECEIPT).value, Algorithm.ED25519)
        assert str(len(signed)) == FIGURES["bytes that are signed"]
        assert hashlib.sha256(signed).hexdigest() == DIGESTS[0]

    def test_two_signatures_match_the_page(self, remade):
        made = remade(*SEEDS)
        signed = message(made, Algorithm.ML_DSA_65)
        assert made["signer_ml_dsa_65"] == FIGURES["signer_ml_dsa_65"]
        assert str(len(signed)) == FIGURES["bytes that ML-DSA-65 signs"]
        assert hashlib.sha256(signed).hexdigest() == DIGESTS[1]
        keys = {key.kid: key for key in Signer.from_seeds(*SEEDS).public_keys}
        assert verify(parse(encode(made)), keys=keys, demand_ml_dsa_65=True).outcome is Outcome.VERIFIED


class TestTables:
    def test_every_outcome_is_documented(self):
        for outcome in Outcome:
            assert f"| `{outcome.value}` |" in PAGE, outcome
