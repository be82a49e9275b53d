"""An installation for commands of operators: the servers of the tests, and a vault of its own."""

import os

import pytest

from backplane import ids
from backplane.vault import LocalVault
from tests.support.stack import clean_environment


@pytest.fixture
def bare_vault(tmp_path, monkeypatch):
    """A vault in an environment that names nothing else."""
    for name in set(os.environ) - set(clean_environment()):
        monkeypatch.delenv(name)
    (tmp_path / "vault").mkdir(mode=0o700)
    (tmp_path / "vault.key").write_bytes(bytes(range(32)))
    (tmp_path / "vault.key").chmod(0o600)
    monkeypatch.setenv("VAULT_KEY_FILE", str(tmp_path / "vault.key"))
    monkeypatch.setenv("VAULT_DIRECTORY", str(tmp_path / "vault"))
    return LocalVault(root_key=bytes(range(32)), directory=tmp_path / "vault")


@pytest.fixture
def vault(stack, bare_vault, database_url, redis_url, monkeypatch):
    """The vault of an installation that the environment names whole, as it does for the services."""
    bare_vault.create_account_key(ids.new())
    own = {"DATABASE_URL": stack.as_application(database_url), "REDIS_URL": redis_url}
    for name, value in (stack.variables | own).items():
        if name not in {"VAULT_KEY_FILE", "VAULT_DIRECTORY", "SIGNING_KEY_FILE", "DATABASE_OWNER_URL"}:
            monkeypatch.setenv(name, value)
    return bare_vault
