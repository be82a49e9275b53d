"""The material file of `maximum`: where it is written, where it is found, what can be seen of it."""

import os
from pathlib import Path

from imageshield.commands.offline.neighbors import beside
from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.inputs import STANDARD
from shield_core.cipher.purity import Purity
from shield_core.errors import MaterialRequired, ShieldError

SUFFIX = ".qmat"


def find(encrypted: Path, image: bytes, given: Path | None) -> Path | None:
    """Return the material to read for an encrypted image: the one that was given, or the one beside it if it needs one.

    Raises:
        Failure: it needs one, and there is none; so nobody is asked for a password first.
    """
    if given is not None or not _is_needed(image):
        return given
    if encrypted == STANDARD:
        raise usage("the encrypted image comes from standard input: --material names its material")
    path = beside(encrypted, SUFFIX)
    if not os.path.lexists(path):
        raise Failure(
            MaterialRequired.code,
            MaterialRequired.title,
            f"{path} is not there; --material names the .qmat file that was written with {encrypted.name}",
        )
    return path


def _is_needed(image: bytes) -> bool:
    from shield_core.encrypted.inspection import header_of

    try:
        return header_of(image).purity is Purity.MAXIMUM
    except ShieldError:
        return False  # the pipeline refuses it, and says why
