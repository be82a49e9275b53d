"""Schemas of the login sessions of browsers."""

from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from api.schemas.strict import Strict


class Login(Strict):
    email: Annotated[str, Field(max_length=254, examples=["ada@example.org"])]
    password: Annotated[SecretStr, Field(examples=["correct horse battery staple"])]


class BrowserSession(BaseModel):
    """The refresh token is in the cookie alone, where no script reads it."""

    access_token: Annotated[str, Field(description="Keep it in memory, and send it as `Authorization: Bearer …`")]
    expires_in: Annotated[int, Field(description="Seconds", examples=[900])]
