"""The material file of the purity `maximum`: its suffix, and how `decrypt` finds it."""

import os
from pathlib import Path

from imageshield.commands.offline.neighbors import beside
from imageshield.terminal.failures import Failure, usage
from imageshield.terminal.inputs import STANDARD
from shield_core.cipher.purity import Purity
from shield_core.errors import MaterialRequired, ShieldError

SUFFIX = ".qmat"


def find(encrypted: Path, image: bytes, given: Path | None, *, front: bytes | None = None) -> Path | None:
    """Return the material file of an encrypted image: the given one, or the one beside it if the image needs one.

    `front` are its header and tag, if they are not in it.

    Raises:
        Failure: the image needs one, and there is none. This check comes before any password prompt.
    """
    if given is not None or not _is_needed(image, front):
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


def _is_needed(image: bytes, front: bytes | None) -> bool:
    from shield_core.encrypted.detached import read_header
    from shield_core.encrypted.inspection import header_of

    try:
        return (header_of(image) if front is None else read_header(front)).purity is Purity.MAXIMUM
    except ShieldError:
        return False  # the pipeline refuses the image with the reason
