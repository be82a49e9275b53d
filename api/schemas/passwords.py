"""New passwords: cleaned, and checked by one rule for every use."""

from typing import Annotated, Final

from pydantic import AfterValidator, SecretStr
from pydantic_core import PydanticCustomError

from shield_core.keys import passphrase

RULE: Final = (
    "12 to 1024 bytes of UTF-8 without control characters; a byte order mark in front and one line end behind are "
    "dropped"
)
"""The rule, as the descriptions of new passwords state it."""


def clean_new_password(value: SecretStr) -> SecretStr:
    cleaned = passphrase.clean(value.get_secret_value())
    try:
        passphrase.check_new_passphrase(cleaned)
    except passphrase.PassphraseUnfit as error:
        raise PydanticCustomError("unfit_password", "{reason}", {"reason": str(error)}) from None
    return SecretStr(cleaned)


NewPassword = Annotated[SecretStr, AfterValidator(clean_new_password)]
