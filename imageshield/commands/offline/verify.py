"""`verify`: hold a receipt against keys, an image and a key file of this machine. No network is asked anything."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from imageshield.commands.offline.access import Keys
from imageshield.terminal.failures import ERROR, NOT_AUTHENTIC, OK, of_core, usage
from imageshield.terminal.inputs import read
from imageshield.terminal.reporting import print_json, print_table, say
from shield_core.encrypted.evidence import look_at_image, look_at_key
from shield_core.errors import ShieldError
from shield_core.image.limits import MAX_ENCRYPTED_BYTES
from shield_core.keys import jwk, keyfile
from shield_core.keys.jwk import Algorithm, KeySet
from shield_core.quantum import receipt as receipts
from shield_core.quantum.receipt import Receipt
from shield_core.quantum.verdict import ImageEvidence, KeyEvidence, Outcome, Signature, Verdict
from shield_core.quantum.verdict import verify as judge

EXIT_CODES: Final = {
    Outcome.VERIFIED: OK,
    Outcome.UNKNOWN: ERROR,
    Outcome.UNSIGNED: ERROR,
    Outcome.CHANGED: NOT_AUTHENTIC,
}

FETCH: Final = "curl -o jwks.json https://HOST/.well-known/jwks.json"

_SIGNATURES: Final = {
    Signature.VALID: "valid",
    Signature.INVALID: "does not hold: the receipt was changed, or this signer never signed it",
    Signature.UNKNOWN: "not checked: its signer is not among the trusted keys",
    Signature.UNSIGNED: "none",
}
_CHECKS: Final = {
    "image_sha256": ("image file", "is the one of the receipt, byte for byte", "is another one, or was changed"),
    "image_tag": ("image tag", "is the one of the receipt", "is another one"),
    "image_key_id": ("image key id", "is the one of the statement", "is another one"),
    "key_file_key_id": ("key file key id", "is the one of the statement", "is another one"),
    "key_file_statement": ("key file statement", "is the one of the receipt, by its digest", "is another one"),
    "key_file_of_image": ("key file", "opens this image", "is of another image"),
    "image_authentic": ("image", "is as it was encrypted: its tag holds under the key", "was changed"),
    "metadata_statement": ("encrypted metadata", "names the statement of the receipt", "names another statement"),
}
"""What each check is called, and what it says when it holds and when it does not."""


@dataclass(frozen=True, slots=True)
class Exhibits:
    """What a receipt is to be held against."""

    image: Path | None = None
    key: Path | None = None
    keys: Keys = field(default_factory=Keys)
    trusted: Path | None = None
    demand_ml_dsa_65: bool = False


def verify(path: Path, exhibits: Exhibits, *, as_json: bool) -> int:
    """Print what the receipt shows, and what it does not. Returns the exit code."""
    exhibits.keys.check()
    try:
        receipt = receipts.parse(read(path, receipts.MAX_BYTES))
        trusted = _trusted(exhibits.trusted)
        image = None if exhibits.image is None else _read_image(exhibits.image)
        verdict = judge(
            receipt,
            keys=trusted.keys,
            image=None if image is None else image[1],
            key=_look_at_key(exhibits, receipt, image),
            demand_ml_dsa_65=exhibits.demand_ml_dsa_65,
        )
    except ShieldError as error:
        raise of_core(error) from error
    _warn(exhibits, trusted, image)
    missing = _not_shown(exhibits, verdict)
    if as_json:
        print_json(_as_json(path, receipt, verdict, missing))
    else:
        print_table(_as_table(path, receipt, verdict, missing))
    return EXIT_CODES[verdict.outcome]


def _trusted(path: Path | None) -> KeySet:
    if path is None:
        return KeySet({})
    if str(path).startswith(("http:", "https:")):
        raise usage(f"--keys names a file, for nothing is fetched here: {FETCH}, and look whom you asked")
    return jwk.parse(read(path, jwk.MAX_BYTES), use=receipts.USE)


def _read_image(path: Path) -> tuple[bytes, ImageEvidence]:
    data = read(path, MAX_ENCRYPTED_BYTES)
    return data, look_at_image(data)


def _look_at_key(exhibits: Exhibits, receipt: Receipt, image: tuple[bytes, ImageEvidence] | None) -> KeyEvidence | None:
    if exhibits.key is None:
        return None
    data = read(exhibits.key, keyfile.MAX_BYTES)
    # An image that is not the receipt's is no evidence of what the receipt's image holds.
    same = image is not None and image[1].sha256 == receipt.image_sha256
    return look_at_key(data, openers=exhibits.keys.openers(data), image=image[0] if same and image else None)


def _warn(exhibits: Exhibits, trusted: KeySet, image: tuple[bytes, ImageEvidence] | None) -> None:
    if exhibits.trusted is not None and not trusted.keys:
        say(f"warning: {exhibits.trusted} holds no key that signs receipts ({len(trusted.passed_over)} others)")
    if image is not None and image[1].fault is not None:
        say(f"warning: {exhibits.image}: {image[1].fault}")


def _not_shown(exhibits: Exhibits, verdict: Verdict) -> list[str]:
    """Say what somebody could take this for, and it is not."""
    missing = []
    if verdict.signature is not Signature.VALID:
        missing.append("who wrote the receipt: without a signature that holds, anybody can have")
    if exhibits.trusted is None and verdict.signature is Signature.UNKNOWN:
        missing.append(f"whether its signature holds: --keys names the published keys ({FETCH})")
    if exhibits.image is None:
        missing.append("which file it is about: --image holds it against one")
    if exhibits.key is None:
        missing.append("what the image says inside about its statement: --key opens it")
    missing.append("that the source gave the bits of the statement: that is what the signer says")
    return missing


def _as_table(path: Path, receipt: Receipt, verdict: Verdict, missing: list[str]) -> Mapping[str, object]:
    raw, source, system = (receipt.statement[name] for name in ("raw", "source", "system"))
    rows: dict[str, object] = {
        "receipt": path,
        "job": receipt.job_id,
        "key id": keyfile.key_id_text(receipt.key_id),
        "bits": f"{raw['bits']} from {source['name']} ({source['kind']}), credited with {raw['credited_bits']}; "
        f"{system['bits']} from {system['generator']}",
        "signer": receipt.signers.get(Algorithm.ED25519, "nobody"),
    }
    rows |= {f"signature {scheme.value}": _SIGNATURES[state] for scheme, state in verdict.signatures.items()}
    for name, holds in verdict.checks.items():
        label, good, bad = _CHECKS[name]
        rows[label] = good if holds else bad.upper()
    rows |= {f"not shown {number}": text for number, text in enumerate(missing, 1)}
    return rows | {"result": _result(verdict)}


def _result(verdict: Verdict) -> str:
    parts = ", ".join(part.replace("_", " ") for part in verdict.failed)
    return f"{verdict.outcome.value}: {parts}" if parts else verdict.outcome.value


def _as_json(path: Path, receipt: Receipt, verdict: Verdict, missing: list[str]) -> dict[str, Any]:
    return {
        "receipt": str(path),
        "outcome": verdict.outcome.value,
        "failed": list(verdict.failed),
        "signatures": {
            scheme.value: {"state": state.value, "signer": receipt.signers.get(scheme)}
            for scheme, state in verdict.signatures.items()
        },
        "checks": dict(verdict.checks),
        "not_shown": missing,
        "job_id": receipt.job_id,
        "key_id": keyfile.key_id_text(receipt.key_id),
        "image_sha256": receipt.image_sha256,
        "statement_sha256": receipt.statement_sha256,
        "statement": receipt.statement,
    }
