"""`imageshield admin rotate-api-key-pepper`."""

import asyncio
import os
from pathlib import Path

from backplane.errors import ApplicationError
from backplane.services.identity.api_key_pepper_rotation import PepperRotation
from backplane.services.requests.caller import Caller
from backplane.settings import Settings
from backplane.wiring.operator import open_api_key_pepper
from imageshield.commands.service.installation import check_vault, installation, vault_refused
from imageshield.terminal.failures import Failure
from imageshield.terminal.reporting import print_json, print_table, say


def rotate_pepper(data_dir: Path | None, *, as_json: bool) -> None:
    with installation(data_dir, new=False) as opened:
        check_vault(opened.situation)
        if opened.settings.vault_directory.stat().st_uid != os.geteuid():
            raise vault_refused("it belongs to another user, who could not read the new pepper: run this as that user")
        found = asyncio.run(_rotate(opened.settings))
    described = {"version": found.version, "older_keys": found.older_keys}
    if as_json:
        print_json(described)
    else:
        print_table(described)
    say("API keys stay valid, and move to the new pepper when they are used")


async def _rotate(settings: Settings) -> PepperRotation:
    try:
        async with open_api_key_pepper(settings) as rotation:
            return await rotation.rotate(Caller.operator())
    except ApplicationError as error:
        raise Failure(error.code, error.title, error.detail or "") from error
