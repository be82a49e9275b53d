"""Plaintext pictures at rest: sealed under a key of their own, which is sealed under the day's transit key."""

import asyncio
import secrets

from backplane.blobs import S3Blobs
from backplane.db.models import Blob, Job
from backplane.errors import Gone, Unavailable
from backplane.services.secrets import open_for_job, seal_for_job
from backplane.vault import LocalVault
from shield_core.container import chunks
from shield_core.errors import MacMismatch
from shield_core.keys.canonical import b64decode, b64encode

HEAD = b"QSBL\x01"


async def seal_blob(
    vault: LocalVault, job: Job, blob: Blob, data: bytes | bytearray | memoryview, *, file_name: str | None
) -> bytearray:
    """Return the sealed object, and leave its key in the blob's row."""
    key = secrets.token_bytes(32)
    blob.sealed = seal_for_job(
        vault,
        account_id=job.account_id,
        job_id=job.id,
        value={"key_b64": b64encode(key), "file_name": file_name},
    )
    return await asyncio.to_thread(chunks.seal, data, key=key, head=HEAD + blob.id.bytes)


async def open_blob(vault: LocalVault, store: S3Blobs, job: Job, blob: Blob) -> tuple[bytearray, str | None]:
    """Fetch and open a sealed object: its bytes, and the file name that was sealed with it."""
    if blob.sealed is None:
        raise Gone
    secret = open_for_job(vault, account_id=job.account_id, job_id=job.id, sealed=blob.sealed)
    sealed = await store.get(blob.object_key)
    try:
        data = await asyncio.to_thread(
            chunks.open_sealed, sealed, key=b64decode(secret["key_b64"]), head=HEAD + blob.id.bytes
        )
    except MacMismatch as error:
        raise Unavailable("A stored object was damaged") from error
    return data, secret["file_name"]
