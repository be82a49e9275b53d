"""Access of operator commands to the database and the store of an installation; starts embedded servers if needed."""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr, ValidationError

from backplane.settings import Settings, asyncpg_url
from imageshield.checks.database import known_migrations
from imageshield.checks.keys import check_keys
from imageshield.checks.settings import settings_of
from imageshield.checks.situation import Situation, look
from imageshield.servers import embedded
from imageshield.servers.errors import StartRefused
from imageshield.servers.home import Home, default_path
from imageshield.servers.supervisor import Supervisor
from imageshield.servers.system import ROOT
from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.reporting import say

NEEDED = {"DATABASE_URL": "postgres", "S3_ENDPOINT_URL": "seaweedfs"}
"""The variables of the servers that keep data, and the embedded server used where one is not set."""

OWNER = "DATABASE_OWNER_URL"

VAULT = ("VAULT_KEY_FILE", "VAULT_DIRECTORY")


@dataclass(frozen=True)
class Installation:
    """The situation and the settings of an installation."""

    situation: Situation
    settings: Settings

    @property
    def owner(self) -> Settings:
        """The settings with the role that owns the tables, if it is another one: for migrations and restores."""
        url = self.situation.environment.get(OWNER)
        return self.settings.model_copy(update={"database_url": SecretStr(asyncpg_url(url))}) if url else self.settings


@contextmanager
def installation(data_dir: Path | None, *, new: bool) -> Iterator[Installation]:
    """Open the installation that the environment and the data directory name. `new` allows one to be created.

    Raises:
        Failure: it is incomplete or cannot be started.
    """
    path = (data_dir or default_path()).expanduser().resolve()
    situation = look(os.environ, Home(path))
    absent = {service for name, service in NEEDED.items() if name in situation.embedded}
    if not absent or situation.running:
        yield Installation(situation, _settings(situation))
        return
    if not new and not situation.home.exists:
        unset = " and ".join(name for name in NEEDED if name in situation.embedded)
        raise usage(f"{path} is no data directory of `imageshield up`: say which with --data-dir, or set {unset}")
    with _started(path, absent):
        situation = look(os.environ, Home(path))
        yield Installation(situation, _settings(situation))


def check_vault(situation: Situation) -> None:
    """Check that the vault is the one of the service.

    Raises:
        Failure: it is at a wrong place, or under another root key.
    """
    for fault in check_keys(situation):
        if fault.subject in VAULT:
            raise vault_refused(f"{fault.subject} {fault.problem}: {fault.remedy}")


def vault_refused(detail: str) -> Failure:
    return Failure("vault-unusable", "The vault cannot be used", detail)


class AlembicMigrations:
    """The migrations of this version, run in a process of their own, as in `up`."""

    def __init__(self, settings: Settings) -> None:
        self._url = settings.database_url.get_secret_value()

    def knows(self, revision: str) -> bool:
        return revision in known_migrations()[0]

    async def upgrade(self, revision: str) -> None:
        command = ("-m", "alembic", "-c", str(ROOT / "migrations/alembic.ini"), "upgrade", revision)
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": self._url},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        _, errors = await child.communicate()
        if child.returncode:
            last = errors.decode(errors="replace").strip().splitlines()[-1:]
            raise Failure("migration-failed", "The database could not be migrated", " ".join(last))


@contextmanager
def _started(path: Path, absent: set[str]) -> Iterator[None]:
    try:
        home = Home.open(path)
    except StartRefused as refusal:
        raise _not_started(refusal) from refusal
    try:
        # Neither Redis nor a service runs, so nothing changes the data meanwhile.
        stack = embedded.compose(home, _without_redis(os.environ))
        services = [service for service in stack.services if service.name in absent]
        supervisor = Supervisor(services, home=home.path, report=say)
        supervisor.start()
        try:
            yield
        finally:
            supervisor.stop()
    except StartRefused as refusal:
        raise _not_started(refusal) from refusal
    finally:
        home.close()


def _without_redis(environment: Mapping[str, str]) -> dict[str, str]:
    return {**environment, "REDIS_URL": "redis://127.0.0.1/0"}


def _settings(situation: Situation) -> Settings:
    missing = [name for name in (*NEEDED, *VAULT) if not situation.environment.get(name)]
    if missing:
        raise usage(f"{' and '.join(missing)} must be set, or --data-dir where `imageshield up` keeps everything")
    try:
        return settings_of(situation)
    except ValidationError as error:
        names = ", ".join(str(one["loc"][0]).upper() for one in error.errors(include_input=False) if one["loc"])
        raise usage(f"the configuration is not complete: {names}; `imageshield doctor` says more") from None


def _not_started(refusal: StartRefused) -> Failure:
    return Failure("not-started", "The servers could not be started", str(refusal))
