"""The object store, over the S3 protocol: boto3 in a thread pool (docs/decisions/0007)."""

import asyncio
import io
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backplane.errors import ApplicationError, Gone, StorageFull, Unavailable
from backplane.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

T = TypeVar("T")
THREADS = 8
PIECE = 256 * 1024
PART = 8 * 1024 * 1024
"""Of an object whose size is not known before. The protocol has 10,000 parts, each but the last of at least 5 MiB."""
RULES = "imageshield-"
"""Prefix of the ids of our lifecycle rules: other rules in the bucket belong to the operator."""


def nothing(_done: int, _total: int) -> None:
    """Ignore the progress: the default callback."""


class S3Blobs:
    def __init__(self, client: "S3Client", bucket: str) -> None:
        self._client = client
        self.bucket = bucket
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="blobs")

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        client = boto3.client(
            "s3",
            endpoint_url=settings.s3_endpoint_url,
            aws_access_key_id=settings.aws_access_key_id.get_secret_value(),
            aws_secret_access_key=settings.aws_secret_access_key.get_secret_value(),
            region_name="us-east-1",
            config=Config(
                connect_timeout=3,
                # A store that is silent for 10 s is down. Three attempts take half a minute, the longest time that a
                # caller waits anywhere. With 30 s an upload was answered 503 only after two minutes.
                read_timeout=10,
                retries={"total_max_attempts": 3, "mode": "standard"},
                max_pool_connections=THREADS,
                s3={"addressing_style": "path"},
                # The pictures carry their own HMAC; a CRC over 75 MB for each transfer adds nothing.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )
        return cls(client, settings.s3_bucket)

    async def put(
        self,
        key: str,
        data: bytes | bytearray | memoryview,
        *,
        media_type: str,
        progress: Callable[[int, int], None] = nothing,
    ) -> None:
        """Store an object; `progress` gets, on another thread, the work done and the total work."""
        body = io.BufferedReader(_Body(memoryview(data), progress), PIECE)
        await self._run(lambda: self._client.put_object(Bucket=self.bucket, Key=key, Body=body, ContentType=media_type))

    async def put_pieces(self, key: str, pieces: AsyncIterable[bytes], *, media_type: str) -> None:
        """Store an object of any size while its pieces are made, with the memory of a part: all of it, or nothing."""
        upload = await self._run(
            lambda: self._client.create_multipart_upload(Bucket=self.bucket, Key=key, ContentType=media_type)
        )
        place = {"Bucket": self.bucket, "Key": key, "UploadId": upload["UploadId"]}
        client: Any = self._client
        try:
            parts: list[dict[str, Any]] = []
            async for body in _parts(pieces):
                number = len(parts) + 1
                stored = await self._run(partial(client.upload_part, **place, PartNumber=number, Body=body))
                parts.append({"ETag": stored["ETag"], "PartNumber": number})
            whole = {"Parts": parts}
            await self._run(partial(client.complete_multipart_upload, **place, MultipartUpload=whole))
        except BaseException:
            with suppress(ApplicationError):
                await self._run(partial(client.abort_multipart_upload, **place))
            raise

    async def abort_uploads(self, *, under: str, before: datetime | None = None) -> int:
        """Drop the parts of uploads that a crash has left behind; return how many uploads there were."""

        def abort() -> int:
            done = 0
            for page in self._client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=under):
                for one in page.get("Uploads", []):
                    if one["Key"].startswith(under) and (before is None or one["Initiated"] < before):
                        self._client.abort_multipart_upload(
                            Bucket=self.bucket, Key=one["Key"], UploadId=one["UploadId"]
                        )
                        done += 1
            return done

        return await self._run(abort)

    async def get(self, key: str, part: tuple[int, int] | None = None) -> bytes:
        """Read the object, or the bytes of `part`: from its first offset up to but not including its second."""
        return await self._run(lambda: self._open(key, part).read())

    async def stream(self, key: str, part: tuple[int, int] | None = None) -> AsyncGenerator[bytes]:
        """Yield what `get` reads, in pieces; raise before the first piece if the object is not available."""
        body = await self._run(lambda: self._open(key, part))
        return self._pieces(body.read, body.close)

    def _open(self, key: str, part: tuple[int, int] | None) -> Any:
        if part is None:
            return self._client.get_object(Bucket=self.bucket, Key=key)["Body"]
        return self._client.get_object(Bucket=self.bucket, Key=key, Range=f"bytes={part[0]}-{part[1] - 1}")["Body"]

    async def _pieces(self, read: Callable[[int], bytes], close: Callable[[], None]) -> AsyncGenerator[bytes]:
        try:
            while piece := await self._run(partial(read, PIECE)):
                yield piece
        finally:
            close()

    async def delete(self, key: str) -> None:
        """Delete the object; a missing object is no error."""
        await self._run(lambda: self._client.delete_object(Bucket=self.bucket, Key=key))

    async def delete_all(self, keys: Sequence[str]) -> set[str]:
        """Delete up to a thousand objects at once, and return the keys that the store refused to delete."""
        return await self._run(lambda: self._delete_all(keys))

    async def delete_under(self, prefix: str) -> None:
        """Delete every object whose key has this prefix: what one attempt at a job has stored."""

        def delete() -> None:
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix):
                self._delete_all([entry["Key"] for entry in page.get("Contents", [])])

        await self._run(delete)

    def _delete_all(self, keys: Sequence[str]) -> set[str]:
        if not keys:
            return set()
        objects: list[ObjectIdentifierTypeDef] = [{"Key": key} for key in keys]
        answer = self._client.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})
        return {error["Key"] for error in answer.get("Errors", [])}

    async def written_before(self, moment: datetime, *, under: Sequence[str]) -> AsyncIterator[list[str]]:
        """Yield the keys of all objects under these prefixes that were written before `moment`, a page at a time."""
        for prefix in under:
            pages = iter(self._client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix))
            while (page := await self._run(partial(next, pages, None))) is not None:
                yield [entry["Key"] for entry in page.get("Contents", []) if entry["LastModified"] < moment]

    async def expire_after(self, days: Mapping[str, int]) -> None:
        """Let the store itself delete objects that are so many days old, by prefix; rules of others stay.

        Raises:
            Unavailable: the store has no lifecycle rules, or refuses to set them.
        """
        await self._run(lambda: self._renew_rules(days))

    def _renew_rules(self, days: Mapping[str, int]) -> None:
        found = self._find_rules()
        ours = {rule["ID"]: rule.get("Expiration", {}).get("Days") for rule in found if _is_ours(rule)}
        if ours == {RULES + prefix: number for prefix, number in days.items()}:
            return
        rules = [rule for rule in found if not _is_ours(rule)] + [_rule(*one) for one in days.items()]
        if rules:
            self._client.put_bucket_lifecycle_configuration(Bucket=self.bucket, LifecycleConfiguration={"Rules": rules})
        else:
            self._client.delete_bucket_lifecycle(Bucket=self.bucket)

    def _find_rules(self) -> list[Any]:
        try:
            return list(self._client.get_bucket_lifecycle_configuration(Bucket=self.bucket)["Rules"])
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") != "NoSuchLifecycleConfiguration":
                raise
            return []

    async def ping(self) -> None:
        await self._run(lambda: self._client.head_bucket(Bucket=self.bucket))

    async def close(self) -> None:
        await asyncio.to_thread(self._threads.shutdown)
        self._client.close()

    async def _run(self, call: Callable[[], T]) -> T:
        def guarded() -> T:
            with _translated():
                return call()

        return await asyncio.get_running_loop().run_in_executor(self._threads, guarded)


async def _parts(pieces: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    """Join pieces to parts of one size; there is at least one."""
    part = bytearray()
    async for piece in pieces:
        part += piece
        while len(part) >= PART:
            yield bytes(part[:PART])
            del part[:PART]
    yield bytes(part)


def _is_ours(rule: Any) -> bool:
    return str(rule.get("ID", "")).startswith(RULES)


def _rule(prefix: str, days: int) -> Any:
    return {"ID": RULES + prefix, "Status": "Enabled", "Filter": {"Prefix": prefix}, "Expiration": {"Days": days}}


@contextmanager
def _translated() -> "Iterator[None]":
    try:
        yield
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in {"NoSuchKey", "404", "NotFound", "NoSuchBucket"}:
            raise Gone from error
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 507:  # noqa: PLR2004  RFC 4918, 11.5
            raise StorageFull from error
        raise Unavailable("The object store refused") from error
    except (BotoCoreError, OSError) as error:
        raise Unavailable("The object store does not answer") from error


class _Body(io.RawIOBase):
    """Bytes for the client to read without a full copy; the client reads them twice, to sign them and to send them."""

    PASSES = 2

    def __init__(self, view: memoryview, progress: Callable[[int, int], None]) -> None:
        self._view = view
        self._progress = progress
        self._at = 0
        self._done = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._view)}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        piece = self._view[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        self._done += len(piece)
        total = self.PASSES * len(self._view)
        self._progress(min(self._done, total), total)
        return len(piece)
