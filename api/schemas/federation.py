"""Schemas of log-ins by identity providers, and of the identities linked to a user."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.strict import Strict
from backplane import ids
from backplane.services.identity.federation import providers
from backplane.services.identity.federation.authorizations import Purpose
from backplane.services.identity.federation.identities import IdentityFacts

Printable = r"^[\x21-\x7e]*$"


def check_path(value: str) -> str:
    """Require a path of this origin.

    Browsers take two slashes, of whichever kind, for the beginning of another host, and drop tabs and line ends.
    """
    if (
        not value.startswith("/")
        or value.startswith(("//", "/\\"))
        or not value.isprintable()
        or set(value) & set(" \\")
    ):
        raise PydanticCustomError("not_a_path", "Not a path of this service, such as /overview")
    return value


class Provider(BaseModel):
    id: Annotated[str, Field(description="Its name in addresses", examples=["google"])]
    name: Annotated[str, Field(description="For the text of a button", examples=["Google"])]
    registration: Annotated[bool, Field(description="Whether new users may register by it")]
    confirms: Annotated[bool, Field(description="Whether it can confirm who a logged-in user is")]

    @classmethod
    def of(cls, provider: providers.Provider) -> Self:
        return cls(id=provider.id, name=provider.name, registration=provider.registration, confirms=provider.confirms)


class Providers(BaseModel):
    data: Annotated[list[Provider], Field(description="In the order of the operator's file")]


class AuthorizationStart(Strict):
    purpose: Annotated[
        Purpose,
        Field(
            description="`login`, also to register; `link` the identity to the user of the access token; `confirm` "
            "who that user is"
        ),
    ] = Purpose.LOGIN
    return_to: Annotated[
        str,
        Field(max_length=512, description="The path to show afterwards", examples=["/overview"]),
        AfterValidator(check_path),
    ] = "/overview"


class AuthorizationBegun(BaseModel):
    authorization_url: Annotated[
        str,
        Field(description="Send the browser there", examples=["https://accounts.example/authorize?client_id=…"]),
    ]


class AuthorizationAnswer(Strict):
    """What the provider added to the address of the callback page."""

    state: Annotated[SecretStr, Field(min_length=1, max_length=512, description="As the provider returned it")]
    code: Annotated[SecretStr | None, Field(max_length=4096, description="The authorization code")] = None
    error: Annotated[
        str | None,
        Field(
            max_length=200, pattern=Printable, description="Why the provider gave no code", examples=["access_denied"]
        ),
    ] = None
    iss: Annotated[
        str | None,
        Field(
            max_length=2048,
            pattern=Printable,
            description="The issuer that the provider names (RFC 9207)",
            examples=["https://accounts.example"],
        ),
    ] = None

    @model_validator(mode="after")
    def need_one_answer(self) -> Self:
        if (self.code is None) == (self.error is None):
            raise PydanticCustomError("either_or", "Give code or error, as the provider did")
        return self


class Identity(BaseModel):
    id: Annotated[
        str,
        Field(
            description="The identity, as `idn_` and 32 hexadecimal digits",
            examples=["idn_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"],
        ),
    ]
    provider: Annotated[str | None, Field(description="null if the operator has removed it", examples=["google"])]
    name: Annotated[str, Field(description="The provider's name, or its issuer", examples=["Google"])]
    email: Annotated[str | None, Field(description="The address when it was linked", examples=["ada@example.org"])]
    created_at: Annotated[datetime, Field(description="When it was linked, in UTC")]
    last_used_at: Annotated[datetime, Field(description="When it last logged you in, in UTC")]

    @classmethod
    def of(cls, identity: IdentityFacts, provider: providers.Provider | None) -> Self:
        return cls(
            id=ids.to_wire("idn", identity.id),
            provider=provider.id if provider is not None else None,
            name=provider.name if provider is not None else identity.issuer,
            email=identity.email,
            created_at=identity.created_at,
            last_used_at=identity.last_used_at,
        )


class Identities(BaseModel):
    data: Annotated[list[Identity], Field(description="The first linked first")]


class AuthorizationFinished(BaseModel):
    purpose: Annotated[Literal["login", "link", "confirm"], Field(description="What it was begun for")]
    return_to: Annotated[str, Field(description="The path to show now", examples=["/overview"])]
    access_token: Annotated[str | None, Field(description="null after `link`, which changes no session")]
    expires_in: Annotated[int | None, Field(description="Seconds", examples=[900])]
