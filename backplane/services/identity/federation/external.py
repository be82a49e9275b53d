"""What an identity provider says of a user, after every check of the protocol."""

from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

PUBLIC = ".example"
LONGEST_EMAIL = 254
"""RFC 5321, section 4.5.3.1, without the angle brackets."""


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """Only issuer and subject identify; an address can be given to another person."""

    issuer: str
    subject: str
    email: str | None = None
    """In lower case, if it is one."""
    email_verified: bool = False
    auth_time: int | None = None
    """When the user last proved who they are to the provider; None where it does not say."""
    second_factor: bool = False
    """Whether the provider demanded what the operator accepts as a second factor."""


def read_email(value: object) -> str | None:
    """Return an address as accounts have it; None if it is none."""
    if not isinstance(value, str) or len(value) > LONGEST_EMAIL:
        return None
    try:
        # The library refuses reserved names, `local` among them, at the end of a name only.
        found = validate_email(value + PUBLIC, check_deliverability=False).normalized
        return found.removesuffix(PUBLIC).lower()
    except EmailNotValidError:
        return None
