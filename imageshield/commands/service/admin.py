"""`imageshield admin …`: commands for operators, run on the machine of the installation with its environment."""

from pathlib import Path
from typing import Annotated

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
from imageshield.terminal.options import InstallationDir, Json

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
    from imageshield.commands.service import rotations

    rotations.rotate_receipt_key(data_dir, ml_dsa_65=ml_dsa_65, as_json=json)


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
    from imageshield.commands.service import rotations

    rotations.rotate_response_key(data_dir, at_once=at_once, as_json=json)


@app.command()
def rotate_signing_key(
    now: Annotated[
        bool, typer.Option("--now", help="A key is known to others: end it, and every login session, at once.")
    ] = False,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Create a new key that signs access tokens, first published and used ten minutes later; nothing is restarted."""
    from imageshield.commands.service import rotations

    rotations.rotate_signing_key(data_dir, at_once=now, as_json=json)


@app.command()
def rotate_api_key_pepper(data_dir: InstallationDir = None, json: Json = False) -> None:
    """Create a new pepper, the key of the vault under which API keys are stored. All API keys stay valid."""
    from imageshield.commands.service import rotations

    rotations.rotate_api_key_pepper(data_dir, as_json=json)


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
    from imageshield.commands.service import rotations

    rotations.rotate_audit_key(data_dir, as_json=json)
