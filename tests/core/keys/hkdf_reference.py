"""HKDF in six lines of RFC 5869, to check the product's against."""

import hashlib
import hmac


def extract(hash_name, salt, ikm):
    return hmac.digest(salt or bytes(hashlib.new(hash_name).digest_size), ikm, hash_name)


def expand(hash_name, prk, info, length):
    okm, block = b"", b""
    for counter in range(1, 256):
        if len(okm) >= length:
            break
        block = hmac.digest(prk, block + info + bytes([counter]), hash_name)
        okm += block
    return okm[:length]
