"""Rotate the keys that sign answers where there is no `imageshield` command: `python -m api.response_keys`.

The Docker images hold services and no command line; an operator runs this module inside the gateway's:
docs/guides/signatures.md.
"""

import argparse

from backplane.services.requests.caller import Caller
from backplane.settings import load_settings
from backplane.wiring.rotations import open_key_rotations, run_to_end


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="api.response_keys", description=__doc__)
    parser.add_argument("--at-once", action="store_true", help="destroy all other keys: one of them is known to others")
    print(run_to_end(_rotate(at_once=parser.parse_args(arguments).at_once)))  # noqa: T201 - what the operator asked for


async def _rotate(*, at_once: bool) -> str:
    async with open_key_rotations(load_settings()) as keys:
        return (await keys.rotate_response_key(Caller.operator(), at_once=at_once)).signer


if __name__ == "__main__":
    main()
