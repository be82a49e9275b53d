"""Receipt keys in a separate vault: needs no server."""

import json
import stat
import subprocess
import sys
import threading

import pytest

from backplane import ids
from backplane.errors import Unavailable
from backplane.services.entropy.receipts import Receipts
from backplane.vault import LocalVault
from shield_core.keys import jwk
from shield_core.quantum.receipt import encode, parse
from shield_core.quantum.verdict import Outcome, verify
from tests.core.quantum.statements import make_receipt
from tests.support.stack import ROOT as PROJECT

ROOT = bytes(range(32))
ASK = """
import sys
from pathlib import Path
from backplane.services.entropy.receipts import Receipts
from backplane.vault import LocalVault
receipts = Receipts(LocalVault(root_key=bytes(range(32)), directory=Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read(1)
print(getattr(receipts, sys.argv[2])().public_keys[0].kid)
"""


def receipts_in(path, root_key=ROOT):
    return Receipts(LocalVault(root_key=root_key, directory=path / "vault"))


@pytest.fixture
def receipts(tmp_path):
    return receipts_in(tmp_path)


def published(receipts):
    return jwk.parse(json.dumps({"keys": receipts.public_keys()}).encode(), use="receipt").keys


def outcome(receipt, keys):
    return verify(parse(encode(receipt)), keys=keys).outcome


def ask_at_once(path, what, count=5):
    """Let so many processes do something at the same moment, and return the kids that they say."""
    command = [sys.executable, "-c", ASK, str(path / "vault"), what]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, cwd=PROJECT, **pipes) for _ in range(count)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("x")
        process.stdin.flush()
    said = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0] * count
    return said


class TestFirstKey:
    def test_first_caller_makes_key_for_all(self, receipts, tmp_path):
        made = receipts.signer().public_keys
        assert receipts_in(tmp_path).signer().public_keys == made

    def test_is_published_before_anything_was_signed(self, receipts):
        assert set(published(receipts)) == {receipts.signer().public_keys[0].kid}

    def test_is_one_however_many_processes_ask_at_once(self, tmp_path):
        assert len(set(ask_at_once(tmp_path, "signer"))) == 1
        assert len(list((tmp_path / "vault/receipts").iterdir())) == 1

    def test_is_one_however_many_threads_ask_at_once(self, receipts):
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(receipts.signer().public_keys)) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 16
        assert len(set(seen)) == 1


class TestAtRest:
    def test_stored_keys_are_sealed_and_private(self, receipts, tmp_path):
        receipts.rotate(ml_dsa_65=True)
        files = [path for path in (tmp_path / "vault").rglob("*") if path.is_file()]
        assert len(files) == 2
        for path in files:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
            seeds = LocalVault(root_key=ROOT, directory=tmp_path / "vault").receipt_seeds
            for number in seeds.numbers():
                assert seeds.read(number)[:32] not in path.read_bytes()

    def test_another_root_key_opens_none(self, receipts, tmp_path):
        receipts.signer()
        with pytest.raises(Unavailable):
            receipts_in(tmp_path, bytes(32)).signer()

    def test_renamed_key_does_not_open(self, receipts, tmp_path):
        receipts.rotate()
        first, second = sorted((tmp_path / "vault/receipts").iterdir())
        second.write_bytes(first.read_bytes())
        with pytest.raises(Unavailable):
            receipts.signer()

    def test_no_other_key_of_the_vault_is_one(self, receipts, tmp_path):
        receipts.signer()
        vault = LocalVault(root_key=ROOT, directory=tmp_path / "vault")
        vault.create_account_key(ids.new())
        vault.transit_key_of_today()
        [transit] = (tmp_path / "vault/transit").iterdir()
        [receipt] = (tmp_path / "vault/receipts").iterdir()
        receipt.write_bytes(transit.read_bytes()[16:])
        with pytest.raises(Unavailable):
            receipts.signer()


class TestRotation:
    def test_new_key_signs_and_old_stay_published(self, receipts):
        old = make_receipt(receipts.signer())
        before = receipts.signer().public_keys[0].kid
        after = receipts.rotate().public_keys[0].kid
        assert before != after
        assert [key["kid"] for key in receipts.public_keys()] == [after, before]
        keys = published(receipts)
        assert outcome(old, keys) is outcome(make_receipt(receipts.signer()), keys) is Outcome.VERIFIED

    def test_other_processes_use_new_key_at_once(self, receipts, tmp_path):
        other = receipts_in(tmp_path)
        other.signer()
        assert receipts.rotate().public_keys == other.signer().public_keys

    def test_concurrent_rotations_make_one_key(self, receipts, tmp_path):
        receipts.signer()
        for size in (32, 64):
            LocalVault(root_key=ROOT, directory=tmp_path / "vault").receipt_seeds.add(bytes(size), after=1)
        assert len(receipts.public_keys()) == 2

    def test_rotation_by_many_processes_leaves_keys_intact(self, receipts, tmp_path):
        receipts.signer()
        said = ask_at_once(tmp_path, "rotate", count=3)
        keys = [key["kid"] for key in receipts.public_keys()]
        assert set(said) <= set(keys)
        assert len(set(keys)) == len(keys) <= 4
        assert receipts.signer().public_keys[0].kid == keys[0]

    def test_before_the_first_key_makes_two(self, receipts):
        receipts.rotate()
        assert len(receipts.public_keys()) == 2

    def test_withdrawn_key_is_not_trusted(self, receipts, tmp_path):
        old = make_receipt(receipts.signer())
        receipts.rotate()
        (tmp_path / "vault/receipts/000001").unlink()
        keys = published(receipts)
        assert outcome(old, keys) is Outcome.UNKNOWN
        assert outcome(make_receipt(receipts.rotate()), published(receipts)) is Outcome.VERIFIED
        assert len(receipts.public_keys()) == 2


class TestTwoSchemes:
    def test_ml_dsa_65_is_optional_and_then_kept(self, receipts):
        assert len(receipts.signer().public_keys) == 1
        assert len(receipts.rotate(ml_dsa_65=True).public_keys) == 2
        assert len(receipts.rotate().public_keys) == 2
        assert len(receipts.rotate(ml_dsa_65=False).public_keys) == 1
        assert len(receipts.public_keys()) == 6

    def test_both_are_published_and_verify(self, receipts):
        receipts.rotate(ml_dsa_65=True)
        keys = published(receipts)
        made = parse(encode(make_receipt(receipts.signer())))
        assert verify(made, keys=keys, demand_ml_dsa_65=True).outcome is Outcome.VERIFIED
