"""`import-legacy`: pictures that the predecessor of this program encrypted."""

from io import BytesIO
from pathlib import Path
from typing import Final

from imageshield.terminal.failures import of_core
from imageshield.terminal.inputs import STANDARD, read, reading
from imageshield.terminal.outputs import Outputs, check_distinct, check_target
from imageshield.terminal.reporting import note, print_json, print_table, say
from shield_core.errors import ShieldError
from shield_core.image.limits import MAX_BYTES
from shield_core.legacy.decryption import LegacyPicture, decrypt

MAX_KEY_BYTES: Final = 500_000_000
"""Bytes of a key file on standard input, where it is held in memory: more than those of the largest pictures have."""

_DOUBTS = {
    None: "the key file has no HMAC: nothing shows whether the picture was changed",
    False: "the HMAC of the key file does not fit: the picture or the key file was changed",
}


def import_legacy(encrypted: Path, key: Path, *, out: Path, verify: bool, force: bool, as_json: bool) -> None:
    """Decrypt a picture of the predecessor into a PNG."""
    check_distinct({"the encrypted picture": encrypted, "the key file": key, "the picture": out})
    check_target(out, force=force)
    picture = _decrypt(read(encrypted, MAX_BYTES), key, verify=verify)
    with Outputs(force=force) as outputs:
        outputs.write(out, memoryview(picture.png))
    if not picture.authentic:
        say(f"warning: {_DOUBTS[picture.authentic]}")
    note("the old picture and its key are as weak as they were: encrypt the new one, and delete them")
    about = {
        "file": str(out),
        "mode": picture.mode,
        "width": picture.width,
        "height": picture.height,
        "version": picture.version,
        "authentic": picture.authentic,
    }
    if as_json:
        print_json(about)
    else:
        print_table({name: value for name, value in about.items() if value is not None})


def _decrypt(data: bytes, key: Path, *, verify: bool) -> LegacyPicture:
    try:
        if key == STANDARD:  # which cannot be read here and there, as an archive is
            return decrypt(data, BytesIO(read(key, MAX_KEY_BYTES)), verify=verify)
        with reading(key) as file:
            return decrypt(data, file, verify=verify)
    except ShieldError as error:
        raise of_core(error) from error
