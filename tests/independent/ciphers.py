"""AES-256-GCM, ChaCha20 and XOR."""

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20


def open_gcm(key: bytes, nonce: bytes, aad: bytes, sealed: bytes) -> bytes:
    """Decrypt ciphertext ‖ tag; raise ValueError if the tag is wrong."""
    try:
        return AESGCM(key).decrypt(nonce, sealed, aad)
    except (InvalidTag, ValueError):
        raise ValueError("an AES-GCM tag does not fit") from None


def chacha20(key: bytes, nonce: bytes) -> CipherContext:
    """RFC 8439, section 2.4: the block counter begins at 0. `update` of zero bytes gives the next keystream bytes."""
    return Cipher(ChaCha20(key, bytes(4) + nonce), None).encryptor()


def xor(left: bytes, right: bytes) -> bytes:
    number = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return number.to_bytes(len(left), "big")
