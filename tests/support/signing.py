"""Signing keys of access tokens for tests."""

from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from backplane.services.identity.access_tokens import AccessTokens
from backplane.services.identity.signing_keys import SigningKeys
from backplane.vault import LocalVault


def pem(curve: ec.EllipticCurve | None = None) -> bytes:
    return ec.generate_private_key(curve or ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def keys_of(key: bytes) -> SigningKeys:
    """Return the keys of a gateway that has a key file, and no vault yet."""
    nowhere = LocalVault(root_key=bytes(32), directory=Path("/nonexistent"))
    return SigningKeys(nowhere, token_seconds=900, pem=key)


def access_tokens(key: bytes, *, seconds: int = 900) -> AccessTokens:
    return AccessTokens(keys_of(key), seconds=seconds)
