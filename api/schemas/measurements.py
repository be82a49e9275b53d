"""Schemas of measurements of your own pictures: the forms, and the avalanche check."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from api.schemas.analyses import Finding
from api.schemas.images import FILE, form
from api.schemas.notes import NOTE_FIELDS, Noted
from api.schemas.strict import Strict
from api.schemas.webhooks import WEBHOOK_URL_FIELD


class Changed(Finding):
    """The pooled share or number of bits that changed."""


class AvalancheExperiment(BaseModel):
    id: Literal["key", "picture_fresh_keys", "picture_same_key"]
    says: str
    flipped: Annotated[list[int], Field(description="Numbers of the bits, most significant first")]
    changed: Changed
    lowest: float
    highest: float


class AvalanchePicture(BaseModel):
    pixels: int
    bytes_per_pixel: int


class Avalanche(BaseModel):
    """What changes when one bit is flipped. A diffusion check, not a proof."""

    version: int
    flips: int
    picture: AvalanchePicture
    experiments: list[AvalancheExperiment]
    limits: str


class NoOptions(Noted):
    """A form with files and without options."""


class ReportFormat(Strict):
    format: Annotated[
        Literal["html", "pdf"] | None, Field(description="Without it `Accept` decides, and HTML where that does not")
    ] = None


ANALYZE_FORM = form(
    ["original", "encrypted"],
    {
        "original": FILE | {"description": "Any picture that can be encrypted: at most 50,000,000 bytes."},
        "encrypted": FILE
        | {
            "description": "What became of it, of the same size and kind: an encrypted image of this product (at most "
            "112,000,000 bytes), or any picture (at most 50,000,000)."
        },
        "webhook_url": WEBHOOK_URL_FIELD,
        **NOTE_FIELDS,
    },
    {"original": "(the file)", "encrypted": "(the file)"},
)
AVALANCHE_FORM = form(
    ["image"],
    {
        "image": FILE | {"description": "Any picture that can be encrypted, of at most 1,000,000 pixels."},
        "webhook_url": WEBHOOK_URL_FIELD,
        **NOTE_FIELDS,
    },
    {"image": "(the file)"},
)
