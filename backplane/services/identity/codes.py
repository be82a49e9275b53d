"""One-time passwords by time (RFC 6238) as authenticator apps make them: SHA-1, six digits, steps of 30 seconds."""

import hmac
import time
from dataclasses import dataclass, field

import pyotp
import segno

DIGITS = 6
STEP_SECONDS = 30
SECRET_CHARACTERS = 32
"""Of Base32: 160 bits, as RFC 4226 recommends (section 4, R6)."""

ACCEPTED = 1
"""Steps by which a clock may be wrong, either way: RFC 6238, section 5.2, recommends at most one for the network."""

RECOGNIZED = 10
"""Steps by which it may be wrong to be told so: five minutes."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A new secret, shown once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    qr_svg: str = field(repr=False)


def new_secret() -> str:
    return pyotp.random_base32(SECRET_CHARACTERS)


def describe(secret: str, *, user: str, service: str) -> NewSecret:
    """Write a secret as authenticator apps read it, and that as a picture."""
    uri = pyotp.TOTP(secret, digits=DIGITS, interval=STEP_SECONDS).provisioning_uri(name=user, issuer_name=service)
    picture = segno.make(uri, micro=False, error="m").svg_inline(scale=4, border=4, light="white", omitsize=True)
    return NewSecret(secret, uri, picture)


def find_step(secret: str, code: str, *, now: float | None = None) -> tuple[int, bool] | None:
    """Return the step whose code this is, and whether it is accepted now; None where it is the code of no near step."""
    current = int((time.time() if now is None else now) // STEP_SECONDS)
    generator = pyotp.HOTP(secret, digits=DIGITS)
    found = None
    # All are compared, so that the time does not tell which one it is; the nearest one counts.
    for distance in sorted(range(max(-RECOGNIZED, -current), RECOGNIZED + 1), key=abs, reverse=True):
        if hmac.compare_digest(generator.at(current + distance).encode(), code.encode()):
            found = current + distance, abs(distance) <= ACCEPTED
    return found
