"""Text fields of the forms that send pictures, and these forms in OpenAPI."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal, Self, get_args

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.notes import NOTE_FIELDS, Noted
from api.schemas.passwords import RULE, NewPassword
from api.schemas.strict import Strict
from api.schemas.values import Flag
from api.schemas.webhooks import WEBHOOK_URL_FIELD
from backplane.services.pictures.encryptions import EncryptRequest
from shield_core.image.regions import MAX_TEXT
from shield_core.keys.recipients import PublicKey, RecipientUnfit
from shield_core.keys.stanzas import MAX_STANZAS

Purity = Literal["fast", "balanced", "multistage", "maximum"]
Layout = Literal["auto", "pixels", "file"]
Custody = Literal["managed", "passphrase", "recipient"]
LATER_CUSTODIES = ("client",)


def _refuse_later_custody(value: Any) -> Any:
    if value in LATER_CUSTODIES:
        raise PydanticCustomError("not_in_this_release", "This release takes no keys that it has not made")
    return value


def check_recipient(value: str) -> str:
    try:
        return PublicKey.parse(value.strip()).text
    except RecipientUnfit as error:
        raise PydanticCustomError("unfit_recipient", "{reason}", {"reason": str(error)}) from None


Recipients = Annotated[tuple[Annotated[str, AfterValidator(check_recipient)], ...], Field(max_length=MAX_STANZAS)]


def _read_empty(value: Any) -> Any:
    # Browsers send empty fields; no key has an empty password or id.
    return None if value == "" else value


class BatchOptions(Noted):
    """Options for all pictures of a batch. Regions belong to a single picture, so a batch has none."""

    max_counts: ClassVar[Mapping[str, int]] = {"recipients": MAX_STANZAS}

    quantum_purity: Purity = "balanced"
    layout: Layout = "auto"
    analyze: Flag = False
    master_password: NewPassword | None = None
    recipients: Recipients = ()
    key_custody: Annotated[Custody, BeforeValidator(_refuse_later_custody)] | None = None

    def encrypt_request(self) -> EncryptRequest:
        password = self.master_password
        return EncryptRequest(
            purity=self.quantum_purity,
            layout=self.layout,
            analyze=self.analyze,
            custody=self.key_custody,
            password=password.get_secret_value() if password is not None else None,
            recipients=self.recipients,
        )


class EncryptOptions(BatchOptions):
    max_lengths: ClassVar[Mapping[str, int]] = {**Noted.max_lengths, "regions": MAX_TEXT}

    regions: str | None = None

    def encrypt_request(self) -> EncryptRequest:
        return replace(super().encrypt_request(), regions=self.regions)


class DecryptOptions(Noted):
    raw_texts: ClassVar[frozenset[str]] = frozenset({"master_password"})

    master_password: Annotated[SecretStr | None, BeforeValidator(_read_empty)] = None
    key_id: Annotated[str | None, BeforeValidator(_read_empty)] = None
    detached: Flag = False

    @model_validator(mode="after")
    def demand_both(self) -> Self:
        if self.detached and self.key_id is None:
            raise PydanticCustomError("detached", "detached=true needs the key_id of the encrypted image, from its job")
        if self.key_id is not None and not self.detached:
            raise PydanticCustomError(
                "detached", "key_id goes with detached=true: any other encrypted image names its key itself"
            )
        return self


class KeyFileLocks(Strict):
    """What opens the new key file: a password, recipients, or both, where either is enough."""

    master_password: Annotated[
        NewPassword | None, Field(description=RULE, examples=["correct horse battery staple"])
    ] = None
    recipients: Annotated[
        Recipients, Field(description="Public keys, as `imageshield keygen` prints them", examples=[[]])
    ] = ()

    @model_validator(mode="after")
    def demand_one(self) -> Self:
        if self.master_password is None and not self.recipients:
            raise PydanticCustomError("missing", "master_password or recipients is required")
        return self


def form(required: list[str], properties: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "required": required, "additionalProperties": False, "properties": properties}
    return {"required": True, "content": {"multipart/form-data": {"schema": schema, "example": example}}}


# Client generators make a text field of anything that says `contentMediaType` only, which is what FastAPI writes.
FILE = {"type": "string", "format": "binary"}

# Without it the manual fills these fields with samples of its own, a password among them.
EMPTY = ""

ENCRYPT_FORM = form(
    ["image"],
    {
        "image": FILE
        | {
            "description": "A picture of at most 50,000,000 bytes: PNG, JPEG, BMP, TIFF or WebP; also HEIC, AVIF, GIF, "
            "JPEG XL, raw files, PSD and ICO, which are kept as files. 25,000,000 pixels in the layout `pixels`, "
            "200,000,000 in `file`. "
            "The content decides, not the name."
        },
        "quantum_purity": {
            "type": "string",
            "enum": list(get_args(Purity)),
            "default": "balanced",
            "description": "`fast` takes measured bits that wait in the worker's pool, `balanced` runs circuits for "
            "this image, `multistage` draws a new seed for every mebibyte, `maximum` mixes a measured bit into every "
            "bit of keystream: that takes seconds a megapixel, and the picture needs its material file beside the key "
            "file. The strength is 256 bits each time, and rests on the operating system's generator: a simulated "
            "source is credited zero bits of entropy.",
        },
        "layout": {
            "type": "string",
            "enum": ["auto", "pixels", "file"],
            "default": "auto",
            "description": "`pixels` encrypts the decoded pixels (same width and height), `file` the file's bytes "
            "(comes back byte for byte); `auto` takes `pixels` where it is exact. The job says which and why.",
        },
        "regions": {
            "type": "string",
            "maxLength": MAX_TEXT,
            "example": EMPTY,
            "description": "Redacts: only these rectangles are encrypted, and everything else stays visible. A JSON "
            'list of 1 to 64 objects, `[{"x":0,"y":0,"width":64,"height":64}]`, in pixels of the picture as it is '
            "stored, before EXIF turns it. The layout becomes `pixels`. Number, size and place of the rectangles are "
            "visible in the result.",
        },
        "analyze": {
            "type": "boolean",
            "default": False,
            "description": "Measure what was done to the picture, while the worker has it: see `analysis_url` and "
            "`report_url` of the job.",
        },
        "master_password": {
            "type": "string",
            "format": "password",
            "example": EMPTY,
            "minLength": 12,
            "maxLength": 1024,
            "description": f"The key file opens with it. The service cannot recover it. {RULE}.",
        },
        "recipients": {
            "type": "array",
            "maxItems": MAX_STANZAS,
            "items": {"type": "string", "pattern": "^imageshield-public-1:[A-Za-z0-9_-]{1627}$"},
            "example": [],
            "description": "Public keys, as `imageshield keygen` prints them, a field each: the key file opens with "
            "the secret key of any of them. They may stand beside a master_password; either opens.",
        },
        "key_custody": {
            "type": "string",
            "enum": list(get_args(Custody)),
            "example": EMPTY,
            "description": "Who can open the key: by default `passphrase` with a master_password, `recipient` with "
            "recipients alone, else `managed`: the service. By name, `managed` takes recipients too.",
        },
        "webhook_url": WEBHOOK_URL_FIELD,
        **NOTE_FIELDS,
    },
    {"image": "(the file)", "quantum_purity": "balanced", "layout": "auto"},
)

DECRYPT_FORM = form(
    ["encrypted_image"],
    {
        "encrypted_image": FILE
        | {
            "description": "The encrypted image, unchanged, or with `detached=true` saved again as PNG: at most "
            "112,000,000 bytes."
        },
        "key_file": FILE
        | {
            "description": "The key file. Not needed where this account encrypted the image: the service keeps its key."
        },
        "material": FILE
        | {
            "description": "The `.qmat` file of an image that was encrypted with `maximum` purity: at most 320,000,000 "
            "bytes. Not needed where this account encrypted the image."
        },
        "master_password": {
            "type": "string",
            "format": "password",
            "example": EMPTY,
            "description": "Needed where the key file is protected by one; empty is none.",
        },
        "detached": {
            "type": "boolean",
            "default": False,
            "description": "The encrypted image was saved again by another program, as a PNG with the same samples: "
            "header and tag are those that this service keeps with the key. Goes with `key_id`.",
        },
        "key_id": {
            "type": "string",
            "pattern": "^key_[0-9a-f]{32}$",
            "example": EMPTY,
            "description": "With `detached=true`: the key of the encrypted image, as the job that made it names it.",
        },
        "webhook_url": WEBHOOK_URL_FIELD,
        **NOTE_FIELDS,
    },
    {"encrypted_image": "(the file)", "key_file": "(the file)"},
)
