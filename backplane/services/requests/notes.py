"""Notes: the file name, reference and metadata that an owner gives to a job or a batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from shield_core.keys.schedule import framed


@dataclass(frozen=True, slots=True)
class Note:
    """Plaintext, in memory only: `backplane.services.sealing.notes` seals it for the database."""

    file_name: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    metadata: Mapping[str, str] = field(default_factory=dict, repr=False)

    def words(self) -> Iterator[bytes]:
        """Yield the search terms of the note. The file name is not one: nobody chose it for a search."""
        if self.reference is not None:
            yield _framed(b"reference", self.reference.encode())
        for name, value in self.metadata.items():
            yield _framed(b"metadata", name.encode(), value.encode())


NO_NOTE = Note()


def _framed(*parts: bytes) -> bytes:
    return b"".join(map(framed, parts))
