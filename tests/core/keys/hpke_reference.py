"""X-Wing and HPKE from the primitives, to check the product's against: draft-connolly-cfrg-xwing-kem, RFC 9180."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.core.keys import hkdf_reference as hkdf

KEM_X_WING, HKDF_SHA256, AES_256_GCM = 0x647A, 0x0001, 0x0002
SUITE = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (KEM_X_WING, HKDF_SHA256, AES_256_GCM))
LABEL = rb"\.//^" + b"\\"


def expand_secret(seed):
    """Section 5.2: 32 bytes are an ML-KEM-768 key and an X25519 key."""
    expanded = hashlib.shake_256(seed).digest(96)
    return MLKEM768PrivateKey.from_seed_bytes(expanded[:64]), X25519PrivateKey.from_private_bytes(expanded[64:])


def public_of(seed):
    ml_kem, x25519 = expand_secret(seed)
    return ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw()


def combine(secret_m, secret_x, ciphertext_x, public_x):
    """Section 5.3."""
    return hashlib.sha3_256(secret_m + secret_x + ciphertext_x + public_x + LABEL).digest()


def encapsulate(public):
    """Section 5.4. Returns the shared secret and the ciphertext."""
    public_m, public_x = public[:1184], public[1184:]
    ephemeral = X25519PrivateKey.generate()
    ciphertext_x = ephemeral.public_key().public_bytes_raw()
    secret_x = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_x))
    secret_m, ciphertext_m = MLKEM768PublicKey.from_public_bytes(public_m).encapsulate()
    return combine(secret_m, secret_x, ciphertext_x, public_x), ciphertext_m + ciphertext_x


def decapsulate(ciphertext, seed):
    """Section 5.5."""
    ml_kem, x25519 = expand_secret(seed)
    ciphertext_m, ciphertext_x = ciphertext[:1088], ciphertext[1088:]
    secret_x = x25519.exchange(X25519PublicKey.from_public_bytes(ciphertext_x))
    public_x = x25519.public_key().public_bytes_raw()
    return combine(ml_kem.decapsulate(ciphertext_m), secret_x, ciphertext_x, public_x)


def labeled_extract(salt, label, ikm, suite=SUITE):
    """RFC 9180, section 4."""
    return hkdf.extract("sha256", salt, b"HPKE-v1" + suite + label + ikm)


def labeled_expand(prk, label, info, length, suite=SUITE):
    return hkdf.expand("sha256", prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def key_schedule(shared_secret, info, suite=SUITE):
    """RFC 9180, section 5.1, mode base. Returns key, base nonce and exporter secret."""
    context = bytes([0]) + labeled_extract(b"", b"psk_id_hash", b"", suite)
    context += labeled_extract(b"", b"info_hash", info, suite)
    secret = labeled_extract(shared_secret, b"secret", b"", suite)
    lengths = {b"key": 32, b"base_nonce": 12, b"exp": 32}
    return tuple(labeled_expand(secret, label, context, length, suite) for label, length in lengths.items())


def seal(public, info, plaintext):
    """RFC 9180, section 6.1."""
    shared_secret, ciphertext = encapsulate(public)
    key, nonce, _ = key_schedule(shared_secret, info)
    return ciphertext + AESGCM(key).encrypt(nonce, plaintext, b"")


def open_(seed, info, sealed):
    key, nonce, _ = key_schedule(decapsulate(sealed[:1120], seed), info)
    return AESGCM(key).decrypt(nonce, sealed[1120:], b"")
