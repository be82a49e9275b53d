"""`imageshield admin dead-letters …`: list the jobs that failed at every attempt, and queue one again."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar
from uuid import UUID

import typer

from imageshield.terminal.failures import Failure
from imageshield.terminal.options import InstallationDir, Json
from imageshield.terminal.reporting import print_json, print_table, say, show

if TYPE_CHECKING:
    from backplane.services.jobs.dead_letters import DeadLetter, DeadLetters
    from backplane.services.requests.caller import Caller

T = TypeVar("T")

app = typer.Typer(
    name="dead-letters",
    help="Look after the jobs that failed at every attempt.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="At most so many, the newest.")] = 100,
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """List the jobs that were given up as poison, of all accounts, newest first."""
    letters, has_more = _with_dead_letters(data_dir, lambda found: found.page(_operator(), limit=limit))
    found = [_described(letter) for letter in letters]
    if json:
        print_json({"data": found, "has_more": has_more})
        return
    for letter in found:
        print_table(letter)
        show("")
    say(f"{len(found)} dead letters{', and there are more' if has_more else ''}")


@app.command()
def redrive(
    job: Annotated[str, typer.Argument(metavar="JOB", help="The id of the job, job_…")],
    data_dir: InstallationDir = None,
    json: Json = False,
) -> None:
    """Put JOB back into the queue, with three new attempts. Possible for 24 hours after it failed."""
    job_id = _read(job)
    facts = _with_dead_letters(data_dir, lambda found: found.redrive(_operator(), job_id))
    described = {"job_id": job, "status": facts.status, "retries": facts.retries}
    if json:
        print_json(described)
    else:
        print_table(described)


def _operator() -> "Caller":
    from backplane.services.requests.caller import Caller

    return Caller.operator()


def _with_dead_letters(data_dir: Path | None, act: "Callable[[DeadLetters], Awaitable[T]]") -> T:
    from backplane.errors import ApplicationError
    from backplane.wiring.operator import open_dead_letters
    from imageshield.commands.service.installation import installation

    async def run() -> T:
        async with open_dead_letters(found.settings) as dead_letters:
            return await act(dead_letters)

    with installation(data_dir, new=False) as found:
        try:
            return asyncio.run(run())
        except ApplicationError as error:
            raise Failure(error.code, error.title, error.detail or "") from error


def _described(letter: "DeadLetter") -> dict[str, Any]:
    from backplane import ids

    image = letter.image or {}
    return {
        "job_id": ids.to_wire("job", letter.job_id),
        "account_id": ids.to_wire("acc", letter.account_id),
        "kind": letter.kind,
        "attempts": letter.attempts,
        "last_stage": letter.last_stage,
        "image": f"{image['format']} {image['width']}x{image['height']}" if image else None,
        "failed_at": letter.failed_at.isoformat() if letter.failed_at else None,
        "can_be_redriven": letter.can_be_redriven,
    }


def _read(job: str) -> UUID:
    from backplane import ids
    from backplane.errors import NotFound

    try:
        return ids.from_wire("job", job)
    except NotFound:
        raise Failure("not-found", "There is no such object", f"{job} is no id of a job") from None
