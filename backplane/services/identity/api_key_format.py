"""The text of an API key: recognizable by a scanner for secrets, and checked before anything is looked up.

`qis_live_` ‖ 43 random digits ‖ 6 digits of CRC-32 over all before; digits are base62. docs/guides/api-keys.md.
"""

import re
import secrets
import zlib
from typing import Literal

Kind = Literal["live", "test"]

PREFIX = "qis_"
PATTERN = r"qis_(?:live|test)_[0-9A-Za-z]{49}"
"""As documented for scanners."""

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM_DIGITS = 43
"""256 bits: log2(62) * 43 = 256.03."""

CHECK_DIGITS = 6
"""Enough for 32 bits."""

SHOWN_DIGITS = 4
"""How many random digits a list shows, so that people can tell their keys apart."""

_SHAPE = re.compile(PATTERN, re.ASCII)


def new_api_key(kind: Kind) -> str:
    """Make a secret key from bits of the operating system."""
    return sealed(f"{PREFIX}{kind}_" + "".join(secrets.choice(DIGITS) for _ in range(RANDOM_DIGITS)))


def is_api_key(text: str) -> bool:
    """Return whether a text has the form of a key and its checksum; whether it is one, only the database knows."""
    return _SHAPE.fullmatch(text) is not None and sealed(text[:-CHECK_DIGITS]) == text


def shown_part(text: str) -> str:
    """Return the beginning of a key, which its list shows."""
    return text[: -CHECK_DIGITS - RANDOM_DIGITS + SHOWN_DIGITS]


def sealed(body: str) -> str:
    """Append the checksum: CRC-32 (ISO 3309) as six base62 digits, left-padded with 0."""
    number, digits = zlib.crc32(body.encode("ascii")), ""
    for _ in range(CHECK_DIGITS):
        number, digit = divmod(number, len(DIGITS))
        digits = DIGITS[digit] + digits
    return body + digits
