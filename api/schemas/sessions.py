"""Schemas of the login sessions of browsers."""

from typing import Annotated, Self

from pydantic import BaseModel, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.factors import FactorProof
from api.schemas.passkeys import AssertedCredential
from api.schemas.strict import Strict

Pending = Annotated[
    SecretStr, Field(max_length=128, description="`pending` of the problem `second-factor-required`; once, 5 minutes")
]


class Login(Strict):
    email: Annotated[str, Field(max_length=254, examples=["ada@example.org"])]
    password: Annotated[SecretStr, Field(examples=["correct horse battery staple"])]


class PasskeyRequest(Strict):
    pending: Annotated[Pending | None, Field(description="Left out for a log-in with a passkey alone")] = None


class PasskeyLogin(Strict):
    passkey: Annotated[AssertedCredential, Field(description="What `navigator.credentials.get` has returned")]


class SecondFactor(FactorProof):
    pending: Pending

    @model_validator(mode="after")
    def need_a_factor(self) -> Self:
        if self.proof.is_empty:
            raise PydanticCustomError("either_or", "One of otp, recovery_code and passkey")
        return self


class Confirmation(FactorProof):
    password: Annotated[SecretStr | None, Field(description="Not needed with a passkey")] = None

    @model_validator(mode="after")
    def need_something(self) -> Self:
        if self.password is None and self.passkey is None:
            raise PydanticCustomError(
                "either_or", "The password, with a second factor where you have one, or a passkey"
            )
        return self


class AccessToken(BaseModel):
    access_token: Annotated[str, Field(description="Keep it in memory, and send it as `Authorization: Bearer …`")]
    expires_in: Annotated[int, Field(description="Seconds", examples=[900])]


class BrowserSession(AccessToken):
    """The refresh token is in the cookie alone, where no script reads it."""
