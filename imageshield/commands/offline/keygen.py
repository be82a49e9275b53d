"""`keygen`: the keys of a recipient."""

from datetime import UTC, datetime
from pathlib import Path

from imageshield.commands.offline.access import read_identities
from imageshield.terminal.failures import usage
from imageshield.terminal.inputs import STANDARD
from imageshield.terminal.outputs import PRIVATE, Outputs, check_target
from imageshield.terminal.reporting import note, print_json, show
from shield_core.keys.recipients import SecretKey


def generate(*, out: Path | None, as_json: bool) -> None:
    """Make a secret key: into a file of its owner's alone, or, where none is named, to stdout."""
    secret = SecretKey.generate()
    if out in {None, STANDARD}:
        _print_pair(secret, as_json=as_json)
        return
    check_target(out, force=False, hint="a key that is there is never replaced")
    with Outputs(force=False) as outputs:
        outputs.write(out, memoryview(_identity(secret).encode()), mode=PRIVATE)
    if as_json:
        print_json({"file": str(out), "public_key": secret.public.text})
    else:
        show(secret.public.text)


def show_public(path: Path, *, out: Path | None, as_json: bool) -> None:
    """Print the public keys that belong to the secret keys of a file."""
    if out is not None:
        raise usage("--public prints to stdout: -o is for a new secret key")
    publics = [secret.public.text for secret in read_identities(path)]
    if as_json:
        print_json({"public_keys": publics})
    else:
        show(*publics)


def _print_pair(secret: SecretKey, *, as_json: bool) -> None:
    if as_json:
        print_json({"secret_key": secret.text, "public_key": secret.public.text})
        return
    show(*_identity(secret).splitlines())
    note(f"public key: {secret.public.text}")


def _identity(secret: SecretKey) -> str:
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f"# ImageShield secret key, made {made}. Whoever has it opens what was encrypted for the public key.\n"
        f"# public key: {secret.public.text}\n"
        f"{secret.text}\n"
    )
