"""The keys that sign answers, in a vault of their own: needs no server."""

import stat
import threading

import pytest

from backplane.errors import Unavailable
from backplane.services.requests import response_keys
from backplane.services.requests.response_keys import LEAD_SECONDS, OVERLAP_SECONDS, ResponseKeys
from backplane.vault import LocalVault

ROOT = bytes(range(32))


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def vault(tmp_path):
    return LocalVault(root_key=ROOT, directory=tmp_path / "vault")


@pytest.fixture
def keys(vault, clock):
    return ResponseKeys(vault, clock)


def published(keys):
    return [key["kid"] for key in keys.public_keys()]


class TestSigner:
    def test_first_use_makes_one_key(self, keys, vault, clock):
        kid = keys.signer().kid
        assert keys.signer().kid == ResponseKeys(vault, clock).signer().kid == kid
        assert published(keys) == [kid]

    def test_first_use_at_once_makes_one_key(self, vault, clock):
        found, barrier = set(), threading.Barrier(5)

        def use():
            barrier.wait()
            found.add(ResponseKeys(vault, clock).signer().kid)

        threads = [threading.Thread(target=use) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(found) == 1

    def test_is_not_readable_by_others(self, keys, tmp_path):
        keys.signer()
        [file] = (tmp_path / "vault/responses").iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert keys.signer().private.private_bytes_raw() not in file.read_bytes()

    def test_clock_that_was_set_back_leaves_a_key(self, keys, vault, clock):
        kid = keys.signer().kid
        clock.now -= 1_000_000
        assert ResponseKeys(vault, clock).signer().kid == kid

    def test_moved_file_does_not_open(self, keys, tmp_path):
        keys.signer()
        folder = tmp_path / "vault/responses"
        (folder / "000001").rename(folder / "000002")
        with pytest.raises(Unavailable):
            keys.public_keys()

    def test_repr_holds_no_secret(self, keys):
        assert "private" not in repr(keys.signer())


class TestRotation:
    def test_new_key_signs_after_the_lead(self, keys, clock):
        old = keys.signer().kid
        new = keys.rotate().kid
        assert published(keys) == [new, old]
        clock.now += LEAD_SECONDS - 1
        assert keys.signer().kid == old
        clock.now += 1 + response_keys.CHECK_SECONDS
        assert keys.signer().kid == new

    def test_old_key_stays_published_for_a_day(self, keys, clock):
        old, new = keys.signer().kid, keys.rotate().kid
        clock.now += LEAD_SECONDS + OVERLAP_SECONDS - 1
        assert published(keys) == [new, old]
        clock.now += 1
        assert published(keys) == [new]

    def test_next_rotation_destroys_what_is_not_published(self, keys, vault, clock):
        keys.signer()
        for _ in range(3):
            keys.rotate()
            clock.now += LEAD_SECONDS + OVERLAP_SECONDS
        newest = keys.rotate().kid
        assert len(vault.response_keys.numbers()) == 2
        assert published(keys)[0] == newest

    def test_at_once_destroys_all_others(self, keys, vault, clock):
        keys.signer()
        keys.rotate()
        new = keys.rotate(at_once=True).kid
        assert keys.signer().kid == new
        assert published(keys) == [new]
        assert len(vault.response_keys.numbers()) == 1

    def test_number_is_never_used_twice(self, keys, tmp_path):
        for _ in range(3):
            keys.rotate(at_once=True)
        assert [path.name for path in (tmp_path / "vault/responses").iterdir()] == ["000004"]

    def test_another_process_follows(self, keys, vault, clock):
        other = ResponseKeys(vault, clock)
        other.signer()
        new = keys.rotate(at_once=True).kid
        clock.now += response_keys.CHECK_SECONDS
        assert other.signer().kid == new
