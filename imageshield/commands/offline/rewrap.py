"""`rewrap`: another key file for the same picture, that others open."""

from pathlib import Path

from imageshield.commands.offline.access import Keys, Locks
from imageshield.terminal.failures import of_core
from imageshield.terminal.inputs import read
from imageshield.terminal.outputs import PRIVATE, Outputs, check_distinct, check_target
from imageshield.terminal.reporting import note, print_json, print_table, say
from shield_core.errors import ShieldError
from shield_core.keys import keyfile, spelling
from shield_core.keys.keyfile import KeyFile


def rewrap(key: Path, *, out: Path, keys: Keys, locks: Locks, force: bool, as_json: bool) -> None:
    """Open a key file and lock it anew; the picture, and the key in it, stay as they are."""
    keys.check()
    locks.check()
    check_distinct({"the old key file": key, "the new one": out})
    check_target(out, force=force)
    rewrapped = _rewrap(read(key, keyfile.MAX_BYTES), keys, locks)
    with Outputs(force=force) as outputs:
        outputs.write(out, memoryview(keyfile.encode(rewrapped)), mode=PRIVATE)
    note("the old key file, and every copy of it, opens the picture as before")
    about = {
        "key_file": str(out),
        "key_id": keyfile.key_id_text(rewrapped.key_id),
        "stanzas": [stanza["type"] for stanza in rewrapped.stanzas],
    }
    if as_json:
        print_json(about)
    else:
        print_table({name.replace("_", " "): value for name, value in about.items()})


def _rewrap(data: bytes, keys: Keys, locks: Locks) -> KeyFile:
    try:
        parsed = keyfile.parse_respelled(data)
        # The old MAC covers the canonical form: what was changed in more than its spelling ends here.
        file_key = keyfile.unlock(parsed, keys.openers_of(parsed))
        _tell_of_changes(data, parsed)
        return keyfile.rewrap(parsed, file_key, locks.wraps())
    except ShieldError as error:
        raise of_core(error) from error


def _tell_of_changes(data: bytes, parsed: KeyFile) -> None:
    if data != keyfile.encode(parsed):
        changed = " and ".join(spelling.changes(data))
        say(f"since the old key file was written, {changed}; the new one is as it should be")
