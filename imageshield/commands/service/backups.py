"""`imageshield admin backup` and `restore`: write an installation to a directory, and restore it to an empty one."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from backplane.errors import ApplicationError
from backplane.services.backups.archives import Archive, BackupUnfit, Manifest
from backplane.services.backups.restores import Restored
from backplane.services.backups.snapshots import ProgressCallback
from backplane.services.requests.caller import Caller
from backplane.settings import Settings
from backplane.wiring.operator import open_backups, open_restores
from imageshield.commands.service.installation import VAULT, AlembicMigrations, check_vault, installation
from imageshield.terminal.failures import ERROR, NOT_AUTHENTIC, OK, Failure, of_writing
from imageshield.terminal.reporting import print_json, print_table, say

REPORT_SECONDS = 2.0
"""Time between two lines of progress: often enough to see that it works."""


def backup(path: Path, *, data_dir: Path | None, as_json: bool) -> int:
    """Write a backup and print its content. Returns the exit code: 1 if objects were missing in the store."""
    path = path.expanduser().resolve()
    with _refusals(path), installation(data_dir, new=False) as found:
        manifest = asyncio.run(_make(found.settings, path, Progress()))
        vault = [f"{name} ({found.situation.environment[name]})" for name in VAULT]
    _print(described(path, manifest), as_json=as_json)
    say(f"no key of the vault is in it, and without them it opens nothing: keep {' and '.join(vault)} apart from it")
    if manifest.lost:
        say(f"the store had lost {len(manifest.lost)} objects that are not in the backup; manifest.json names them")
    return ERROR if manifest.lost else OK


def verify(path: Path, *, as_json: bool) -> int:
    """Check all of a backup against its manifest and print its content. Returns the exit code."""
    path = path.expanduser().resolve()
    with _refusals(path):
        archive = _read_through(path)
    _print(described(path, archive.manifest), as_json=as_json)
    return OK


def restore(path: Path, *, data_dir: Path | None, without_keys: bool, as_json: bool) -> int:
    """Restore a backup into an empty installation and print the result. Returns the exit code."""
    path = path.expanduser().resolve()
    with _refusals(path):
        archive = _read_through(path)
        with installation(data_dir, new=True) as found:
            check_vault(found.situation)
            restored = asyncio.run(_restore(found.owner, archive, Progress(), without_keys=without_keys))
    _print({"backup": str(path), "made_at": archive.manifest.made_at.isoformat(), **asdict(restored)}, as_json=as_json)
    if restored.missing_keys:
        say(f"{restored.missing_keys} keys are not in the vault: what they lock stays locked")
    say("everybody has to log in again: sessions are in no backup")
    return OK


def described(path: Path, manifest: Manifest) -> dict[str, Any]:
    """Describe the content of a backup."""
    return {
        "backup": str(path),
        "made_at": manifest.made_at.isoformat(),
        "product": manifest.product,
        "revision": manifest.revision,
        "tables": len(manifest.tables),
        **manifest.counts,
        "passing": manifest.passing,
        "lost": len(manifest.lost),
        "keys_needed": manifest.keys.count,
    }


class Progress:
    """Reports progress on stderr, at most once per REPORT_SECONDS."""

    def __init__(self) -> None:
        self._next = time.monotonic() + REPORT_SECONDS

    def __call__(self, what: str, done: int, total: int) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + REPORT_SECONDS
            say(f"{what}: {done:,} of {total:,}")


def _read_through(path: Path) -> Archive:
    archive = Archive.open(path)
    report, done = Progress(), 0
    total = archive.manifest.counts["bytes"]
    for size in archive.verify():
        done += size
        report("verified megabytes", done // 1_000_000, total // 1_000_000)
    return archive


async def _make(settings: Settings, path: Path, report: ProgressCallback) -> Manifest:
    async with open_backups(settings) as backups:
        return await backups.make(Caller.operator(), path, report)


async def _restore(settings: Settings, archive: Archive, report: ProgressCallback, *, without_keys: bool) -> Restored:
    async with open_restores(settings, AlembicMigrations(settings)) as restores:
        return await restores.restore(archive, report, without_keys=without_keys)


def _print(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_table(found)


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except BackupUnfit as unfit:
        code = NOT_AUTHENTIC if unfit.changed else ERROR
        raise Failure(unfit.code, unfit.title, unfit.detail, exit_code=code) from unfit
    except ApplicationError as error:
        raise Failure(error.code, error.title, error.detail or "") from error
    except OSError as error:
        raise of_writing(error, error.filename or path) from error
