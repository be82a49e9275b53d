"""What `encrypt`, `decrypt` and `inspect` print about what they did: a table for people, JSON for programs."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.reporting import print_json, print_table
from shield_core.keys import keyfile

if TYPE_CHECKING:
    from shield_core.pipeline import DecryptedImage, EncryptedImage


def show_encrypted(encrypted: "EncryptedImage", target: Path, key_target: Path, *, custody: str, as_json: bool) -> None:
    facts = encrypted.facts
    key_id = keyfile.key_id_text(encrypted.key_file.key_id)
    if not as_json:
        print_table(
            {
                "encrypted image": target,
                "key file": key_target,
                "key id": key_id,
                "layout": f"{encrypted.layout.value} ({encrypted.layout_reason})",
                "purity": encrypted.quantum_purity["served"],
            }
        )
        return
    print_json(
        {
            "encrypted_image": str(target),
            "key_file": str(key_target),
            "key_id": key_id,
            "key_custody": custody,
            "image": {
                "format": facts.format,
                "mode": facts.mode,
                "width": facts.width,
                "height": facts.height,
                "frames": facts.frames,
            },
            "layout": encrypted.layout.value,
            "layout_reason": encrypted.layout_reason,
            "quantum_purity": encrypted.quantum_purity,
            "warnings": list(encrypted.warnings),
            "statement": encrypted.statement,
            "statement_sha256": encrypted.statement_sha256,
            "timings_ms": encrypted.timings_ms,
        }
    )


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
        print_json(about | {"timings_ms": decrypted.timings_ms})
    else:
        print_table(about)


def describe_key_file(data: bytes) -> dict[str, Any]:
    parsed = keyfile.parse(data)
    return {
        "kind": "key-file",
        "version": parsed.version,
        "key_id": keyfile.key_id_text(parsed.key_id),
        "created": parsed.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "purity": parsed.purity,
        "stanzas": [stanza["type"] for stanza in parsed.stanzas],
        "statement_sha256": parsed.statement_sha256,
    }
