"""What commands of operators share: the use cases of administration, ids, and how rows are printed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from imageshield.terminal.failures import Failure
from imageshield.terminal.reporting import print_json, print_table, say, show

if TYPE_CHECKING:
    from backplane.wiring.administration import AdministrationServices

T = TypeVar("T")
NAMES = {"acc": "account_id", "usr": "user_id"}


async def user_id_of(found: "AdministrationServices", user: str) -> UUID:
    return await found.users.id_of(user) if "@" in user else id_of("usr", user)


def with_administration(data_dir: Path | None, act: "Callable[[AdministrationServices], Awaitable[T]]") -> T:
    from backplane.errors import ApplicationError
    from backplane.wiring.administration import open_administration
    from imageshield.commands.service.installation import installation

    async def run() -> T:
        async with open_administration(found.settings) as administration:
            return await act(administration)

    with installation(data_dir, new=False) as found:
        try:
            return asyncio.run(run())
        except ApplicationError as error:
            raise Failure(error.code, error.title, error.detail or "") from error


def id_of(prefix: str, text: str) -> UUID:
    from backplane import ids
    from backplane.errors import NotFound

    try:
        return ids.from_wire(prefix, text)
    except NotFound:
        raise Failure("not-found", "There is no such object", f"{text} is no id {prefix}_…") from None


def described(prefix: str, row: Any, *, name: str = "id") -> dict[str, Any]:
    """Write a row for JSON; `name` is the field of its id."""
    from backplane import ids

    fields = {field: written(value) for field, value in asdict(row).items()}
    return {NAMES[prefix]: ids.to_wire(prefix, fields.pop(name)), **fields}


def written(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def print_one(found: dict[str, Any], *, json: bool) -> None:
    if json:
        print_json(found)
    else:
        print_table(found)


def print_page(found: list[dict[str, Any]], *, has_more: bool, json: bool, what: str) -> None:
    if json:
        print_json({"data": found, "has_more": has_more})
        return
    for one in found:
        print_table(one)
        show("")
    say(f"{len(found)} {what}{', and there are more' if has_more else ''}")
