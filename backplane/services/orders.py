"""Who asks for a job, and what comes with such a request whatever it asks for."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Order:
    """One request that makes a job, or several."""

    account_id: UUID
    request_id: str | None = None
