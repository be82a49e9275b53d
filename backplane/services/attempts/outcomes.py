"""Outcomes of attempts: what ends a job, beside the files that are stored."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self
from uuid import UUID

from backplane.kinds import ANALYSIS

REPORTS = {"html": "report-html", "pdf": "report-pdf"}
"""Purposes of the reports' blobs, by the name of the format."""

MEDIA_TYPES = {
    ANALYSIS: "application/json",
    REPORTS["html"]: "text/html; charset=utf-8",
    REPORTS["pdf"]: "application/pdf",
}


@dataclass(frozen=True, slots=True)
class MadeKey:
    """The key of an encrypted image, with the header and tag that find it again."""

    id: UUID
    file: bytes = field(repr=False)
    image_header: bytes
    image_tag: bytes


@dataclass(frozen=True, slots=True)
class Measurement:
    """Documents about pictures, by their purpose. They tell of the original, and are kept sealed."""

    documents: Mapping[str, bytes] = field(repr=False)
    version: int | None = None
    """Of the analysis; None of any other document."""
    summary: Mapping[str, Any] | None = None
    """The columns of an `AnalysisSummary`."""

    def without_summary(self) -> Self:
        return replace(self, summary=None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt at a job of any kind comes to."""

    columns: Mapping[str, Any] = field(default_factory=dict)
    """Of the job's row."""
    key: MadeKey | None = None
    measurement: Measurement | None = None
    details: Mapping[str, Any] | None = None
    """For the audit trail."""
