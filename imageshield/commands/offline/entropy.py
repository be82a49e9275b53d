"""`imageshield entropy …`: the value and the cost of the random bits of this installation."""

from typing import Annotated

import typer

from imageshield.terminal.failures import ERROR, OK
from imageshield.terminal.options import Json
from imageshield.terminal.reporting import print_json, show

app = typer.Typer(name="entropy", help="Test and measure random bits.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def selftest(
    keys: Annotated[int, typer.Option(min=1, max=100_000, help="The number of product keys to attack.")] = 1000,
    json: Json = False,
) -> None:
    """Attack our own keys: exit code 0 if every bit of the simulator is predicted from its seed, and no key is."""
    from imageshield.commands.offline import entropy_selftest as attack

    found = attack.run(keys)
    if json:
        print_json(found.to_json())
    else:
        show(*attack.describe(found).splitlines())
    raise typer.Exit(OK if found.ok else ERROR)


@app.command()
def bench(
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="Rounds; each runs every routine once.")] = 9,
    json: Json = False,
) -> None:
    """Compare routines for random bits: those of the first designs, ours, and some that measure nothing."""
    from imageshield.commands.offline import entropy_bench

    result = entropy_bench.run(rounds=rounds)
    if json:
        print_json(result.to_json())
    else:
        show(*entropy_bench.describe(result).splitlines())
