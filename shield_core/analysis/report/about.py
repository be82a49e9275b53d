"""What a printed report says around the numbers: which job, which key, where its bits came from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class About:
    """What is known of the pictures beside the numbers; None where it is not known.

    `file_name` and `encrypted_name` may come from strangers: they are printed as data. `image` is a job's `image`
    (`format`, `mode`, `width`, `height`, `bytes`); `statement` is the entropy statement of the attempt; `made_at` is
    when the report was made.
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
