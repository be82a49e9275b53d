"""The material file of `maximum`: where it is written, where it is found, what can be seen of it."""

from pathlib import Path

from cli.failures import Failure
from shield_core.cipher.purity import Purity
from shield_core.errors import MaterialRequired, ShieldError

SUFFIX = ".qmat"


def beside(encrypted: Path) -> Path:
    """Return where the material of an encrypted image is written and looked for."""
    return encrypted.with_suffix(SUFFIX)


def find(encrypted: Path, image: bytes, given: Path | None) -> Path | None:
    """Return the material to read for an encrypted image: the one that was given, or the one beside it if it needs one.

    Raises:
        Failure: it needs one, and there is none; so nobody is asked for a password first.
    """
    if given is not None or not _is_needed(image):
        return given
    path = beside(encrypted)
    if not path.exists():
        raise Failure(
            MaterialRequired.code,
            MaterialRequired.title,
            f"{path} is not there; --material names the .qmat file that was written with {encrypted.name}",
        )
    return path


def _is_needed(image: bytes) -> bool:
    from shield_core.container.inspection import header_of

    try:
        return header_of(image).purity is Purity.MAXIMUM
    except ShieldError:
        return False  # the pipeline refuses it, and says why
