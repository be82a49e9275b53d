"""`imageshield admin …`: commands for operators, run on the machine of the installation with its environment."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from imageshield.commands.service import (
    administration,
    audit_exports,
    dead_letters,
    erasures,
    factor_resets,
    mails,
    operations,
    operators,
)
from imageshield.terminal.failures import usage
from imageshield.terminal.options import InstallationDir, Json
from imageshield.terminal.reporting import print_json, print_table, say

app = typer.Typer(name="admin", help="Maintain an installation.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(administration.accounts)
app.add_typer(administration.users)
app.add_typer(factor_resets.app)
app.add_typer(audit_exports.app)
app.add_typer(dead_letters.app)
app.command(name="mails")(mails.list_dead)
app.command(name="usage")(operations.show_usage)
app.command(name="queue")(operations.show_queue)
app.command(name="pools")(operations.show_pools)
app.command(name="settings")(operations.show_settings)
app.command(name="erase")(erasures.erase)
app.command(name="create-operator")(operators.create)


@app.command()
def rotate_receipt_key(
    ml_dsa_65: Annotated[
        bool | None,
        typer.Option("--ml-dsa-65/--no-ml-dsa-65", help="Sign with ML-DSA-65 as well. [default: as before]"),
    ] = None,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Create a new key that signs receipts from now on. The old public keys stay published; nothing is restarted."""
    receipts = _receipts(data_dir)
    before = receipts.signer().public_keys[0].kid
    signer = receipts.rotate(ml_dsa_65=ml_dsa_65)
    found: dict[str, Any] = {
        "signer": signer.public_keys[0].kid,
        "algorithms": [key.algorithm.value for key in signer.public_keys],
        "before": before,
        "published": len(receipts.public_keys()),
    }
    if json:
        print_json(found)
    else:
        print_table(found | {"algorithms": ", ".join(found["algorithms"])})
    say("copies of /.well-known/jwks.json are out of date: with them, the signer of new receipts is unknown")


@app.command()
def rotate_response_key(
    at_once: Annotated[
        bool,
        typer.Option("--at-once", help="Somebody else knows a key: sign with the new one now, and destroy all others."),
    ] = False,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Create a new key that signs answers (Accept-Signature), ten minutes from now; nothing is restarted."""
    from backplane.services.requests.response_keys import ResponseKeys

    keys = ResponseKeys(_vault(data_dir))
    before = keys.signer().kid
    key = keys.rotate(at_once=at_once)
    found: dict[str, Any] = {
        "kid": key.kid,
        "signs_from": datetime.fromtimestamp(key.signs_from, UTC).isoformat().replace("+00:00", "Z"),
        "before": before,
        "published": len(keys.public_keys()),
    }
    if json:
        print_json(found)
    else:
        print_table(found)


@app.command()
def rotate_signing_key(
    now: Annotated[
        bool, typer.Option("--now", help="A key is known to others: end it, and every login session, at once.")
    ] = False,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Create a new key that signs access tokens, first published and used ten minutes later; nothing is restarted."""
    from imageshield.commands.service import signing_keys

    signing_keys.rotate(data_dir, at_once=now, as_json=json)


@app.command()
def rotate_api_key_pepper(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Create a new pepper, the key of the vault under which API keys are stored. All API keys stay valid."""
    from imageshield.commands.service import api_keys

    api_keys.rotate_pepper(data_dir, as_json=json)


@app.command()
def backup(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="The backup to write; must not exist.")],
    verify: Annotated[bool, typer.Option("--verify", help="Write nothing: check an existing backup.")] = False,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Write everything except the vault's keys to DIRECTORY. The system may run meanwhile."""
    from imageshield.commands.service import backups

    code = (
        backups.verify(directory, as_json=json)
        if verify
        else backups.backup(directory, data_dir=data_dir, as_json=json)
    )
    raise typer.Exit(code)


@app.command()
def restore(
    directory: Annotated[Path, typer.Argument(metavar="DIRECTORY", help="A backup.")],
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Continue if the vault lacks keys: their data stays locked.")
    ] = False,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Restore the backup in DIRECTORY into an empty database and its store. Existing data is never changed."""
    from imageshield.commands.service import backups

    raise typer.Exit(backups.restore(directory, data_dir=data_dir, without_keys=without_keys, as_json=json))


@app.command()
def continue_audit(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Let the audit trail go on after an older database was restored: an entry in each chain says so."""
    from imageshield.commands.service import audit

    raise typer.Exit(audit.continue_audit(data_dir=data_dir, as_json=json))


@app.command()
def rotate_audit_key(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Create a new key that signs audit checkpoints from now on. The old public keys stay published."""
    from imageshield.commands.service import audit

    raise typer.Exit(audit.rotate_key(data_dir=data_dir, as_json=json))


def _receipts(data_dir: Path | None) -> Any:
    from backplane.services.entropy.receipts import Receipts

    return Receipts(_vault(data_dir))


def _vault(data_dir: Path | None) -> Any:
    """Open the vault that the environment or the data directory names. No vault is created."""
    from backplane.vault import LocalVault
    from imageshield.checks.situation import look
    from imageshield.commands.service.installation import VAULT, check_vault, vault_refused
    from imageshield.servers.home import Home, default_path

    situation = look(os.environ, Home((data_dir or default_path()).expanduser().resolve()))
    places = [Path(situation.environment.get(name) or "") for name in VAULT]
    if Path() in places:
        raise usage(f"{' and '.join(VAULT)} say where the vault is, or --data-dir where `imageshield up` keeps it")
    check_vault(situation)  # the service would never see a key in another vault, or under another root key
    key_file, directory = places
    if directory.stat().st_uid != os.geteuid():
        owner = f"{directory} belongs to another user, who could not read the new key: run this as that user"
        raise vault_refused(owner)
    return LocalVault(root_key=key_file.read_bytes(), directory=directory)
