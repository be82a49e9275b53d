"""Checkpoints in the object store: a copy that a restored or rewritten database does not have."""

from dataclasses import dataclass
from typing import Any, Final

from backplane.blobs import S3Blobs
from backplane.errors import Gone, Unavailable
from shield_core.audit.checkpoints import Checkpoint
from shield_core.keys import canonical

NEWEST: Final = "audit/newest.json"
MEDIA_TYPE: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A checkpoint with its number, from 1."""

    number: int
    checkpoint: Checkpoint


class PublishedCheckpoints:
    """An object for each checkpoint, and one for the newest."""

    def __init__(self, store: S3Blobs) -> None:
        self._store = store

    async def newest(self) -> Numbered | None:
        """Return the newest checkpoint; None before the first one.

        Raises:
            Unavailable: the store does not answer, or holds something else there.
        """
        try:
            data = await self._store.get(NEWEST)
        except Gone:
            return None
        try:
            value: dict[str, Any] = canonical.loads(data)
            return Numbered(int(value.pop("number")), Checkpoint.from_json(value))
        except (ValueError, LookupError, AttributeError, TypeError):
            raise Unavailable(f"The object {NEWEST} is not a checkpoint") from None

    async def put(self, numbered: Numbered) -> None:
        data = canonical.dumps({**numbered.checkpoint.to_json(), "number": numbered.number})
        await self._store.put(f"audit/checkpoints/{numbered.number:012d}.json", data, media_type=MEDIA_TYPE)
        await self._store.put(NEWEST, data, media_type=MEDIA_TYPE)
