"""The user that runs PostgreSQL when the supervisor is root, because PostgreSQL refuses to run as root."""

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path

from imageshield.servers.errors import PlaceClosed

CANDIDATES = ("postgres", "nobody")


@dataclass(frozen=True)
class Account:
    name: str
    uid: int
    gid: int


def choose(directory: Path) -> Account | None:
    """Choose the user: the owner of the data, else the first of CANDIDATES that exists. None: we are not root.

    Raises:
        PlaceClosed: none of them exists.
    """
    if os.geteuid() != 0:
        return None
    if directory.exists() and (found := directory.stat()).st_uid != 0:
        return Account(str(found.st_uid), found.st_uid, found.st_gid)
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid)
    raise PlaceClosed(f"PostgreSQL refuses to run as root, and there is no user {' or '.join(CANDIDATES)} to run it")


def closed_parent(path: Path, account: Account) -> Path | None:
    """Return the first parent directory that the account cannot enter. Its mode is never changed."""
    for parent in reversed(path.resolve().parents):
        if not parent.exists():
            break
        found = parent.stat()
        if found.st_uid == account.uid:
            bit = stat.S_IXUSR
        elif found.st_gid == account.gid:
            bit = stat.S_IXGRP
        else:
            bit = stat.S_IXOTH
        if not found.st_mode & bit:
            return parent
    return None


def can_run(program: Path, account: Account) -> bool:
    """Run `--version` as that user: file modes do not show access control lists and mount options."""
    try:
        run([str(program), "--version"], account)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def run(command: list[str], account: Account | None, environment: dict[str, str] | None = None) -> None:
    identity = {} if account is None else {"user": account.uid, "group": account.gid, "extra_groups": []}
    quiet = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True}
    subprocess.run(command, check=True, cwd="/", env=environment, **quiet, **identity)
