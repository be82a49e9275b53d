"""Rotate the keys that sign answers where there is no `imageshield` command: `python -m api.response_keys`.

The Docker images hold services and no command line; an operator runs this module inside the gateway's:
docs/guides/signatures.md.
"""

import argparse

from backplane.services.requests.response_keys import ResponseKeys
from backplane.settings import load_settings
from backplane.vault import LocalVault


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="api.response_keys", description=__doc__)
    parser.add_argument("--at-once", action="store_true", help="destroy all other keys: one of them is known to others")
    wanted = parser.parse_args(arguments)
    keys = ResponseKeys(LocalVault.from_settings(load_settings()))
    print(keys.rotate(at_once=wanted.at_once).kid)  # noqa: T201 - what the operator asked for


if __name__ == "__main__":
    main()
