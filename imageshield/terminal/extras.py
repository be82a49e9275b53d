"""The extra that each command needs beyond `cli`, named in the error where it is missing."""

from collections.abc import Sequence
from typing import Final

from imageshield.terminal.failures import Failure, usage

OWN: Final = frozenset({"imageshield", "shield_core"})
"""Packages that every installation of the command line has. If one is missing, the installation is damaged."""

SERVICES: Final = frozenset({"api", "backplane", "migrations", "relay", "worker"})
"""Packages that only the service commands import."""

NEEDED: Final = {"up": "embedded", "demo": "embedded", "doctor": "embedded", "admin": "embedded", "relay": "worker"}
"""The extra of each service command. The other commands need `cli` only."""


def lacking(error: ModuleNotFoundError, arguments: Sequence[str]) -> Failure:
    """Name the extra that installs a missing module.

    Raises:
        ModuleNotFoundError: the module is our own, and the command must have it.
    """
    package = (error.name or "").partition(".")[0]
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    if package in OWN or (package in SERVICES and command not in NEEDED):
        raise error
    extra = NEEDED.get(command, "cli")
    remedy = f"pip install 'imageshield[{extra}]'"
    if package in SERVICES:
        return usage(f"`imageshield {command}` needs the package `{package}`: {remedy}, or run it from a checkout")
    return usage(f"`imageshield {command}` needs the extra `{extra}`: {remedy}")
