import hashlib
import hmac
import stat
import threading

import pytest

from backplane import ids
from backplane.errors import Unavailable
from backplane.services.identity.api_key_peppers import ApiKeyPeppers
from backplane.vault import LocalVault
from shield_core.keys.schedule import framed

ROOT = bytes(range(32))
TEXT = "qis_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg3Hym5w"


def peppers_in(path):
    return ApiKeyPeppers(LocalVault(root_key=ROOT, directory=path / "vault"))


@pytest.fixture
def peppers(tmp_path):
    LocalVault(root_key=ROOT, directory=tmp_path / "vault").create_account_key(ids.new())
    return peppers_in(tmp_path)


class TestPeppers:
    def test_hash_is_as_documented(self, peppers, tmp_path):
        """u32 version, and HMAC-SHA-256 of label and framed text: docs/reference/format.md."""
        found = peppers.hash(TEXT)
        pepper = LocalVault(root_key=ROOT, directory=tmp_path / "vault").api_key_peppers.read(1)
        message = b"imageshield/v1/api-key" + framed(TEXT.encode())
        assert found == (1).to_bytes(4, "big") + hmac.digest(pepper, message, hashlib.sha256)

    def test_older_peppers_still_find_a_key(self, peppers, tmp_path):
        before = peppers.hash(TEXT)
        assert peppers_in(tmp_path).rotate() == 2
        after = peppers.hash(TEXT)
        assert after[:4] == (2).to_bytes(4, "big")
        assert peppers.hashes(TEXT) == peppers_in(tmp_path).hashes(TEXT) == [after, before]

    def test_without_a_pepper_nothing_is_found(self, peppers):
        assert peppers.hashes(TEXT) == []

    def test_missing_vault_is_an_error(self, tmp_path):
        for ask in (peppers_in(tmp_path).hash, peppers_in(tmp_path).hashes):
            with pytest.raises(Unavailable):
                ask(TEXT)
        assert not (tmp_path / "vault").exists()

    def test_many_first_callers_share_one(self, peppers, tmp_path):
        seen: list[bytes] = []
        threads = [threading.Thread(target=lambda: seen.append(peppers_in(tmp_path).hash(TEXT))) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (len(seen), len(set(seen))) == (12, 1)

    def test_files_are_sealed_and_private(self, peppers, tmp_path):
        peppers.hash(TEXT)
        [path] = (tmp_path / "vault/api-keys").iterdir()
        pepper = LocalVault(root_key=ROOT, directory=tmp_path / "vault").api_key_peppers.read(1)
        assert pepper not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
