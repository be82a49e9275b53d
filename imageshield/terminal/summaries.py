"""Results of `encrypt`, `decrypt` and `inspect`: a table for people, JSON for programs."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from imageshield.terminal.reporting import print_json, print_table
from shield_core.keys import keyfile

if TYPE_CHECKING:
    from shield_core.pipeline import DecryptedImage, EncryptedImage


@dataclass(frozen=True, slots=True)
class Made:
    """The files that `encrypt` wrote, and how the key is protected."""

    image: Path
    key_file: Path
    material: Path | None
    custody: str


def show_encrypted(encrypted: "EncryptedImage", made: Made, *, as_json: bool) -> None:
    facts = encrypted.facts
    key_id = keyfile.key_id_text(encrypted.key_file.key_id)
    pixels = round(encrypted.share_encrypted * facts.pixels)
    if not as_json:
        print_table(
            {
                "encrypted image": made.image,
                "key file": made.key_file,
                **({"material": f"{made.material} (does not open without it)"} if made.material else {}),
                "key id": key_id,
                "layout": f"{encrypted.layout.value} ({encrypted.layout_reason})",
                **_redacted(encrypted, pixels),
                "purity": encrypted.quantum_purity["served"],
            }
        )
        return
    print_json(
        {
            "encrypted_image": str(made.image),
            "key_file": str(made.key_file),
            "material": str(made.material) if made.material else None,
            "key_id": key_id,
            "key_custody": made.custody,
            "image": {
                "format": facts.format,
                "media_type": facts.media_type,
                "mode": facts.mode or None,
                "width": facts.width or None,
                "height": facts.height or None,
                "frames": facts.frames,
            },
            "layout": encrypted.layout.value,
            "layout_reason": encrypted.layout_reason,
            "regions": [region.to_json() for region in encrypted.regions],
            "encrypted_pixels": pixels or None,
            "share_encrypted": encrypted.share_encrypted,
            "quantum_purity": encrypted.quantum_purity,
            "warnings": list(encrypted.warnings),
            "statement": encrypted.statement,
            "statement_sha256": encrypted.statement_sha256,
            "timings_ms": encrypted.timings_ms,
        }
    )


def _redacted(encrypted: "EncryptedImage", pixels: int) -> dict[str, str]:
    if not encrypted.regions:
        return {}
    total = encrypted.facts.width * encrypted.facts.height
    return {
        "regions": "  ".join(map(str, encrypted.regions)),
        "encrypted": f"{pixels:,} of {total:,} pixels ({encrypted.share_encrypted:.2%}); the others stay unencrypted",
    }


def show_decrypted(decrypted: "DecryptedImage", target: Path, *, as_json: bool) -> None:
    about = {
        "file": str(target),
        "media_type": decrypted.media_type,
        "layout": decrypted.layout.value,
        "key_id": keyfile.key_id_text(decrypted.key_id),
        "bytes": len(decrypted.data),
        "sha256": hashlib.sha256(decrypted.data).hexdigest(),
    }
    if as_json:
        print_json(about | {"warnings": list(decrypted.warnings), "timings_ms": decrypted.timings_ms})
    else:
        print_table(about)


def show_header(key_id: UUID, target: Path, size: int, *, as_json: bool) -> None:
    about = {"header": str(target), "key_id": keyfile.key_id_text(key_id), "bytes": size}
    if as_json:
        print_json(about)
    else:
        print_table(about)


def show_inspected(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    regions = "  ".join("{x},{y},{width},{height}".format(**region) for region in found.get("regions", []))
    print_table({name: value for name, value in (found | {"regions": regions or None}).items() if value is not None})


def describe_key_file(data: bytes) -> dict[str, Any]:
    parsed = keyfile.parse(data)
    return {
        "kind": "key-file",
        "version": parsed.version,
        "key_id": keyfile.key_id_text(parsed.key_id),
        "created": parsed.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "purity": parsed.purity,
        "stanzas": [stanza["type"] for stanza in parsed.stanzas],
        "material_sha256": None if parsed.material is None else hashlib.sha256(parsed.material).hexdigest(),
        "statement_sha256": parsed.statement_sha256,
    }
