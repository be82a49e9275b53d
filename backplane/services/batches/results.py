"""The download of a whole batch as a zip: every encrypted picture with its files, and a manifest at the end.

The manifest comes last because its digests are computed during the download: a client that has it has everything.
"""

import hashlib
import json
import unicodedata
from collections.abc import AsyncIterator, Collection
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.errors import Gone, JobNotFinished, NotFound
from backplane.services.batches.packing import Piece, ZipStream
from backplane.services.batches.views import Batches, BatchFacts, ItemFacts
from backplane.services.jobs.views import Jobs
from backplane.services.keys.exports import Keys
from backplane.services.pictures.results import Results, StoredFile
from backplane.services.requests.caller import Caller
from shield_core.image.names import harmless_stem

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened file that goes into the zip."""

    size: int
    body: AsyncIterator[Piece]


class BatchResults:
    def __init__(self, batches: Batches, jobs: Jobs, results: Results, keys: Keys) -> None:
        self._batches = batches
        self._jobs = jobs
        self._results = results
        self._keys = keys

    async def open(self, caller: Caller, facts: BatchFacts, *, key_files: bool) -> AsyncIterator[bytes]:
        """Open the zip of a batch that `find` has found; a later failure cuts it off before its directory."""
        download = _Download(self, facts, caller, key_files=key_files)
        pieces = download.pieces()
        return _from_first(await anext(pieces), pieces)

    async def find(self, caller: Caller, batch_id: UUID, *, partial: bool) -> BatchFacts:
        """Find the batch for `open`.

        Raises:
            NotFound: this account has no such batch.
            JobNotFinished: some of its jobs have not ended, and `partial` is false.
        """
        facts = await self._batches.get(caller, batch_id)
        if not facts.counts.ended and not partial:
            raise JobNotFinished("The batch has not finished; ?partial=true gives what there is so far")
        return facts

    async def files(
        self, caller: Caller, item: ItemFacts, *, key_files: bool
    ) -> AsyncIterator[tuple[str, Opened | bytes]]:
        """Yield the files of a completed item, each with its name's suffix; the picture first."""
        assert item.job_id is not None
        yield ".enc.png", await self._open(caller, await self._results.find(caller, item.job_id))
        if item.has_material:
            yield ".enc.qmat", await self._open(caller, await self._results.find_material(caller, item.job_id))
        if item.has_receipt:
            yield ".receipt.json", await self._jobs.receipt(caller, item.job_id)
        if key_files:
            yield ".enc.qkey", await self._keys.export(caller, item.job_id)

    async def _open(self, caller: Caller, file: StoredFile) -> Opened:
        return Opened(file.size, await self._results.open(caller, file))


class _Download:
    def __init__(self, source: BatchResults, facts: BatchFacts, caller: Caller, *, key_files: bool) -> None:
        self._source = source
        self._facts = facts
        self._caller = caller
        self._key_files = key_files
        self._zip = ZipStream()

    async def pieces(self) -> AsyncIterator[bytes]:
        entries = []
        for item, stem in zip(self._facts.items, stems(self._facts.items), strict=True):
            entry = describe(item)
            entries.append(entry)
            if item.status == "completed":
                try:
                    async for piece in self._pack(item, stem, entry):
                        yield piece
                except (Gone, NotFound):
                    # The job was deleted after the batch was read. A deletion in the middle of a file cuts the zip off.
                    if entry["files"]:
                        raise
                    entry["error"] = {"code": Gone.code, "title": Gone.title, "detail": None}
        yield self._zip.add_whole(MANIFEST, json.dumps(_manifest(self._facts, entries), indent=2).encode())
        yield self._zip.end()

    async def _pack(self, item: ItemFacts, stem: str, entry: dict[str, Any]) -> AsyncIterator[bytes]:
        async for ending, file in self._source.files(self._caller, item, key_files=self._key_files):
            entry["files"].append(stem + ending)
            if isinstance(file, bytes):
                yield self._zip.add_whole(stem + ending, file)
                continue
            digest = hashlib.sha256()
            async with aclosing(self._zip.add(stem + ending, _hashed(file, digest), size=file.size)) as pieces:
                async for piece in pieces:
                    yield piece
            if entry["sha256"] is None:
                entry["sha256"] = digest.hexdigest()


def describe(item: ItemFacts) -> dict[str, Any]:
    """Return an item's entry in the manifest; `sha256` is of the encrypted picture."""
    error = item.error
    return {
        "index": item.index,
        "filename": item.file_name,
        "job_id": ids.to_wire("job", item.job_id) if item.job_id is not None else None,
        "status": item.status,
        "files": [],
        "sha256": None,
        "key_id": ids.to_wire("key", item.key_id) if item.key_id is not None else None,
        "error": {"code": error.code, "title": error.title, "detail": error.detail} if error is not None else None,
    }


def stems(items: Collection[ItemFacts]) -> list[str]:
    """Return a file name for each item, from its picture's name: safe and unique on every system."""
    taken: set[str] = set()
    return [_unique(harmless_stem(item.file_name, fallback=f"image-{item.index}"), taken) for item in items]


def _unique(stem: str, taken: set[str]) -> str:
    candidate, number = stem, 1
    while (seen := _as_seen(candidate)) in taken:
        number += 1
        candidate = f"{stem}-{number}"
    taken.add(seen)
    return candidate


def _as_seen(stem: str) -> str:
    # Some systems distinguish neither upper from lower case nor composed from decomposed accents.
    return unicodedata.normalize("NFC", stem).casefold()


def _manifest(facts: BatchFacts, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "batch_id": ids.to_wire("bat", facts.id),
        "status": facts.status,
        "counts": facts.counts.to_json(),
        "created_at": facts.created_at.isoformat(),
        "items": entries,
    }


async def _hashed(file: Opened, digest: Any) -> AsyncIterator[Piece]:
    async for piece in file.body:
        digest.update(piece)
        yield piece


async def _from_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        if piece:
            yield piece
