"""Runner of the test vectors, as tests/vectors/README.md describes."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from .canonical import compact, indented
from .decrypt import Decrypted, decrypt
from .failures import Refused
from .schedule import derive, mac
from .stanzas import Secrets


@dataclass(frozen=True)
class Vector:
    path: Path
    lines: dict[str, str]
    file: bytes

    @classmethod
    def read(cls, path: Path) -> "Vector":
        head, _, file = path.read_bytes().partition(b"\n\n")
        return cls(path, dict(line.split(": ", 1) for line in head.decode().split("\n")), file)

    def run(self) -> Decrypted:
        """Decrypt, or raise Refused."""
        secrets = Secrets(self.lines.get("passphrase"), self.lines.get("identity"))
        if "image" not in self.lines:
            return decrypt(self.file, self.key_file(), secrets, self.material, self.header)
        image = Vector.read(self.path.parents[1] / "images" / f"{self.lines['image']}.vector")
        return decrypt(image.file, self.file, secrets, image.material)

    def outcome(self) -> dict[str, str]:
        """Return the outcome, in the words of a vector."""
        try:
            decrypted = self.run()
        except Refused as refused:
            return {"expect": refused.failure}
        digests = {"payload": decrypted.samples, "file": decrypted.file}
        return {"expect": "success"} | {name: hashlib.sha256(data).hexdigest() for name, data in digests.items()}

    @property
    def material(self) -> bytes | None:
        return base64.b64decode(self.lines["material"]) if "material" in self.lines else None

    @property
    def header(self) -> bytes | None:
        """Return header and tag of a picture for detached decryption."""
        return base64.b64decode(self.lines["header"]) if "header" in self.lines else None

    def key_file(self) -> bytes:
        """Return a key file for the image, in plaintext."""
        purity = self.lines.get("purity", "balanced")
        material = self.lines["material"] if purity == "multistage" else None
        file_key = bytes.fromhex(self.lines["file key"])
        image = self.file if self.header is None else b"qsIS" + self.header
        return make_key_file(image, file_key, self.lines["statement"], purity=purity, material_b64=material)


def make_key_file(
    image: bytes, file_key: bytes, statement_sha256: str, *, purity: str = "balanced", material_b64: str | None = None
) -> bytes:
    """Return a key file for an image, with the file key in plaintext."""
    own = image.partition(b"qsIS")[2].ljust(50, b"\0")  # where there is none, the key file is not looked at
    key_id, nonce = own[10:26], own[26:50]
    keys = derive(file_key, nonce)
    value = {
        "format": "imageshield-key-file",
        "version": 1,
        "key_id": f"key_{key_id.hex()}",
        "created": "2000-01-01T00:00:00Z",
        "purity": purity,
        "nonce_b64": _b64(nonce),
        "commitment_b64": _b64(keys.commitment),
        "stanzas": [{"type": "plain", "file_key_b64": _b64(file_key)}],
        "statement_sha256": statement_sha256,
    }
    if material_b64 is not None:
        value["material_b64"] = material_b64
    value["mac_b64"] = _b64(mac(keys.key_file, compact(value)))
    return indented(value)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
