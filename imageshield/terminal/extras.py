"""What each command needs beyond the extra `cli`, said where it is missing."""

from collections.abc import Sequence
from typing import Final

from imageshield.terminal.failures import Failure, usage

OWN: Final = frozenset({"api", "backplane", "imageshield", "migrations", "relay", "shield_core", "worker"})
"""Our packages, which every installation has: without one of them it is damaged."""

NEEDED: Final = {"up": "embedded", "demo": "embedded", "doctor": "embedded", "admin": "embedded", "relay": "worker"}
"""The extra of each command that needs more than files and the engine."""


def lacking(error: ModuleNotFoundError, arguments: Sequence[str]) -> Failure:
    """Say which extra brings a module.

    Raises:
        ModuleNotFoundError: it is one of ours.
    """
    if (error.name or "").partition(".")[0] in OWN:
        raise error
    command = next((argument for argument in arguments if not argument.startswith("-")), "")
    extra = NEEDED.get(command, "cli")
    return usage(f"`imageshield {command}` needs the extra `{extra}`: pip install 'imageshield[{extra}]'")
