"""References and metadata: callers' own names for jobs and batches, as they are sent, shown and searched."""

import json
import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from api.schemas.strict import Strict
from api.schemas.webhooks import WebhookOptions
from backplane.services.requests.notes import Note

MAX_REFERENCE = 200
MAX_PAIRS = 16
MAX_VALUE = 500
MAX_METADATA_TEXT = 32_768
"""16 pairs with every character above ASCII escaped, as many encoders write them."""

NAME = re.compile(r"[a-z0-9_]{1,40}")


def check_reference(value: str) -> str:
    if not value or not _is_line(value, MAX_REFERENCE):
        raise _unfit("reference", f"1 to {MAX_REFERENCE} bytes of UTF-8 without control characters")
    return value


def check_pairs(pairs: list[tuple[str, Any]]) -> dict[str, str]:
    """Check the pairs of a JSON object as they are written, with repeated keys."""
    if len(pairs) > MAX_PAIRS:
        raise _unfit("metadata", f"At most {MAX_PAIRS} pairs")
    if len(dict(pairs)) < len(pairs):
        raise _unfit("metadata", "A key occurs twice")
    if not all(NAME.fullmatch(name) for name, _ in pairs):
        raise _unfit("metadata", "Keys are 1 to 40 characters of a-z, 0-9 and _")
    if not all(isinstance(value, str) and _is_line(value, MAX_VALUE) for _, value in pairs):
        raise _unfit("metadata", f"Values are text of at most {MAX_VALUE} bytes of UTF-8 without control characters")
    return dict(pairs)


def read_metadata(text: Any) -> Mapping[str, str]:
    """Read the form's field. Inner objects must obey the rules of the outermost one, so objects cannot be nested."""
    try:
        value = json.loads(text, object_pairs_hook=check_pairs)
    except PydanticCustomError:
        raise
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _unfit("metadata", "Not a JSON object")
    return value


def check_pair(text: str) -> str:
    """Check one pair of a search, `key:value`."""
    name, colon, value = text.partition(":")
    if not colon:
        raise _unfit("metadata", "Write a pair as key:value")
    check_pairs([(name, value)])
    return text


def _is_line(text: str, limit: int) -> bool:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        return False
    return size <= limit and not any(unicodedata.category(character) == "Cc" for character in text)


def _unfit(field: str, message: str) -> PydanticCustomError:
    return PydanticCustomError(f"unfit_{field}", "{message}", {"message": message})


Reference = Annotated[
    str,
    AfterValidator(check_reference),
    Field(json_schema_extra={"minLength": 1, "maxLength": MAX_REFERENCE}, examples=["case-2026-017"]),
]
Pair = Annotated[
    str,
    AfterValidator(check_pair),
    Field(json_schema_extra={"pattern": "^[a-z0-9_]{1,40}:"}, examples=["patient:4711"]),
]


class Noted(WebhookOptions):
    """Options of every request that makes jobs: the address to notify, and the caller's own names."""

    max_lengths: ClassVar[Mapping[str, int]] = {"metadata": MAX_METADATA_TEXT}

    reference: Annotated[Reference | None, Field(repr=False)] = None
    metadata: Annotated[dict[str, str], BeforeValidator(read_metadata), Field(default_factory=dict, repr=False)]

    def note(self) -> Note:
        return Note(reference=self.reference, metadata=self.metadata)


class NoteFilter(Strict):
    """What a list is searched by, beside what the routes know: exact values."""

    reference: Annotated[Reference | None, Field(repr=False, description="Exactly this `reference`")] = None
    metadata: Annotated[
        Pair | None, Field(repr=False, description="Exactly this pair of `metadata`, as `key:value`")
    ] = None

    def wanted(self) -> Note:
        name, _, value = (self.metadata or "").partition(":")
        return Note(reference=self.reference, metadata={name: value} if name else {})


NOTE_FIELDS = {
    "reference": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_REFERENCE,
        "example": "",
        "description": f"What you call it: at most {MAX_REFERENCE} bytes of UTF-8 without control characters, kept "
        "encrypted, returned with the job or batch, and found again with `?reference=`.",
    },
    "metadata": {
        "type": "string",
        "maxLength": MAX_METADATA_TEXT,
        "example": "",
        "description": f"A JSON object of at most {MAX_PAIRS} pairs of texts, for example "
        '`{"patient": "4711", "ward": "3b"}`: keys of 1 to 40 characters of `a-z`, `0-9` and `_`, values of at most '
        f"{MAX_VALUE} bytes of UTF-8 without control characters. Kept, returned and found as `reference` is, with "
        "`?metadata=key:value`.",
    },
}
"""The fields as the forms show them."""
