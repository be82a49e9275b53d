"""Envelope encryption of stored pictures: each blob has its own key, wrapped in its row.

The transit key of the day wraps the keys of originals and decrypted pictures; it is destroyed soon. The account's key
wraps those of analyses and reports, which are kept with the job: once it is destroyed, no backup opens them.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator
from typing import Any

from backplane.blobs import S3Blobs
from backplane.db.models import Blob
from backplane.db.work import AnyJob
from backplane.errors import Gone, Unavailable
from backplane.services.sealing import account_keys
from backplane.services.sealing.job_secrets import open_for_job, seal_for_job
from backplane.vault import LocalVault, VaultKey
from shield_core.encrypted import chunks
from shield_core.errors import MacMismatch
from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.schedule import LABELS, framed

HEAD = b"QSBL\x01"
KEPT = frozenset({"analysis", "export", "report-html", "report-pdf"})
"""Purposes whose blob key is under the account's key."""

AT_ONCE = 64 * chunks.CHUNK
"""Bytes of a large object that are in memory at once."""


async def seal_blob(
    vault: LocalVault, job: AnyJob, blob: Blob, data: bytes | bytearray | memoryview, *, file_name: str | None
) -> bytearray:
    """Return the sealed object, and store its key, under the transit key, in the blob's row."""
    key = secrets.token_bytes(32)
    blob.sealed = seal_for_job(
        vault,
        account_id=job.account_id,
        job_id=job.id,
        value={"key_b64": b64encode(key), "file_name": file_name},
    )
    return await _seal(data, key, blob)


async def seal_kept_blob(account_key: VaultKey, job: AnyJob, blob: Blob, data: bytes) -> bytearray:
    """Return the sealed object, and store its key, under the account's key, in the blob's row."""
    return await _seal(data, _new_kept_key(account_key, job, blob), blob)


def kept_sealer(account_key: VaultKey, job: AnyJob, blob: Blob) -> chunks.Sealer:
    """Return what seals a kept object a piece at a time; its key is stored as that of `seal_kept_blob`."""
    return chunks.Sealer(key=_new_kept_key(account_key, job, blob), head=HEAD + blob.id.bytes)


async def open_blob(
    vault: LocalVault, store: S3Blobs, job: AnyJob, blob: Blob, part: tuple[int, int] | None = None
) -> tuple[bytearray, str | None]:
    """Fetch and open a sealed object, or a part of it: return its bytes and its sealed file name."""
    key, file_name = open_seal(vault, job, blob)
    head = HEAD + blob.id.bytes
    try:
        if part is None:
            sealed = await store.get(blob.object_key)
            data = await asyncio.to_thread(chunks.open_sealed, sealed, key=key, head=head)
        else:
            start, stop = part
            sealed = await store.get(blob.object_key, chunks.frame_of(blob.size, start, stop))
            data = await asyncio.to_thread(
                chunks.open_part, sealed, size=blob.size, start=start, stop=stop, key=key, head=head
            )
    except MacMismatch as error:
        raise Unavailable("A stored object was damaged") from error
    return data, file_name


def open_seal(vault: LocalVault, job: AnyJob, blob: Blob) -> tuple[bytes, str | None]:
    """Open the sealed part of the blob's row: the key of the object, and its file name."""
    if blob.sealed is None:
        raise Gone
    secret = _open_kept(vault, job, blob) if blob.purpose in KEPT else _open_passing(vault, job, blob)
    return b64decode(secret["key_b64"]), secret["file_name"]


async def open_in_parts(
    vault: LocalVault, store: S3Blobs, job: AnyJob, blob: Blob, part: tuple[int, int]
) -> AsyncIterator[bytes]:
    """Fetch and open a sealed object of any size, or a part of it, a few chunks at a time.

    Raises:
        Gone, Unavailable: before the first piece if the object is not available; later, it ends in the middle.
    """
    start, stop = part
    for at in range(start, stop, AT_ONCE):
        data, _ = await open_blob(vault, store, job, blob, (at, min(stop, at + AT_ONCE)))
        yield bytes(data)


def _new_kept_key(account_key: VaultKey, job: AnyJob, blob: Blob) -> bytes:
    key = secrets.token_bytes(32)
    value = json.dumps({"key_b64": b64encode(key), "file_name": None}).encode()
    blob.sealed = account_keys.seal(account_key, value, _context(job, blob))
    return key


async def _seal(data: bytes | bytearray | memoryview, key: bytes, blob: Blob) -> bytearray:
    return await asyncio.to_thread(chunks.seal, data, key=key, head=HEAD + blob.id.bytes)


def _open_passing(vault: LocalVault, job: AnyJob, blob: Blob) -> dict[str, Any]:
    assert blob.sealed is not None
    return open_for_job(vault, account_id=job.account_id, job_id=job.id, sealed=blob.sealed)


def _open_kept(vault: LocalVault, job: AnyJob, blob: Blob) -> dict[str, Any]:
    assert blob.sealed is not None
    opened = account_keys.Opener(vault, job.account_id).open(blob.sealed, _context(job, blob))
    value: dict[str, Any] = json.loads(opened)
    return value


def _context(job: AnyJob, blob: Blob) -> bytes:
    return LABELS.blob + framed(job.account_id.bytes) + framed(blob.id.bytes)
