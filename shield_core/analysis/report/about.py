"""Context of a printed report: the job, the key, and the origin of the key's bits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class About:
    """Facts about the pictures beyond the numbers; None where a fact is not known.

    `file_name` and `encrypted_name` are untrusted: they are printed as data. `image` is a job's `image` (`format`,
    `mode`, `width`, `height`, `bytes`); `statement` is the entropy statement of the attempt; `made_at` is the time of
    the report.
    """

    made_at: datetime
    product_version: str
    file_name: str | None = None
    encrypted_name: str | None = None
    job_id: str | None = None
    key_id: str | None = None
    purity: str | None = None
    layout: str | None = None
    layout_reason: str | None = None
    image: Mapping[str, Any] | None = None
    statement: Mapping[str, Any] | None = None
