"""Key checks: the key files exist, have the right size and safe permissions, and belong to the vault's data."""

import os
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from backplane.default_secrets import is_published_key, is_weak_key
from backplane.errors import ApplicationError
from backplane.services.identity.key_ring import SigningKey
from backplane.vault import KEY_SIZE, OTHERS, LocalVault
from imageshield.checks.situation import Fault, Situation

TOO_OPEN = 0o037
"""Refused permission bits: the group may read a mounted secret, only the owner may write it, others may do nothing."""


def check_keys(situation: Situation) -> list[Fault]:
    faults = []
    root_key = _read(situation, "VAULT_KEY_FILE", faults)
    if root_key is not None and len(root_key) != KEY_SIZE:
        problem = f"holds {len(root_key)} bytes and must hold exactly {KEY_SIZE}"
        faults.append(
            Fault("VAULT_KEY_FILE", problem, "restore the file that was made first; see docs/guides/operations.md")
        )
    elif root_key is not None and not situation.local and is_weak_key(root_key):
        remedy = "make one with scripts/make_keys.py before any key is kept under it; see docs/guides/operations.md"
        faults.append(Fault("VAULT_KEY_FILE", "holds text or a pattern, which can be guessed", remedy))
    signing_key = _read(situation, "SIGNING_KEY_FILE", faults)
    if signing_key is not None and not situation.local and is_published_key(signing_key):
        remedy = "unset it, and run `imageshield admin rotate-signing-key --now` if it was imported into the vault"
        faults.append(Fault("SIGNING_KEY_FILE", "holds the example of a document", remedy))
    if signing_key is not None and not _is_p256(signing_key):
        remedy = "unset it: the service makes its signing keys itself, in the vault"
        faults.append(Fault("SIGNING_KEY_FILE", "is no P-256 private key in PEM", remedy))
    found = _check_vault(situation, root_key)
    if signing_key is not None and root_key is not None and not faults and not found:
        found = _check_import(situation, root_key, signing_key)
    return faults + found


def _read(situation: Situation, name: str, faults: list[Fault]) -> bytes | None:
    given = situation.environment.get(name)
    if not given:
        return None
    path = Path(given)
    try:
        mode = path.stat().st_mode
        content = path.read_bytes()
    except FileNotFoundError:
        faults.append(Fault(name, f"{path} does not exist", "restore it, or correct the path"))
        return None
    except OSError as error:
        faults.append(Fault(name, f"{path} cannot be read ({error.strerror})", f"let user {os.geteuid()} read it"))
        return None
    if mode & TOO_OPEN:
        faults.append(Fault(name, f"{path} is open to others (mode {mode & 0o777:04o})", f"chmod 0600 {path}"))
    return content


def _check_import(situation: Situation, root_key: bytes, signing_key: bytes) -> list[Fault]:
    """Compare with the key that the vault imported: a replaced file would change nothing."""
    series = LocalVault(root_key=root_key, directory=Path(situation.environment["VAULT_DIRECTORY"])).signing_keys
    numbers = series.numbers()
    if not numbers:
        return []
    imported = SigningKey.from_record(series.read(numbers[-1])).imported
    if imported == SigningKey.from_pem(signing_key).imported:
        return []
    remedy = "unset it; `imageshield admin rotate-signing-key` makes a new key, with --now if one is known to others"
    return [Fault("SIGNING_KEY_FILE", "is not the key that was imported into the vault, and is not used", remedy)]


def _is_p256(pem: bytes) -> bool:
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        return False
    return isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1)


def _check_vault(situation: Situation, root_key: bytes | None) -> list[Fault]:
    given = situation.environment.get("VAULT_DIRECTORY")
    if not given:
        return []
    directory = Path(given)
    if not directory.is_dir():
        return [Fault("VAULT_DIRECTORY", f"{directory} is not a directory", "make it (mode 0700), or correct the path")]
    faults = []
    if not os.access(directory, os.R_OK | os.W_OK | os.X_OK):
        faults.append(
            Fault("VAULT_DIRECTORY", f"{directory} is not ours to write", f"let user {os.geteuid()} write it")
        )
    if directory.stat().st_mode & 0o007:
        faults.append(Fault("VAULT_DIRECTORY", f"{directory} is open to others", f"chmod 0700 {directory}"))
    faults += _check_inside(directory)
    if root_key is not None and len(root_key) == KEY_SIZE and not _opens(root_key, directory):
        remedy = "restore the VAULT_KEY_FILE that belongs to this directory; see docs/guides/operations.md"
        faults.append(Fault("VAULT_KEY_FILE", f"is not the key under which {directory} was sealed", remedy))
    return faults


def _check_inside(directory: Path) -> list[Fault]:
    """Refuse any access by group and others: the names of the folders are account ids."""
    found = [path for path in directory.rglob("*") if not path.is_symlink() and path.stat().st_mode & OTHERS]
    if not found:
        return []
    problem = f"{min(found)} is open to others" + (f", and {len(found) - 1} more in {directory}" if found[1:] else "")
    return [Fault("VAULT_DIRECTORY", problem, f"chmod -R go= {directory}/*")]


def _opens(root_key: bytes, directory: Path) -> bool:
    """Try the newest transit key: every installation that has accepted a job has one."""
    stored = sorted((directory / "transit").glob("????-??-??"))
    if not stored:
        return True
    try:
        LocalVault(root_key=root_key, directory=directory).transit_key(UUID(bytes=stored[-1].read_bytes()[:16]))
    except (ApplicationError, OSError, ValueError):
        return False
    return True
