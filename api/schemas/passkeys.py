"""Schemas of passkeys, as `PublicKeyCredential.toJSON()` of browsers writes them (WebAuthn, section 5.1.8).

Unlike everywhere else, unknown members are ignored: browsers add some.
"""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from api.schemas.strict import Strict
from backplane import ids
from backplane.services.identity.passkeys import PasskeyFacts

PREFIX = "pky"
Bytes = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=8192, description="Base64url without padding")]


def check_name(value: str) -> str:
    name = " ".join(value.split())
    if not name or not name.isprintable():
        raise PydanticCustomError("unfit_name", "A name without control characters")
    return name


PasskeyName = Annotated[
    str, Field(max_length=64, description="Your own name for it", examples=["Phone"]), AfterValidator(check_name)
]


class _Member(BaseModel):
    model_config = ConfigDict(frozen=True, alias_generator=to_camel, extra="ignore")

    def written(self) -> dict[str, Any]:
        return self.model_dump(by_alias=True, exclude_none=True)


class CreatedResponse(_Member):
    client_data_json: Annotated[Bytes, Field(alias="clientDataJSON")]
    attestation_object: Bytes
    transports: Annotated[
        list[Annotated[str, Field(max_length=32)]],
        Field(max_length=8, description="How browsers reach the authenticator"),
    ] = []


class AssertedResponse(_Member):
    client_data_json: Annotated[Bytes, Field(alias="clientDataJSON")]
    authenticator_data: Bytes
    signature: Bytes
    user_handle: Annotated[Bytes | None, Field(description="Whose passkey it is, as the authenticator keeps it")] = None


class CreatedCredential(_Member):
    """What `navigator.credentials.create` has returned."""

    id: Bytes
    raw_id: Bytes
    type: Annotated[Literal["public-key"], Field(description="Always `public-key`")]
    response: Annotated[CreatedResponse, Field(description="What the authenticator made")]


class AssertedCredential(_Member):
    """What `navigator.credentials.get` has returned."""

    id: Bytes
    raw_id: Bytes
    type: Annotated[Literal["public-key"], Field(description="Always `public-key`")]
    response: Annotated[AssertedResponse, Field(description="What the authenticator signed")]


class NewPasskey(Strict):
    name: PasskeyName
    credential: Annotated[CreatedCredential, Field(description="What `navigator.credentials.create` has returned")]


class PasskeyChange(Strict):
    name: PasskeyName


class Passkey(BaseModel):
    id: Annotated[
        str,
        Field(
            description="The passkey, as `pky_` and 32 hexadecimal digits",
            examples=["pky_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"],
        ),
    ]
    name: Annotated[str, Field(examples=["Phone"])]
    synced: Annotated[bool, Field(description="Whether its provider keeps copies, for example in a password manager")]
    created_at: datetime
    last_used_at: Annotated[
        datetime | None, Field(description="Time of the last log-in with it; null before the first")
    ]

    @classmethod
    def of(cls, passkey: PasskeyFacts) -> Self:
        return cls(
            id=ids.to_wire(PREFIX, passkey.id),
            name=passkey.name,
            synced=passkey.backed_up,
            created_at=passkey.created_at,
            last_used_at=passkey.last_used_at,
        )


class AddedPasskey(Passkey):
    recovery_codes: Annotated[
        list[str] | None, Field(description="With the first factor: ten codes, shown once", repr=False)
    ] = None


class PasskeyOptions(BaseModel):
    """Options for a browser, as `PublicKeyCredential.parseCreationOptionsFromJSON` or `…RequestOptions…` reads them."""

    options: Annotated[dict[str, Any], Field(description="The options (WebAuthn, section 5.1.9)")]
