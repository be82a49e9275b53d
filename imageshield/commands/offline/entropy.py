"""`imageshield entropy …`: what the random bits of this installation are worth, and what they cost."""

from typing import Annotated

import typer

from imageshield.terminal.failures import ERROR, OK
from imageshield.terminal.options import Json
from imageshield.terminal.reporting import print_json, show

app = typer.Typer(
    name="entropy", help="Show what random bits are worth and cost.", no_args_is_help=True, rich_markup_mode=None
)


@app.command()
def selftest(
    keys: Annotated[int, typer.Option(min=1, max=100_000, help="How many product keys are attacked.")] = 1000,
    json: Json = False,
) -> None:
    """Predict every bit of the simulator from its seed, and no key of this product. Exit code 0 where that is so."""
    from imageshield.commands.offline import entropy_selftest as attack

    found = attack.run(keys)
    if json:
        print_json(found.to_json())
    else:
        show(*attack.tell(found).splitlines())
    raise typer.Exit(OK if found.ok else ERROR)


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Rounds in which all ways take turns.")] = 9,
    json: Json = False,
) -> None:
    """Race the ways to get random bits in one run: the first designs' routines, ours, and what is no measurement."""
    from imageshield.commands.offline import entropy_bench

    result = entropy_bench.run(rounds=rounds)
    if json:
        print_json(result.to_json())
    else:
        show(*entropy_bench.tell(result).splitlines())
