"""Signing keys of access tokens: import, announcement, overlap and end, in one process and in several."""

import asyncio
import stat
import threading
import time

import pytest
from jose import jwt

from backplane import ids
from backplane.errors import Unauthenticated, Unavailable
from backplane.services.identity import key_ring, signing_keys
from backplane.services.identity.access_tokens import AccessTokens
from backplane.services.identity.key_ring import ANNOUNCE_SECONDS, KEPT_SECONDS, SKEW_SECONDS, KeyRing, SigningKey
from backplane.services.identity.signing_key_rotation import SigningKeyRotation
from backplane.services.identity.signing_keys import SigningKeys
from backplane.services.requests.caller import Caller
from backplane.vault import LocalVault
from tests.support.databases import query
from tests.support.signing import pem

ROOT = bytes(range(32))
TOKEN_SECONDS = 900
NOW = 1_800_000_000


class Clock:
    """Time as the test sets it, for the ring, the vault and the tokens."""

    def __init__(self) -> None:
        self.now = time.time()

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(signing_keys, "time", clock)
    return clock


@pytest.fixture
def directory(tmp_path):
    LocalVault(root_key=ROOT, directory=tmp_path / "vault").create_account_key(ids.new())
    return tmp_path / "vault"


def gateway(directory, key=None):
    """Return the keys as another process has them."""
    return SigningKeys(LocalVault(root_key=ROOT, directory=directory), token_seconds=TOKEN_SECONDS, pem=key)


class TestRing:
    def test_announced_key_verifies_and_signs_later(self):
        old, new = SigningKey.generate(), SigningKey.generate(signs_from=NOW + ANNOUNCE_SECONDS)
        ring = KeyRing([old, new], token_seconds=TOKEN_SECONDS)
        assert ring.verifying(NOW) == [old, new]
        assert ring.signer(NOW) is old
        assert ring.signer(NOW + ANNOUNCE_SECONDS) is new

    def test_announcement_outlasts_caches_of_the_set(self):
        assert ANNOUNCE_SECONDS >= 2 * key_ring.JWKS_SECONDS

    def test_old_key_verifies_its_last_token(self):
        old, new = SigningKey.generate(), SigningKey.generate(signs_from=NOW)
        ring = KeyRing([old, new], token_seconds=TOKEN_SECONDS)
        assert ring.verifier(old.kid, NOW + TOKEN_SECONDS) is old
        end = NOW + TOKEN_SECONDS + SKEW_SECONDS
        assert ring.end(old) == end
        assert ring.verifier(old.kid, end) is None
        assert ring.verifying(end) == [new]

    def test_replacement_at_once_ends_all_before(self):
        """Whatever a gateway's clock says."""
        keys = [SigningKey.generate(), SigningKey.generate(signs_from=NOW - 5)]
        new = SigningKey.generate(signs_from=NOW, at_once=True)
        ring = KeyRing([*keys, new], token_seconds=TOKEN_SECONDS)
        for now in (NOW - 3600, NOW, NOW + 3600):
            assert ring.verifying(now) == [new]
            assert ring.signer(now) is new
            assert all(ring.verifier(key.kid, now) is None for key in keys)

    def test_key_after_replacement_is_announced(self):
        first, second = SigningKey.generate(at_once=True), SigningKey.generate(signs_from=NOW)
        ring = KeyRing([first, second], token_seconds=TOKEN_SECONDS)
        assert ring.signer(NOW - 1) is first
        assert ring.verifier(first.kid, NOW) is first

    @pytest.mark.parametrize("kid", [None, 7, "", "unknown", ["x"], {"a": 1}])
    def test_unknown_names_find_nothing(self, kid):
        assert KeyRing([SigningKey.generate()], token_seconds=TOKEN_SECONDS).verifier(kid, NOW) is None

    def test_empty_ring_has_no_signer(self):
        assert KeyRing(token_seconds=TOKEN_SECONDS).signer(NOW) is None

    def test_record_round_trips(self):
        key = SigningKey.generate(signs_from=NOW, at_once=True, imported=bytes(range(32)))
        again = SigningKey.from_record(key.record())
        assert (again.kid, again.signs_from, again.at_once, again.imported) == (key.kid, NOW, True, bytes(range(32)))

    def test_record_of_another_length_is_refused(self):
        with pytest.raises(ValueError, match="later release"):
            SigningKey.from_record(SigningKey.generate().record() + b"\x00")

    def test_secrets_are_not_shown(self):
        assert "private" not in repr(SigningKey.generate())


class TestFirstKey:
    def test_is_made_once_for_all_processes(self, directory):
        assert gateway(directory).signer().kid == gateway(directory).signer().kid

    def test_of_many_processes_one_wins(self, directory):
        seen: list[str] = []
        threads = [threading.Thread(target=lambda: seen.append(gateway(directory).signer().kid)) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(seen), len(set(seen))) == (12, 1)

    def test_is_imported_from_the_file(self, directory):
        """So the gateway of the release before and this one verify each other's tokens."""
        key = pem()
        kid = SigningKey.from_pem(key).kid
        assert gateway(directory, key).signer().kid == kid
        assert gateway(directory).signer().kid == kid

    def test_other_file_is_ignored_later(self, directory):
        kid = gateway(directory, pem()).signer().kid
        assert gateway(directory, pem()).signer().kid == kid

    def test_nothing_is_written_without_a_vault(self, tmp_path):
        """An empty mount point gets no key that the vault would hide later."""
        key = pem()
        keys = gateway(tmp_path / "vault", key)
        assert keys.signer().kid == SigningKey.from_pem(key).kid
        assert not (tmp_path / "vault").exists()
        with pytest.raises(Unavailable):
            gateway(tmp_path / "vault").signer()

    def test_is_there_with_the_first_account(self, tmp_path):
        keys = gateway(tmp_path / "vault")
        LocalVault(root_key=ROOT, directory=tmp_path / "vault").create_account_key(ids.new())
        assert keys.signer().kid == gateway(tmp_path / "vault").signer().kid

    def test_is_sealed_and_private(self, directory):
        record = gateway(directory).signer().record()
        [path] = (directory / "signing").iterdir()
        assert record[:32] not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_other_key_of_the_vault_is_refused(self, directory):
        keys = gateway(directory)
        keys.signer()
        vault = LocalVault(root_key=ROOT, directory=directory)
        vault.receipt_seeds.add(bytes(73), after=0)
        (directory / "signing/000001").write_bytes((directory / "receipts/000001").read_bytes())
        with pytest.raises(Unavailable):
            gateway(directory)

    def test_damaged_vault_leaves_known_keys(self, directory):
        keys = gateway(directory)
        kid = keys.signer().kid
        (directory / "signing/000002").write_bytes(b"nonsense")
        with pytest.raises(Unavailable):
            keys.reread()
        assert keys.signer().kid == kid


class TestRotation:
    def test_new_key_is_published_before_it_signs(self, directory, clock):
        here, there = gateway(directory), gateway(directory)
        old = here.signer().kid
        new = here.add(at_once=False).kid
        there.reread()
        for keys in (here, there):
            assert [key.kid for key in keys.published()] == [new, old]
            assert keys.signer().kid == old
        clock.now += ANNOUNCE_SECONDS
        assert {keys.signer().kid for keys in (here, there)} == {new}
        clock.now += TOKEN_SECONDS + SKEW_SECONDS
        assert [key.kid for key in there.published()] == [new]

    def test_tokens_of_both_keys_verify_meanwhile(self, directory, clock):
        keys = gateway(directory)
        access = AccessTokens(keys, seconds=TOKEN_SECONDS)
        before = access.issue(ids.new(), ids.new())
        keys.add(at_once=False)
        clock.now += ANNOUNCE_SECONDS + 1
        after = access.issue(ids.new(), ids.new())
        assert jwt.get_unverified_header(before)["kid"] != jwt.get_unverified_header(after)["kid"]
        access.verify(before)
        access.verify(after)
        other = AccessTokens(gateway(directory), seconds=TOKEN_SECONDS)
        other.verify(before)
        other.verify(after)
        clock.now += TOKEN_SECONDS + SKEW_SECONDS
        with pytest.raises(Unauthenticated):
            access.verify(before)

    def test_at_once_refuses_old_tokens_everywhere(self, directory):
        here, there = gateway(directory), gateway(directory)
        token = AccessTokens(there, seconds=TOKEN_SECONDS).issue(ids.new(), ids.new())
        new = here.add(at_once=True)
        there.reread()
        for keys in (here, there):
            with pytest.raises(Unauthenticated):
                AccessTokens(keys, seconds=TOKEN_SECONDS).verify(token)
            assert [key.kid for key in keys.published()] == [new.kid]

    def test_outdated_key_is_destroyed(self, directory, clock):
        keys = gateway(directory, pem())
        imported = keys.signer().imported
        keys.add(at_once=False)
        clock.now += ANNOUNCE_SECONDS + TOKEN_SECONDS + KEPT_SECONDS - 1
        keys.reread()
        assert len(list((directory / "signing").iterdir())) == 2
        clock.now += 2
        keys.reread()
        assert [path.name for path in (directory / "signing").iterdir()] == ["000002"]
        assert keys.signer().imported == gateway(directory).signer().imported == imported

    def test_rotations_go_on_after_a_destruction(self, directory, clock):
        keys = gateway(directory)
        for number in (2, 3, 4):
            keys.add(at_once=False)
            clock.now += ANNOUNCE_SECONDS + TOKEN_SECONDS + KEPT_SECONDS + 1
            keys.reread()
            keys.reread()
            assert [path.name for path in (directory / "signing").iterdir()] == [f"{number:06d}"]

    def test_concurrent_rotation_is_reported(self, directory, monkeypatch):
        here, there = gateway(directory), gateway(directory)
        add = here._series.add

        def late(secret, *, after):
            there.add(at_once=False)
            add(secret, after=after)

        monkeypatch.setattr(here._series, "add", late)
        with pytest.raises(Unavailable, match="just rotated"):
            here.add(at_once=False)
        assert len(here.ring.keys) == 2


@pytest.mark.anyio
@pytest.mark.stack
class TestUseCase:
    @pytest.fixture
    def rotation(self, resources):
        resources.vault.create_account_key(ids.new())
        return SigningKeyRotation(resources.database, SigningKeys.from_settings(resources.settings, resources.vault))

    async def test_rotation_is_audited(self, rotation, database_url):
        done = await rotation.rotate(Caller.operator(), at_once=False)
        assert done.signer != done.before
        assert done.verifies_until > done.signs_from
        [row] = await asyncio.to_thread(
            query, database_url, "SELECT details FROM audit_events WHERE action = 'signing_key.rotated'"
        )
        assert done.signer in row["details"]

    async def test_unaudited_rotation_at_once_is_an_error(self, rotation, resources, monkeypatch):
        monkeypatch.setattr("backplane.services.audit.trail.record", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await rotation.rotate(Caller.operator(), at_once=True)


@pytest.mark.anyio
class TestWatch:
    async def test_new_key_is_seen_without_a_restart(self, directory, monkeypatch):
        monkeypatch.setattr(signing_keys, "REREAD_SECONDS", 0.01)
        here, there = gateway(directory), gateway(directory)
        async with asyncio.timeout(10), there.watched():
            new = here.add(at_once=True)
            while there.signer().kid != new.kid:  # noqa: ASYNC110 - a thread's work is looked at
                await asyncio.sleep(0.01)

    async def test_failure_does_not_end_it(self, directory, monkeypatch):
        monkeypatch.setattr(signing_keys, "REREAD_SECONDS", 0.01)
        here, there = gateway(directory), gateway(directory)
        damaged = directory / "signing/000002"
        async with asyncio.timeout(10), there.watched():
            damaged.write_bytes(b"nonsense")
            await asyncio.sleep(0.05)
            damaged.unlink()
            new = here.add(at_once=True)
            while there.signer().kid != new.kid:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
