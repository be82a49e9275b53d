"""Streaming zip writer: stored entries, no temporary file, and the memory of one piece."""

import zipfile
from collections.abc import AsyncGenerator, AsyncIterable
from datetime import UTC, datetime
from typing import Any

from backplane.errors import Unavailable

Piece = bytes | memoryview
READABLE = 0o644 << 16
"""Unix permissions: without them some unpackers make files that their owner cannot open."""


class _Sink:
    """Receive what `zipfile` writes, in order. It is not seekable, so sizes and checksums come after each file."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: Piece, /) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken


class ZipStream:
    """Turn files into the bytes of a zip. Without a final `end` the zip is invalid: its directory is missing."""

    def __init__(self) -> None:
        self._sink = _Sink()
        out: Any = self._sink  # it only writes, and `zipfile` needs no more
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_STORED)
        self._now = datetime.now(UTC).timetuple()[:6]

    async def add(self, name: str, body: AsyncIterable[Piece], *, size: int | None) -> AsyncGenerator[bytes]:
        """Yield the zip's bytes for this file; without a size it may be as long as it will.

        Raises:
            Unavailable: the file is shorter or longer than `size`.
        """
        info = zipfile.ZipInfo(name, self._now)
        info.file_size, info.external_attr = size or 0, READABLE
        written = 0
        with self._zip.open(info, "w", force_zip64=size is None) as entry:
            async for piece in body:
                written += len(piece)
                entry.write(piece)
                yield self._sink.take()
        if size is not None and written != size:
            raise Unavailable("A stored object is not as long as it was")
        yield self._sink.take()

    def add_whole(self, name: str, data: bytes) -> bytes:
        """Return the zip's bytes for this small file."""
        info = zipfile.ZipInfo(name, self._now)
        info.external_attr = READABLE
        self._zip.writestr(info, data)
        return self._sink.take()

    def end(self) -> bytes:
        self._zip.close()
        return self._sink.take()
