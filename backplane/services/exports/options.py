"""The options of an export, in its job's row."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from backplane import ids


@dataclass(frozen=True, slots=True)
class ExportOptions:
    user_id: UUID
    """Who asked for it, and gets a mail when it is ready."""

    def to_json(self) -> dict[str, Any]:
        return {"user": ids.to_wire("usr", self.user_id)}

    @classmethod
    def of(cls, options: Mapping[str, Any] | None) -> Self:
        return cls(ids.from_wire("usr", (options or {})["user"]))
