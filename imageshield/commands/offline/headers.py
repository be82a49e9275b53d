"""The header of an encrypted image as a file of its own, for pictures that another program has saved again."""

from pathlib import Path

from imageshield.commands.offline.neighbors import beside
from imageshield.terminal import summaries
from imageshield.terminal.failures import Failure, of_core, usage
from imageshield.terminal.inputs import STANDARD, called, read
from imageshield.terminal.outputs import Outputs, check_distinct, check_target
from shield_core import recognition
from shield_core.errors import DecryptionError, ShieldError
from shield_core.image.limits import MAX_ENCRYPTED_BYTES

SUFFIX = ".qhdr"


def write(encrypted: Path, *, out: Path | None, force: bool, as_json: bool) -> None:
    """Write header and tag of an encrypted image, whose image data may have been compressed again."""
    from shield_core.encrypted import png
    from shield_core.encrypted.detached import read_header

    if out is None and encrypted == STANDARD:
        raise usage("the encrypted image comes from standard input: -o names the header file")
    target = out or beside(encrypted, SUFFIX)
    check_distinct({"the encrypted image": encrypted, "the header": target})
    check_target(target, force=force)
    try:
        front = png.find(read(encrypted, MAX_ENCRYPTED_BYTES))
        header = read_header(front)
    except ShieldError as error:
        # No key was tried, so the common message of failed decryptions would be wrong.
        damaged = error.title == DecryptionError.title
        raise of_core(error, title="The file is not as it was written" if damaged else None) from error
    with Outputs(force=force) as outputs:
        outputs.write(target, front)
    summaries.show_header(header.key_id, target, len(front), as_json=as_json)


def read_given(path: Path | None) -> bytes | None:
    """Read the file of `--header`.

    Raises:
        Failure: it cannot be read, or is another file.
    """
    from shield_core.encrypted.detached import MAX_BYTES

    if path is None:
        return None
    front = read(path, MAX_BYTES)
    kind = recognition.name_of(front)
    if kind not in {None, recognition.HEADER}:
        raise Failure(
            "validation-failed",
            "Not the header of an encrypted image",
            f"{called(path)} is {kind}; `imageshield header` and the service give the header",
        )
    return front
