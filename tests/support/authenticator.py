"""An authenticator in software (WebAuthn level 3): ES256, attestation `none`, and every mistake that a test wants."""

import base64
import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import encode_cbor

PRESENT, VERIFIED, ELIGIBLE, BACKED_UP, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One credential of one authenticator."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    verifies: bool = True
    counts: bool = True
    counter: int = 0
    cross_origin: bool = False
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: bytes | None = None

    def create(self, options: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Answer the options of a registration."""
        self.handle = unb64(options["user"]["id"])
        attested = bytes(16) + len(self.credential_id).to_bytes(2) + self.credential_id + self.public_key_map()
        data = encode_cbor({"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested})
        client_data = self._client_data("webauthn.create", options["challenge"])
        response = {"clientDataJSON": client_data, "attestationObject": b64(data), "transports": ["internal"]}
        return self._credential(response | changes) | {"clientExtensionResults": {}}

    def get(self, options: dict[str, Any], *, names_user: bool = True, **changes: Any) -> dict[str, Any]:
        """Answer the options of a log-in."""
        self.counter += self.counts
        client_data, data = self._client_data("webauthn.get", options["challenge"]), self._data(0)
        signed = data + hashlib.sha256(unb64(client_data)).digest()
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": b64(data),
            "signature": b64(self.private.sign(signed, ec.ECDSA(SHA256()))),
        }
        if names_user and self.handle is not None:
            response["userHandle"] = b64(self.handle)
        return self._credential(response | changes) | {"clientExtensionResults": {}}

    def _credential(self, response: dict[str, Any]) -> dict[str, Any]:
        name = b64(self.credential_id)
        return {"id": name, "rawId": name, "type": "public-key", "response": response}

    def _client_data(self, kind: str, challenge: str) -> str:
        made = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return b64(json.dumps(made).encode())

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return hashlib.sha256(self.rp_id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4)

    def public_key_map(self) -> bytes:
        point = self.private.public_key().public_numbers()
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32), -3: point.y.to_bytes(32)})
