"""`imageshield admin audit …`: the audit trail of the system, or of an account, as a file."""

import asyncio
import json as jsonlib
import mmap
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.inputs import STANDARD
from imageshield.terminal.options import Force, InstallationDir, Json, write_option
from imageshield.terminal.outputs import PRIVATE, Outputs, check_distinct, check_target
from imageshield.terminal.reporting import print_json, print_table, say

if TYPE_CHECKING:
    from backplane.settings import Settings

app = typer.Typer(name="audit", help="Export audit trails.", no_args_is_help=True, rich_markup_mode=None)


class Form(StrEnum):
    """Lines that verify, or a table."""

    JSONL = "jsonl"
    CSV = "csv"


@app.callback()
def group() -> None:
    """Export audit trails."""


@app.command()
def export(
    *,
    output: Annotated[Path, write_option("-o", "--output", help="The file to write; - is standard output.")],
    system: Annotated[bool, typer.Option("--system", help="The trail of the system. This is the default.")] = False,
    account: Annotated[
        str | None, typer.Option(metavar="ACCOUNT", help="The trail of this account, acc_…, instead.")
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", help="jsonl, which verifies, or csv, which is for spreadsheets.")
    ] = Form.JSONL,
    keys: Annotated[
        Path | None, write_option("--keys", metavar="JWKS", help="Also write the public keys of the signers here.")
    ] = None,
    force: Force = False,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Write the audit trail of the system to a file that `imageshield audit verify` checks. The export is recorded."""
    if system and account is not None:
        raise usage("--system and --account exclude each other")
    chain = _read(account) if account is not None else UUID(int=0)
    targets = {"--output": output, **({"--keys": keys} if keys is not None else {})}
    check_distinct(targets)
    for target in targets.values():
        check_target(target, force=force)
    size = _export(chain, form, output, keys, data_dir=data_dir, force=force)
    found = {"trail": account or "system", "format": form.value, "bytes": size, "file": str(output)}
    if json:
        print_json(found)
    elif output != STANDARD:
        print_table(found)
    say("entries of the last second may wait for their place in the chain: they are in the next export")


def _export(chain: UUID, form: Form, output: Path, keys: Path | None, *, data_dir: Path | None, force: bool) -> int:
    from backplane.errors import ApplicationError
    from imageshield.commands.service.installation import check_vault, installation

    # A trail may be larger than the memory. The file has no name, so nothing of it stays.
    with TemporaryFile() as spool:
        with installation(data_dir, new=False) as found:
            check_vault(found.situation)
            try:
                jwks = asyncio.run(_spool(found.settings, chain, form, spool.write))
            except ApplicationError as error:
                raise Failure(error.code, error.title, error.detail or "") from error
        spool.flush()
        # Not closed by hand: `outputs` may hold a part of it until it has sent it.
        written = mmap.mmap(spool.fileno(), 0, access=mmap.ACCESS_READ)
        with Outputs(force=force) as outputs:
            outputs.write(output, memoryview(written), mode=PRIVATE)
            if keys is not None:
                outputs.write(keys, memoryview(jwks))
        return len(written)


async def _spool(settings: "Settings", chain: UUID, form: Form, write: Callable[[bytes], object]) -> bytes:
    """Write the export, and return the public keys of its signers."""
    from backplane.errors import NotFound
    from backplane.services.audit.views import EVERYTHING
    from backplane.services.requests.caller import NO_ACCOUNT, Actor, Caller
    from backplane.wiring.operator import open_audit

    caller = Caller(chain, Actor.OPERATOR)
    async with open_audit(settings) as audit:
        entries, _ = await audit.views.page(caller, EVERYTHING, limit=1)
        if not entries and chain != NO_ACCOUNT:
            raise NotFound("There is no such account")
        pieces = await (audit.exports.lines if form is Form.JSONL else audit.exports.table)(caller)
        async for piece in pieces:
            write(piece)
        return jsonlib.dumps({"keys": audit.keys.public_keys()}, indent=2).encode() + b"\n"


def _read(account: str) -> UUID:
    from backplane import ids
    from backplane.errors import NotFound

    try:
        return ids.from_wire("acc", account)
    except NotFound:
        raise Failure("not-found", "There is no such object", f"{account} is no id acc_…") from None
