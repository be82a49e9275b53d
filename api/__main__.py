"""`python -m api`: the gateway, as images and `imageshield up` run it."""

import argparse

from api.serving.server import Server, configure
from backplane.settings import load_settings


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m api", description="Serve the gateway")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    wanted = parser.parse_args()
    settings = load_settings()
    config = configure(
        "api.main:app",
        host=wanted.host,
        port=wanted.port,
        drain_seconds=settings.drain_seconds,
        keep_alive_seconds=settings.keep_alive_seconds,
    )
    Server(config, drain_seconds=settings.drain_seconds).run()


if __name__ == "__main__":
    main()
