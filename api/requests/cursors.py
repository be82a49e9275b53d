"""Cursors: the id of the last object of the previous page."""

from uuid import UUID

from fastapi.exceptions import RequestValidationError

from backplane import ids
from backplane.errors import NotFound


def read_cursor(kind: str, cursor: str | None) -> UUID | None:
    """Read a `next_cursor` that was sent back.

    Raises:
        RequestValidationError: this service did not issue it.
    """
    try:
        return ids.from_wire(kind, cursor) if cursor is not None else None
    except NotFound:
        error = {"type": "cursor", "loc": ("query", "cursor"), "msg": "Not a cursor"}
        raise RequestValidationError([error]) from None
