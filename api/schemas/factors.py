"""Schemas of second factors."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.passkeys import AssertedCredential, Passkey
from api.schemas.strict import Strict
from backplane.services.identity.codes import DIGITS
from backplane.services.identity.factors import FactorFacts, Proof


def check_code(value: SecretStr) -> SecretStr:
    digits = value.get_secret_value().replace(" ", "")
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        raise PydanticCustomError("unfit_code", "Six digits, as the authenticator app shows them")
    return SecretStr(digits)


Code = Annotated[SecretStr, AfterValidator(check_code), Field(examples=["492039"])]
RecoveryCode = Annotated[SecretStr, Field(max_length=64, examples=["4KQX-7ZPM-2WNA-VT6C"])]


class CodeProof(Strict):
    code: Code


class FactorProof(Strict):
    """One second factor, if any."""

    otp: Annotated[Code | None, Field(description="The code of an authenticator app")] = None
    recovery_code: Annotated[RecoveryCode | None, Field(description="A recovery code; each is good once")] = None
    passkey: Annotated[AssertedCredential | None, Field(description="The answer of a passkey to its options")] = None

    @model_validator(mode="after")
    def take_one_factor(self) -> Self:
        if sum(one is not None for one in (self.otp, self.recovery_code, self.passkey)) > 1:
            raise PydanticCustomError("either_or", "One of otp, recovery_code and passkey")
        return self

    @property
    def proof(self) -> Proof:
        return Proof(
            otp=self.otp.get_secret_value() if self.otp is not None else None,
            recovery_code=self.recovery_code.get_secret_value() if self.recovery_code is not None else None,
            passkey=self.passkey.written() if self.passkey is not None else None,
        )


class AuthenticatorApp(BaseModel):
    since: Annotated[datetime, Field(description="When it was set up")]


class RecoveryCodesLeft(BaseModel):
    left: Annotated[int, Field(description="How many are unused", examples=[8])]
    low: Annotated[bool, Field(description="Whether it is time to make new ones")]


class FactorOverview(BaseModel):
    second_factor: Annotated[bool, Field(description="Whether a password alone does not log you in")]
    authenticator_app: Annotated[AuthenticatorApp | None, Field(description="The app; null without one")]
    passkeys: Annotated[list[Passkey], Field(description="The passkeys, the oldest first")]
    recovery_codes: Annotated[RecoveryCodesLeft, Field(description="How many recovery codes there are")]
    passkeys_available: Annotated[bool, Field(description="Whether browsers keep passkeys for this address")]

    @classmethod
    def of(cls, facts: FactorFacts, *, passkeys_available: bool) -> Self:
        return cls(
            second_factor=facts.any,
            authenticator_app=AuthenticatorApp(since=facts.app_since) if facts.app_since is not None else None,
            passkeys=[Passkey.of(one) for one in facts.passkeys],
            recovery_codes=RecoveryCodesLeft(left=facts.codes_left, low=facts.codes_low),
            passkeys_available=passkeys_available,
        )


class NewAuthenticatorApp(BaseModel):
    """Shown once."""

    secret: Annotated[str, Field(description="In Base32, to type it into an app", repr=False)]
    uri: Annotated[str, Field(description="The same as an `otpauth` URI", repr=False)]
    qr_svg: Annotated[str, Field(description="The URI as a QR code: an `svg` element", repr=False)]


class ConfirmedFactor(BaseModel):
    recovery_codes: Annotated[
        list[str] | None, Field(description="With the first factor: ten codes, shown once", repr=False)
    ] = None


class RecoveryCodes(BaseModel):
    """Shown once. Each is good once, in place of another second factor."""

    codes: Annotated[list[str], Field(description="The codes", examples=[["4KQX-7ZPM-2WNA-VT6C"]], repr=False)]
