"""`imageshield demo`: its evidence and its output."""

import asyncio
import json
import re
from dataclasses import replace

import pytest

from imageshield.__main__ import run
from imageshield.commands.service import demo
from tests.support import pictures
from tests.support.stack import ROOT, SystemUnderTest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def evidence(whole_system: SystemUnderTest) -> demo.Evidence:
    whole_system.await_ready()
    return asyncio.run(demo.there_and_back(whole_system.url, "astronaut.png", pictures.sample("astronaut.png")))


def labels(printed: str) -> list[str]:
    return re.findall(r"(?m)^ {0,2}([a-z_0-9]+(?: [a-z]+)*) {2,}\S", printed)


class TestEvidence:
    def test_decrypted_picture_equals_original(self, evidence):
        assert evidence.equal
        assert evidence.sha256_decrypted == evidence.sha256_decrypted_offline == evidence.sha256_original

    def test_the_encrypted_picture_looks_like_noise(self, evidence):
        assert evidence.entropy_original < 7.6
        assert evidence.entropy_encrypted > 7.99

    def test_statement_names_source_and_credited_bits(self, evidence):
        assert (evidence.statement["source"]["name"], evidence.statement["source"]["kind"]) == ("aer", "simulated")
        assert (evidence.statement["raw"]["bits"], evidence.statement["raw"]["credited_bits"]) == (4096, 0)

    def test_receipt_is_verified(self, evidence):
        """A published key signed the receipt, and it agrees with image and key file."""
        assert evidence.verified
        assert len(evidence.receipt_checks) == 8
        assert all(evidence.receipt_checks.values())
        assert not replace(evidence, receipt_outcome="intact, signer unknown").verified

    def test_one_wrong_bit_is_noticed(self, evidence):
        assert not replace(evidence, sha256_decrypted="00").equal


class TestPrint:
    def test_the_readme_shows_what_is_printed(self, evidence, capsys):
        demo.show(evidence)
        printed = capsys.readouterr().out
        shown = re.search(r"(?ms)^picture  .*?^equal$", (ROOT / "README.md").read_text())
        assert shown is not None
        assert labels(printed) == labels(shown.group())
        assert printed.endswith("equal\n")


class TestCommand:
    def test_command_prints_the_evidence(self, capfd):
        assert run(["demo", "--json"]) == 0
        printed = json.loads(capfd.readouterr().out)
        assert printed["equal"] is True
        assert printed["verified"] is True
        assert printed["job"]["status"] == "completed"
