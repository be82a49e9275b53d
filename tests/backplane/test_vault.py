import os
import stat
import threading
from datetime import UTC, datetime, timedelta

import pytest

from backplane import ids
from backplane.errors import Gone, Unavailable
from backplane.services.sealing.job_secrets import open_for_job, seal_for_job
from backplane.settings import Settings
from backplane.vault import LocalVault

ROOT = bytes(range(32))


@pytest.fixture
def empty(tmp_path):
    """What a place looks like where the vault is not mounted."""
    return LocalVault(root_key=ROOT, directory=tmp_path / "vault")


@pytest.fixture
def vault(empty):
    """A vault in use: there is an account."""
    empty.create_account_key(ids.new())
    return empty


@pytest.fixture
def settings_of():
    """Settings of a vault in a directory; the rest names nothing."""

    def make(path):
        (path / "vault.key").write_bytes(ROOT)
        files = {"vault_key_file": path / "vault.key", "vault_directory": path / "vault", "signing_key_file": path}
        rest = ("database_url", "redis_url", "s3_endpoint_url", "aws_access_key_id", "aws_secret_access_key")
        return Settings(**files, **dict.fromkeys(rest, "unused"))

    return make


class TestAccountKeys:
    def test_a_key_is_read_again_by_another_process(self, vault, tmp_path):
        account_id = ids.new()
        made = vault.create_account_key(account_id)
        again = LocalVault(root_key=ROOT, directory=tmp_path / "vault").account_key(account_id, made.id, made.version)
        assert again == made

    def test_stored_keys_are_sealed_and_private(self, empty, tmp_path):
        made = empty.create_account_key(ids.new())
        [path] = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert made.secret not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    @pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
    def test_nothing_in_it_is_for_others(self, empty, tmp_path, umask):
        before = os.umask(umask)
        try:
            empty.create_account_key(ids.new())
            empty.transit_key_of_today()
            empty.fingerprint_key()
            empty.receipt_seeds.add(bytes(32), after=0)
        finally:
            os.umask(before)
        modes = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
        assert {path.name for path in modes} > {"vault", "accounts", "transit", "fingerprints", "receipts"}
        assert modes == {path: 0o700 if path.is_dir() else 0o600 for path in modes}

    def test_what_an_older_release_left_open_is_closed(self, vault, settings_of, tmp_path):
        folder = tmp_path / "vault/accounts"
        folder.chmod(0o755)
        LocalVault.from_settings(settings_of(tmp_path))
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_a_key_under_another_account_does_not_open(self, vault, tmp_path):
        owner, thief = ids.new(), ids.new()
        made = vault.create_account_key(owner)
        stolen = tmp_path / "vault/accounts" / thief.hex / f"{made.id.hex}.1"
        stolen.parent.mkdir(parents=True)
        stolen.write_bytes((tmp_path / "vault/accounts" / owner.hex / f"{made.id.hex}.1").read_bytes())
        with pytest.raises(Unavailable):
            vault.account_key(thief, made.id, 1)

    def test_another_root_key_opens_nothing(self, vault, tmp_path):
        account_id = ids.new()
        made = vault.create_account_key(account_id)
        with pytest.raises(Unavailable):
            LocalVault(root_key=bytes(32), directory=tmp_path / "vault").account_key(account_id, made.id, made.version)

    def test_a_destroyed_key_is_gone(self, vault):
        with pytest.raises(Gone):
            vault.account_key(ids.new(), ids.new(), 1)

    def test_missing_directory_is_unavailable_not_gone(self, empty):
        """Without the directory no key counts as destroyed, and none is made."""
        with pytest.raises(Unavailable):
            empty.account_key(ids.new(), ids.new(), 1)
        with pytest.raises(Unavailable):
            empty.transit_key(ids.new())
        with pytest.raises(Unavailable):
            empty.transit_key_of_today()
        with pytest.raises(Unavailable):
            empty.fingerprint_key()

    def test_no_secret_shows_in_a_repr(self, vault):
        made = vault.create_account_key(ids.new())
        assert made.secret.hex() not in repr(made)
        assert str(made.secret) not in repr(made)


class TestTransitKeys:
    def test_concurrent_callers_get_one_transit_key(self, vault):
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(vault.transit_key_of_today())) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 16
        assert len({key.secret for key in seen}) == 1

    def test_a_key_is_found_by_its_id(self, vault):
        key = vault.transit_key_of_today()
        assert vault.transit_key(key.id) == key

    def test_only_days_long_over_are_destroyed(self, vault, tmp_path):
        key = vault.transit_key_of_today()
        today = tmp_path / "vault/transit" / datetime.now(UTC).date().isoformat()
        for days in (1, 2, 3, 9):
            day = (datetime.now(UTC) - timedelta(days=days)).date().isoformat()
            today.with_name(day).write_bytes(ids.new().bytes)
        assert vault.destroy_expired_transit_keys() == 2
        assert vault.transit_key(key.id) == key

    def test_data_under_destroyed_key_is_gone(self, vault, tmp_path):
        account_id, job_id = ids.new(), ids.new()
        sealed = seal_for_job(vault, account_id=account_id, job_id=job_id, value={"a": 1})
        for path in (tmp_path / "vault/transit").iterdir():
            path.unlink()
        with pytest.raises(Gone):
            open_for_job(vault, account_id=account_id, job_id=job_id, sealed=sealed)


class TestJobSecrets:
    def test_a_secret_opens_for_its_job(self, vault):
        account_id, job_id = ids.new(), ids.new()
        sealed = seal_for_job(vault, account_id=account_id, job_id=job_id, value={"wrap": "canary"})
        assert b"canary" not in sealed
        assert open_for_job(vault, account_id=account_id, job_id=job_id, sealed=sealed) == {"wrap": "canary"}

    def test_secret_of_another_job_does_not_open(self, vault):
        account_id = ids.new()
        sealed = seal_for_job(vault, account_id=account_id, job_id=ids.new(), value={})
        with pytest.raises(Unavailable):
            open_for_job(vault, account_id=account_id, job_id=ids.new(), sealed=sealed)
