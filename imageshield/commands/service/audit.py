"""`imageshield admin continue-audit`: the audit trail after a restore by other means."""

import asyncio
from pathlib import Path

from backplane.settings import Settings
from backplane.wiring.operator import open_audit_restores
from imageshield.commands.service.installation import installation
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


async def _continue(settings: Settings) -> int:
    async with open_audit_restores(settings) as restores:
        return await restores.note() if await restores.is_needed() else 0
