"""Schemas of accounts, tokens and public keys."""

from typing import Annotated, Literal, Self

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.passwords import RULE, NewPassword
from api.schemas.strict import Strict
from backplane.services.identity.codes import DIGITS
from backplane.services.identity.factors import Proof
from backplane.services.mail.values import is_mixed

PUBLIC = ".example"


def check_email(value: str) -> str:
    """Check the shape of an address. No mail is sent, so `nas.local` is a valid domain."""
    try:
        # The library refuses reserved names, `local` among them, at the end of a name only.
        return validate_email(value + PUBLIC, check_deliverability=False).normalized.removesuffix(PUBLIC)
    except EmailNotValidError:
        # The library's message quotes the address.
        raise PydanticCustomError("not_an_email", "Not an email address") from None


Email = Annotated[str, Field(max_length=254, examples=["ada@example.org"]), AfterValidator(check_email)]


def check_new_email(value: str) -> str:
    """Refuse an address that looks like another one."""
    local, _, domain = value.rpartition("@")
    if not local.isascii():
        raise PydanticCustomError("address_not_ascii", "Letters outside of ASCII before the @ are not supported")
    if any(is_mixed(label) for label in domain.split(".")):
        raise PydanticCustomError("address_mixes_scripts", "The domain mixes letters of several alphabets")
    return value


NewEmail = Annotated[Email, AfterValidator(check_new_email)]
ChosenPassword = Annotated[NewPassword, Field(description=RULE, examples=["correct horse battery staple"])]
LinkToken = Annotated[SecretStr, Field(max_length=100, description="What follows `#token=` in the link of the mail")]

CODE = "The code of your authenticator app or a recovery code, if you have a second factor"


class NewAccount(Strict):
    email: NewEmail
    password: ChosenPassword
    operator_code: Annotated[
        SecretStr | None,
        Field(max_length=100, description="The code that `imageshield up` prints as long as it has no operator"),
    ] = None
    proof_of_work: Annotated[
        str | None, Field(max_length=4096, description="The solution of a challenge, where `GET /setup` asks for one")
    ] = None


class Challenge(BaseModel):
    """A challenge of ALTCHA, version 2, which its widget and its libraries solve."""

    parameters: Annotated[dict[str, str | int], Field(description="What to derive, from what, and until when")]
    signature: Annotated[str, Field(description="The signature of the parameters: send both back unchanged")]


class PendingAddress(BaseModel):
    email: Annotated[str, Field(description="The address to which a mail goes, where it applies")]


class Link(Strict):
    token: LinkToken


class ForgottenPassword(Strict):
    email: Email


class PasswordReset(Strict):
    token: LinkToken
    password: ChosenPassword


class PasswordChange(Strict):
    current_password: Annotated[SecretStr, Field(max_length=4096, description="The password until now")]
    password: ChosenPassword
    otp: Annotated[SecretStr | None, Field(max_length=64, description=f"{CODE}; a browser confirms instead")] = None

    @property
    def proof(self) -> Proof:
        return _proof_of(self.otp)


class AddressChange(Strict):
    email: NewEmail


class Account(BaseModel):
    account_id: Annotated[str, Field(examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    email: str


class TokenRequest(BaseModel):
    """RFC 6749, sections 4.3 and 6; `scope`, `client_id` and `client_secret` are accepted and ignored.

    Unlike everywhere else, unknown fields are ignored: section 3.2 demands it.
    """

    model_config = ConfigDict(frozen=True)

    grant_type: Literal["password", "refresh_token"]
    username: Annotated[str | None, Field(max_length=254, pattern=r"^[^\x00]*$", description="The email")] = None
    password: SecretStr | None = None
    otp: Annotated[
        SecretStr | None,
        Field(max_length=64, description=CODE),
    ] = None
    refresh_token: Annotated[SecretStr | None, Field(max_length=256)] = None
    scope: str | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None

    @property
    def proof(self) -> Proof:
        return _proof_of(self.otp)

    @model_validator(mode="after")
    def need_what_the_grant_needs(self) -> Self:
        if self.grant_type == "password" and (self.username is None or self.password is None):
            raise PydanticCustomError("grant_incomplete", "The password grant needs username and password")
        if self.grant_type == "refresh_token" and self.refresh_token is None:
            raise PydanticCustomError("grant_incomplete", "The refresh_token grant needs refresh_token")
        return self


class TokenPair(BaseModel):
    access_token: Annotated[str, Field(description="Send it as `Authorization: Bearer …`")]
    refresh_token: Annotated[str, Field(description="Valid once; a second use ends every session of this login")]
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 - its kind, not a token
    expires_in: Annotated[int, Field(description="Seconds", examples=[900])]
    scope: Annotated[str, Field(examples=["jobs:read jobs:write keys:export"])]


class PublicKeys(BaseModel):
    """A JWK Set (RFC 7517)."""

    keys: list[dict[str, str]]


def _proof_of(given: SecretStr | None) -> Proof:
    if given is None:
        return Proof()
    text = given.get_secret_value()
    digits = text.replace(" ", "")
    return Proof(otp=digits) if len(digits) == DIGITS else Proof(recovery_code=text)
