"""Rotate the receipt keys where there is no `imageshield` command: `python -m worker.receipt_keys`.

The Docker images hold services and no command line; an operator runs this module inside one: docs/guides/operations.md.
"""

import argparse

from backplane.services.requests.caller import Caller
from backplane.settings import load_settings
from backplane.wiring.rotations import open_key_rotations, run_to_end


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="worker.receipt_keys", description=__doc__)
    parser.add_argument("--ml-dsa-65", action=argparse.BooleanOptionalAction, help="default: as before")
    wanted = parser.parse_args(arguments)
    print(*run_to_end(_rotate(ml_dsa_65=wanted.ml_dsa_65)), sep="\n")  # noqa: T201 - what the operator asked for


async def _rotate(*, ml_dsa_65: bool | None) -> list[str]:
    async with open_key_rotations(load_settings()) as keys:
        return [key.kid for key in (await keys.rotate_receipt_key(Caller.operator(), ml_dsa_65=ml_dsa_65)).keys]


if __name__ == "__main__":
    main()
