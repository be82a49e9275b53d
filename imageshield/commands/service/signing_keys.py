"""`imageshield admin rotate-signing-key`."""

import asyncio
import os
from pathlib import Path
from typing import Any

from backplane.errors import ApplicationError
from backplane.services.identity.signing_key_rotation import Rotation
from backplane.services.requests.caller import Caller
from backplane.settings import Settings
from backplane.wiring.operator import open_signing_keys
from imageshield.commands.service.installation import check_vault, installation, vault_refused
from imageshield.terminal.failures import Failure
from imageshield.terminal.reporting import print_json, print_table, say


def rotate(data_dir: Path | None, *, at_once: bool, as_json: bool) -> None:
    with installation(data_dir, new=False) as opened:
        check_vault(opened.situation)
        if opened.settings.vault_directory.stat().st_uid != os.geteuid():
            raise vault_refused(
                "the vault belongs to another user, who could not read the new key: run this as that user"
            )
        found = asyncio.run(_rotate(opened.settings, at_once=at_once))
    if as_json:
        print_json(_described(found))
    else:
        print_table({name: value for name, value in _described(found).items() if value is not None})
    if at_once:
        say(f"the keys before are refused from now on, and {found.ended_sessions} login sessions have ended")
    else:
        say(
            "gateways publish the new key within a second, sign with it in ten minutes, and accept old tokens meanwhile"
        )


async def _rotate(settings: Settings, *, at_once: bool) -> Rotation:
    try:
        async with open_signing_keys(settings) as rotation:
            return await rotation.rotate(Caller.operator(), at_once=at_once)
    except ApplicationError as error:
        raise Failure(error.code, error.title, error.detail or "") from error


def _described(found: Rotation) -> dict[str, Any]:
    return {
        "signer": found.signer,
        "signs_from": found.signs_from.isoformat(),
        "before": found.before,
        "verifies_until": found.verifies_until.isoformat() if found.verifies_until else None,
        "published": found.published,
        "ended_sessions": found.ended_sessions,
    }
