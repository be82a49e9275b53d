"""`imageshield admin rotate-…`: new keys in the vault, each with an entry in the audit trail of the system."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from backplane.errors import ApplicationError, DatabaseUnavailable
from backplane.services.requests.caller import Caller
from backplane.settings import Settings
from backplane.wiring.rotations import open_api_key_pepper, open_key_rotations, open_signing_keys
from imageshield.commands.service.installation import check_vault, installation, vault_refused
from imageshield.commands.service.operating import print_one
from imageshield.terminal.failures import Failure
from imageshield.terminal.reporting import say

K = TypeVar("K")
T = TypeVar("T")

REPEAT = (
    "A rotation has an entry in the audit trail: see that the database answers (`imageshield doctor`), and repeat it"
)


def rotate_receipt_key(data_dir: Path | None, *, ml_dsa_65: bool | None, as_json: bool) -> None:
    found = _rotate(
        data_dir, open_key_rotations, lambda keys: keys.rotate_receipt_key(Caller.operator(), ml_dsa_65=ml_dsa_65)
    )
    algorithms = found.algorithms if as_json else ", ".join(found.algorithms)
    described = {"signer": found.signer, "algorithms": algorithms}
    print_one(described | {"before": found.before, "published": found.published}, json=as_json)
    say("copies of /.well-known/jwks.json are out of date: with them, the signer of new receipts is unknown")


def rotate_response_key(data_dir: Path | None, *, at_once: bool, as_json: bool) -> None:
    found = _rotate(
        data_dir, open_key_rotations, lambda keys: keys.rotate_response_key(Caller.operator(), at_once=at_once)
    )
    signs_from = found.signs_from.isoformat().replace("+00:00", "Z") if found.signs_from else None
    described = {"kid": found.signer, "signs_from": signs_from}
    print_one(described | {"before": found.before, "published": found.published}, json=as_json)


def rotate_audit_key(data_dir: Path | None, *, as_json: bool) -> None:
    found = _rotate(data_dir, open_key_rotations, lambda keys: keys.rotate_audit_key(Caller.operator()))
    print_one({"signer": found.signer, "before": found.before, "published": found.published}, json=as_json)
    say("copies of /.well-known/jwks.json are out of date: with them, the signer of new checkpoints is unknown")


def rotate_signing_key(data_dir: Path | None, *, at_once: bool, as_json: bool) -> None:
    found = _rotate(data_dir, open_signing_keys, lambda keys: keys.rotate(Caller.operator(), at_once=at_once))
    described: dict[str, Any] = {
        "signer": found.signer,
        "signs_from": found.signs_from.isoformat(),
        "before": found.before,
        "verifies_until": found.verifies_until.isoformat() if found.verifies_until else None,
        "published": found.published,
        "ended_sessions": found.ended_sessions,
    }
    shown = {name: value for name, value in described.items() if as_json or value is not None}
    print_one(shown, json=as_json)
    if at_once:
        say(f"the keys before are refused from now on, and {found.ended_sessions} login sessions have ended")
    else:
        say(
            "gateways publish the new key within a second, sign with it in ten minutes, and accept old tokens meanwhile"
        )


def rotate_api_key_pepper(data_dir: Path | None, *, as_json: bool) -> None:
    found = _rotate(data_dir, open_api_key_pepper, lambda pepper: pepper.rotate(Caller.operator()))
    print_one({"version": found.version, "older_keys": found.older_keys}, json=as_json)
    say("API keys stay valid, and move to the new pepper when they are used")


def _rotate(
    data_dir: Path | None,
    connect: Callable[[Settings], AbstractAsyncContextManager[K]],
    act: Callable[[K], Awaitable[T]],
) -> T:
    async def run() -> T:
        async with connect(opened.settings) as keys:
            return await act(keys)

    with installation(data_dir, new=False) as opened:
        check_vault(opened.situation)  # the service would never see a key in another vault, or under another root key
        directory = opened.settings.vault_directory
        if directory.stat().st_uid != os.geteuid():
            owner = f"{directory} belongs to another user, who could not read the new key: run this as that user"
            raise vault_refused(owner)
        try:
            return asyncio.run(run())
        except DatabaseUnavailable as error:
            raise Failure(error.code, error.title, f"{error.detail}. {REPEAT}") from error
        except ApplicationError as error:
            raise Failure(error.code, error.title, error.detail or "") from error
