"""What an owner calls a job or a batch: the file's name, a reference, and metadata."""

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
        """Yield the words that a search finds the note by. The file's name is not one: nobody chose it for that."""
        if self.reference is not None:
            yield _framed(b"reference", self.reference.encode())
        for name, value in self.metadata.items():
            yield _framed(b"metadata", name.encode(), value.encode())


NO_NOTE = Note()


def _framed(*parts: bytes) -> bytes:
    return b"".join(map(framed, parts))
