"""`opener`: write the page that decrypts without this program, and say which one it is."""

import hashlib
from pathlib import Path

from imageshield.terminal.failures import Failure
from imageshield.terminal.outputs import Outputs, check_target
from imageshield.terminal.reporting import note, print_json, print_table

BUILT = Path(__file__).resolve().parents[2] / "open.html"


def write(out: Path, *, force: bool, as_json: bool) -> None:
    """Write one HTML file that opens encrypted pictures in a browser, and print its SHA-256."""
    check_target(out, force=force)
    page = read()
    with Outputs(force=force) as outputs:
        outputs.write(out, memoryview(page))
    note("open it from the disk (file://); docs/reference/opener.md has the SHA-256 of each release")
    about = {"file": str(out), "bytes": len(page), "sha256": hashlib.sha256(page).hexdigest()}
    if as_json:
        print_json(about)
    else:
        print_table(about)


def read() -> bytes:
    """Read the page, which the build of the console puts beside this package.

    Raises:
        Failure: this is a checkout in which it was not built.
    """
    try:
        return BUILT.read_bytes()
    except FileNotFoundError:
        raise Failure(
            "opener-missing", "The opener was not built", "in the project's folder, run: make console"
        ) from None
