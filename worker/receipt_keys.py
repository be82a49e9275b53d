"""Rotate the receipt keys where there is no `imageshield` command: `python -m worker.receipt_keys`.

The Docker images hold services and no command line; an operator runs this module inside one: docs/guides/operations.md.
"""

import argparse

from backplane.services.entropy.receipts import Receipts
from backplane.settings import load_settings
from backplane.vault import LocalVault


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="worker.receipt_keys", description=__doc__)
    parser.add_argument("--ml-dsa-65", action=argparse.BooleanOptionalAction, help="default: as before")
    wanted = parser.parse_args(arguments)
    signer = Receipts(LocalVault.from_settings(load_settings())).rotate(ml_dsa_65=wanted.ml_dsa_65)
    print(*(key.kid for key in signer.public_keys), sep="\n")  # noqa: T201 - what the operator asked for


if __name__ == "__main__":
    main()
