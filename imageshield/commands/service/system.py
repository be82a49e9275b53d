"""The commands that run or examine the whole system: up, demo, doctor and relay."""

from typing import Annotated

import typer

from imageshield.terminal.options import DataDir, Json

app = typer.Typer()


@app.command()
def up(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
    data_dir: DataDir = None,
    workers: Annotated[int | None, typer.Option(min=1, help="How many pictures at the same time.")] = None,
) -> None:
    """Run the whole system until Ctrl-C: gateway, worker, relay, database, Redis, object store."""
    from imageshield.commands.service.up import run

    raise typer.Exit(run(host=host, port=port, data_dir=data_dir, workers=workers))


@app.command()
def demo(json: Json = False) -> None:
    """Run the whole system once, with one picture there and back, and print the evidence."""
    from imageshield.commands.service.demo import run

    raise typer.Exit(run(as_json=json))


@app.command()
def doctor(data_dir: DataDir = None, json: Json = False) -> None:
    """Name every fault of the configuration at once."""
    from imageshield.commands.service.doctor import run

    raise typer.Exit(run(as_json=json, data_dir=data_dir))


@app.command()
def relay() -> None:
    """Run the outbox relay and the sweeper, until SIGTERM."""
    from relay.__main__ import main as run

    run()
