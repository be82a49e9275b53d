"""`import-legacy`: pictures that the predecessor of this program encrypted."""

from pathlib import Path

from cli.failures import of_core, of_reading, usage
from cli.files import read
from cli.outputs import Outputs, check_target, cleaning_up
from cli.reporting import print_json, print_table, say
from shield_core.errors import ShieldError
from shield_core.image.limits import MAX_BYTES
from shield_core.legacy.decryption import LegacyPicture, decrypt

_DOUBTS = {
    None: "the key file has no HMAC: nothing shows whether the picture was changed",
    False: "the HMAC of the key file does not fit: the picture or the key file was changed",
}


def import_legacy(encrypted: Path, key: Path, *, out: Path, verify: bool, force: bool, as_json: bool) -> None:
    """Decrypt a picture of the predecessor into a PNG."""
    places = [path.resolve() for path in (encrypted, key, out)]
    if len(set(places)) != len(places):
        raise usage("two of the three files are the same")
    check_target(out, force=force)
    picture = _decrypt(read(encrypted, MAX_BYTES), key, verify=verify)
    with cleaning_up(), Outputs(force=force) as outputs:
        outputs.write(out, memoryview(picture.png))
    if not picture.authentic:
        say(f"warning: {_DOUBTS[picture.authentic]}")
    say("the old picture and its key are as weak as they were: encrypt the new one, and delete them")
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
        with key.open("rb") as file:
            return decrypt(data, file, verify=verify)
    except ShieldError as error:
        raise of_core(error) from error
    except OSError as error:
        raise of_reading(error, key) from error
