"""Reader of vector files: readable lines, an empty line, a file. tests/vectors/README.md describes the lines."""

from base64 import b64decode
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from shield_core.encrypted import png
from shield_core.errors import HeaderInvalid, HeaderMissing
from shield_core.keys import keyfile
from shield_core.keys.recipients import SecretKey
from shield_core.keys.stanzas import PlainWrap

HERE = Path(__file__).parent
FRONT_SIZE = 82
FOLDERS = ("images", "key_files", "detached")


@dataclass(frozen=True)
class Vector:
    """One vector: the input and the expected outcome."""

    path: Path
    fields: dict[str, str]
    body: bytes

    @property
    def expect(self):
        return self.fields["expect"]

    @property
    def image(self):
        return self._image_vector.body if self.path.parent.name == "key_files" else self.body

    @property
    def header(self):
        """Return header and tag of a picture for detached decryption; None for an encrypted image."""
        return b64decode(self.fields["header"], validate=True) if "header" in self.fields else None

    @property
    def key_file(self):
        """Return the key file or, for an image, a key file with its file key in plaintext."""
        if self.path.parent.name == "key_files":
            return self.body
        front = self._front
        purity = self.fields.get("purity", "balanced")
        made = keyfile.build(
            file_key=bytes.fromhex(self.fields["file key"]),
            nonce=bytes(front[26:50]),
            key_id=UUID(bytes=bytes(front[10:26])),
            purity=purity,
            statement_sha256=self.fields["statement"],
            wraps=[PlainWrap()],
            material=self._material if purity == "multistage" else None,
        )
        return keyfile.encode(made)

    @property
    def material(self):
        """Return the `.qmat` file of an image of `maximum`; the material of `multistage` is in the key file."""
        return self._material if self.fields.get("purity") == "maximum" else None

    @property
    def passphrase(self):
        return self.fields.get("passphrase")

    @property
    def identity(self):
        return SecretKey.parse(self.fields["identity"]) if "identity" in self.fields else None

    @property
    def payload(self):
        return self.fields.get("payload")

    @property
    def _front(self):
        """Return header and tag, or zeros if no walk finds them: their key file is never read."""
        if self.header is not None:
            return self.header.ljust(FRONT_SIZE, b"\0")
        try:
            return png.find(self.body)
        except (HeaderMissing, HeaderInvalid):
            return bytes(FRONT_SIZE)

    @property
    def _material(self):
        return b64decode(self.fields["material"], validate=True) if "material" in self.fields else None

    @property
    def file(self):
        return self.fields.get("file")

    @property
    def _image_vector(self):
        return read(HERE / "images" / f"{self.fields['image']}.vector")


def read(path):
    head, body = path.read_bytes().split(b"\n\n", 1)
    return Vector(path, dict(line.split(": ", 1) for line in head.decode().split("\n")), body)


def every():
    return [read(path) for folder in FOLDERS for path in sorted((HERE / folder).glob("*.vector"))]
