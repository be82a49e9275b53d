"""Ids: UUIDv7 internally; on the wire a typed prefix before the 32 hex digits."""

import re
from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from backplane.errors import NotFound

WIRE = re.compile(r"[a-z]{3}_[0-9a-f]{32}", re.ASCII)


def new() -> UUID:
    return uuid7()


def time_of(value: UUID) -> datetime:
    """Return when an id was made (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((value.int >> 80) / 1000, UTC)


def to_wire(prefix: str, value: UUID) -> str:
    return f"{prefix}_{value.hex}"


def from_wire(prefix: str, text: str) -> UUID:
    """Parse an id of this type; anything else raises NotFound."""
    if not WIRE.fullmatch(text) or not text.startswith(prefix + "_"):
        raise NotFound
    return UUID(text[4:])
