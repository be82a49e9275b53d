"""What an attempt made, before any of it is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

ANALYSIS = "analysis"
REPORTS = {"html": "report-html", "pdf": "report-pdf"}
"""Purposes of the blobs that are kept with a job, by the name of the format."""

MEDIA_TYPES = {
    ANALYSIS: "application/json",
    REPORTS["html"]: "text/html; charset=utf-8",
    REPORTS["pdf"]: "application/pdf",
}


@dataclass(frozen=True, slots=True)
class EncryptOutcome:
    """An encrypted image and its key."""

    png: bytes | bytearray | memoryview
    key_id: UUID
    key_file: bytes
    image_header: bytes
    image_tag: bytes
    columns: dict[str, Any]
    material: bytes | bytearray | memoryview | None = None
    entropy: Mapping[str, Any] = field(default_factory=dict)
    """What the audit log says about the key's bits: source, kind, whether it is degraded, and why."""


@dataclass(frozen=True, slots=True)
class DecryptOutcome:
    """A picture in clear."""

    data: bytes | bytearray | memoryview = field(repr=False)
    media_type: str
    file_name: str | None
    columns: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MeasureOutcome:
    """Documents about pictures, by their purpose; they tell of the original and are kept sealed.

    `version` is that of the analysis, null of anything else; `summary` the columns of an `AnalysisSummary`.
    """

    documents: Mapping[str, bytes] = field(repr=False)
    version: int | None = None
    summary: Mapping[str, Any] | None = None

    def without_summary(self) -> "MeasureOutcome":
        return replace(self, summary=None)
