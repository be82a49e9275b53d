"""Secrets that everybody knows or can guess: production refuses to start with them."""

import re
from itertools import pairwise
from typing import Final
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SHORTEST: Final = 16
"""Machines remember these, so there is no reason for a short one: `secrets.token_hex(24)` has 48 characters."""

FEWEST: Final = 6
"""Different characters. Of 16 random hexadecimal digits, less than one in a million has so few."""

KNOWN: Final = re.compile(
    r"change.?(me|it|this)|example|placeholder|password|passw0rd|secret|minioadmin|imageshield|postgres|foobared|"
    r"default|qwerty|letmein|^123456|^<.*>$|^your[-_ ]",
    re.IGNORECASE,
)
"""Words of documents and of the defaults of servers. A random text has none of them."""

REMEDY: Final = (
    'make one (python3 -c "import secrets; print(secrets.token_hex(24))"), give it to the server, and write it here'
)

PUBLISHED: Final = frozenset(
    {
        0x8E9B109E719098BF980487DF1F5D77E9CB29606EBED2263B5F57C213DF84F4B2,  # RFC 7515, appendix A.3
        0x7AF6732F581D005AFCF216F6385FF6371029242CC60840DD7D2A7A5503B7D21C,  # the sample of jwt.io
    }
)


def find_weakness(secret: str, *names: str | None) -> str | None:
    """Say why a secret is no secret, without repeating it; None if nothing is found.

    `names` are what it must not be equal to: the user, the database, the id of the key.
    """
    if secret.lower() in {name.lower() for name in names if name}:
        return "is equal to a name beside it"
    if KNOWN.search(secret):
        return "is a default, or the example of a document"
    if len(secret) < SHORTEST:
        return f"has fewer than {SHORTEST} characters"
    return "repeats a few characters" if len(set(secret)) < FEWEST else None


def find_weakness_of_url(url: str) -> str | None:
    """Judge the password of a server's address.

    Without one the server trusts a socket, a certificate or a network: that is its configuration and not a secret.
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # what is wrong with the address is said when it is used
        return None
    if not parts.password:
        return None
    return find_weakness(unquote(parts.password), unquote(parts.username or ""), parts.path.strip("/"), parts.hostname)


def is_weak_key(key: bytes) -> bool:
    """Return whether 32 bytes were not drawn at random: text, a repetition, or a count.

    Each has a probability below 2⁻⁴⁰ for random bytes.
    """
    steps = {(after - before) % 256 for before, after in pairwise(key)}
    is_text = all(32 <= byte < 127 or byte in b"\t\r\n" for byte in key)  # noqa: PLR2004 - printable ASCII
    return is_text or len(set(key)) < len(key) // 2 or len(steps) == 1


def is_published_key(pem: bytes) -> bool:
    """Return whether a private key of a curve is one that documents print."""
    try:
        key = load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        return False
    return isinstance(key, EllipticCurvePrivateKey) and key.private_numbers().private_value in PUBLISHED
