"""Rotate the signing key where there is no `imageshield` command: `python -m api.signing_keys [--now]`.

The Docker images hold services and no command line; an operator runs this in a gateway: docs/guides/operations.md.
"""

import argparse

from backplane.services.identity.signing_key_rotation import Rotation
from backplane.services.requests.caller import Caller
from backplane.settings import load_settings
from backplane.wiring.rotations import open_signing_keys, run_to_end


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="api.signing_keys", description=__doc__)
    parser.add_argument("--now", action="store_true", help="a key is known to others: end it, and every login session")
    found = run_to_end(_rotate(at_once=parser.parse_args(arguments).now))
    print(f"{found.signer} signs from {found.signs_from.isoformat()}")  # noqa: T201 - what the operator asked for


async def _rotate(*, at_once: bool) -> Rotation:
    async with open_signing_keys(load_settings()) as rotation:
        return await rotation.rotate(Caller.operator(), at_once=at_once)


if __name__ == "__main__":
    main()
