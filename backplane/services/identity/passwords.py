"""Passwords of users: their hashes, and which new ones are refused."""

import re
import secrets
import unicodedata
from functools import cache, lru_cache

from passlib.context import CryptContext

from backplane.errors.users import PasswordTooCommon
from shield_core.keys.passphrase import clean

PASSWORDS = CryptContext(
    schemes=["argon2"], argon2__type="ID", argon2__memory_cost=65_536, argon2__rounds=3, argon2__parallelism=4
)
"""RFC 9106, section 4, second recommended option; a login with older parameters stores a new hash."""

MAX_HASHED = 4096
"""Characters: the limit of passlib, and no account has a longer password."""

PRODUCT = ("imageshield", "quantumseed", "quantum-seed")
LEFT = 6
"""Characters that must be left of a password without the words that everybody guesses."""

PADDING = re.compile(r"^[\W\d_]+|[\W\d_]+$")


@lru_cache(maxsize=1)
def dummy_hash() -> str:
    """Return a hash to verify if the account does not exist, so that both answers take the same time."""
    hashed: str = PASSWORDS.hash(secrets.token_hex())
    return hashed


def hash_password(password: str) -> str:
    hashed: str = PASSWORDS.hash(_normalized(password))
    return hashed


def verify_password(password: str, known_hash: str) -> tuple[bool, str | None]:
    """Verify a password; return whether it matches, and a new hash to replace an outdated one."""
    found = _candidates(password)
    for candidate in found:
        matches, new_hash = PASSWORDS.verify_and_update(candidate, known_hash)
        if matches:
            return True, new_hash if candidate == found[0] else PASSWORDS.hash(found[0])
    return False, None


def check_new_password(password: str, email: str) -> None:
    """Refuse a new password that attackers try first.

    These are the common ones, also padded or repeated, the user's address, and the product's name.

    Raises:
        PasswordTooCommon: it is one of these.
    """
    lowered = _normalized(password).lower()
    if _is_common(lowered):
        raise PasswordTooCommon("This password, or the word in it, is among the most common ones")
    left = lowered
    for word in sorted({email.lower(), email.lower().partition("@")[0], *PRODUCT}, key=len, reverse=True):
        left = left.replace(word, "") if len(word) > 2 else left  # noqa: PLR2004 - two letters say nothing
    if left != lowered and len(PADDING.sub("", left)) < LEFT:
        raise PasswordTooCommon("This password is little more than your address or the name of the product")


def _is_common(lowered: str) -> bool:
    common = _common_passwords()
    unit = _unit(lowered)
    bare = PADDING.sub("", lowered)
    return any(form in common for form in (lowered, unit, bare, _unit(bare))) or len(set(lowered)) < 3  # noqa: PLR2004


def _unit(text: str) -> str:
    """Return what a text repeats; the text itself if nothing."""
    end = (text + text).find(text, 1)
    return text[:end] if end > 0 else text


@cache
def _common_passwords() -> frozenset[str]:
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - 1.5 MB, and only registrations need it

    return frozenset(FREQUENCY_LISTS["passwords"])


def _candidates(password: str) -> list[str]:
    """List the forms that may have been hashed: normalized as NFC, and, by earlier releases, the raw password."""
    if len(password) > MAX_HASHED:
        return [""]  # matches no account, and is hashed anyway
    kept = _normalized(clean(password))
    return [candidate for candidate in dict.fromkeys((kept, password)) if len(candidate) <= MAX_HASHED]


def _normalized(password: str) -> str:
    return unicodedata.normalize("NFC", password)
