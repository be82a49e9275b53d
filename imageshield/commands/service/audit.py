"""`imageshield admin continue-audit` and `rotate-audit-key`: the audit trail, for the operator at the machine."""

import asyncio
from pathlib import Path

from backplane.services.audit.signers import CheckpointKeys
from backplane.settings import Settings
from backplane.vault import LocalVault
from backplane.wiring.operator import open_audit_restores
from imageshield.commands.service.installation import check_vault, installation
from imageshield.terminal.failures import OK
from imageshield.terminal.reporting import print_json, print_table, say


def continue_audit(*, data_dir: Path | None, as_json: bool) -> int:
    """Note in every chain that an older database was restored, if that is so. Returns the exit code."""
    with installation(data_dir, new=False) as found:
        chains = asyncio.run(_continue(found.settings))
    if as_json:
        print_json({"chains": chains})
    else:
        print_table({"chains": chains})
    say("checkpoints are signed again" if chains else "nothing to do: the database has the store's newest checkpoint")
    return OK


def rotate_key(*, data_dir: Path | None, as_json: bool) -> int:
    """Make a new key that signs checkpoints. Returns the exit code."""
    with installation(data_dir, new=False) as found:
        check_vault(found.situation)
        keys = CheckpointKeys(LocalVault.from_settings(found.settings))
        before = keys.signer().public_key.kid
        result = {"signer": keys.rotate().public_key.kid, "before": before, "published": len(keys.public_keys())}
    if as_json:
        print_json(result)
    else:
        print_table(result)
    say("copies of /.well-known/jwks.json are out of date: with them, the signer of new checkpoints is unknown")
    return OK


async def _continue(settings: Settings) -> int:
    async with open_audit_restores(settings) as restores:
        return await restores.note() if await restores.is_needed() else 0
