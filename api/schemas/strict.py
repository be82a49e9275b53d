"""The base class of request schemas: unknown fields are refused."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic_core import PydanticCustomError


class Strict(BaseModel):
    """Input of a caller: unknown fields are refused, and the refusal names the known fields, never the unknown ones."""

    max_lengths: ClassVar[Mapping[str, int]] = {}
    """Bytes of text fields that may be longer than a form's others."""

    raw_texts: ClassVar[frozenset[str]] = frozenset()
    """Text fields that may hold U+0000: old passwords, which must still open what they protect."""

    max_counts: ClassVar[Mapping[str, int]] = {}
    """How often text fields that are lists may occur in a form; any other field occurs once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def refuse_unknown_fields(cls, value: Any) -> Any:
        if isinstance(value, dict) and not value.keys() <= cls.model_fields.keys():
            raise unknown_field(cls.model_fields)
        return value


def unknown_field(known: Any) -> PydanticCustomError:
    return PydanticCustomError(
        "unknown_field", "Unknown field; the known ones are {known}", {"known": ", ".join(known)}
    )
