"""Taking a picture in: everything that is checked, sealed and written before a job exists."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.blobs import S3Blobs
from backplane.db.models import Blob, Job
from backplane.db.repositories import audit, blobs, jobs, keys
from backplane.db.session import Database
from backplane.errors import CustodyConflict, KeyFileRequired, ValidationFailed, from_core
from backplane.metrics import JOBS_SUBMITTED
from backplane.services.inputs import INPUT, INPUT_MATERIAL, kept_material
from backplane.services.jobs import JobFacts
from backplane.services.originals import seal_blob
from backplane.services.passphrases import PassphrasePool
from backplane.services.secrets import seal_for_job
from backplane.vault import LocalVault
from shield_core.cipher.purity import Purity
from shield_core.container import header as container_header
from shield_core.container import png, tag
from shield_core.errors import MaterialRequired, ShieldError
from shield_core.image import intake
from shield_core.image.facts import ImageFacts
from shield_core.image.payload import Layout, choose
from shield_core.keys import keyfile, passphrase, stanzas
from shield_core.keys.canonical import b64encode

FIXED_MS = 120
PER_MEGAPIXEL_MS = {"pixels": 110, "file": 25}
"""Measured on two cores for a whole job, decoding and storing included; the estimate is only ever a first word."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A picture as it was sent, and the name it was sent under."""

    data: bytes
    file_name: str | None


class Submissions:
    def __init__(self, database: Database, store: S3Blobs, vault: LocalVault, passphrases: PassphrasePool) -> None:
        self._database = database
        self._store = store
        self._vault = vault
        self._passphrases = passphrases

    async def encrypt(
        self,
        account_id: UUID,
        upload: Upload,
        *,
        purity: str,
        layout: str,
        custody: str | None,
        password: str | None,
        request_id: str | None,
    ) -> JobFacts:
        """Check the picture's header, keep it sealed, and write the job with the intent to run it."""
        served_custody = _agree_on_custody(custody, password)
        try:
            facts, chosen = await asyncio.to_thread(examine, upload.data, layout)
            secret = await self._wrap_secret(password)
        except ShieldError as error:
            raise from_core(error) from error
        job = Job(
            id=ids.new(),
            account_id=account_id,
            kind="encrypt",
            purity_requested=purity,
            layout_requested=layout,
            key_custody=served_custody,
            estimated_ms=estimate_ms(chosen, facts.width * facts.height),
            image={
                "format": facts.format,
                "mode": facts.mode,
                "width": facts.width,
                "height": facts.height,
                "bytes": len(upload.data),
            },
            warnings=list(facts.warnings),
            request_id=request_id,
        )
        job.secret = self._seal(job, secret) if secret else None
        blob = input_blob(job, INPUT, "application/octet-stream", len(upload.data))
        body = await seal_blob(self._vault, job, blob, upload.data, file_name=upload.file_name)
        return await self._submit(job, [(blob, body)], action="image.encrypt")

    async def decrypt(
        self,
        account_id: UUID,
        upload: Upload,
        *,
        key_file: bytes | None,
        material: bytes | None,
        password: str | None,
        request_id: str | None,
    ) -> JobFacts:
        """Check framing and key file, derive what the password gives, and write the job with the intent to run it."""
        try:
            header = await asyncio.to_thread(peek, upload.data)
            kept = None if key_file is not None else await self._kept_key_file(account_id, header.key_id)
            if material is None and header.purity is Purity.MAXIMUM:
                await self._require_kept_material(account_id, header.key_id)
            parsed = keyfile.parse(key_file if key_file is not None else kept or b"")
            secret: dict[str, Any] = {"key_file_b64": b64encode(keyfile.encode(parsed))}
            wrap_key = await self._wrap_key(parsed, password)
        except ShieldError as error:
            raise from_core(error) from error
        if wrap_key is not None:
            secret["wrap_key_b64"] = b64encode(wrap_key)
        job = Job(
            id=ids.new(),
            account_id=account_id,
            kind="decrypt",
            key_id=header.key_id,
            estimated_ms=estimate_ms(header.layout, header.width * header.height),
            request_id=request_id,
        )
        job.secret = self._seal(job, secret)
        sent = [(input_blob(job, INPUT, "image/png", len(upload.data)), upload.data)]
        if material is not None:
            sent.append((input_blob(job, INPUT_MATERIAL, "application/octet-stream", len(material)), material))
        return await self._submit(job, sent, action="image.decrypt")

    async def _wrap_secret(self, password: str | None) -> dict[str, Any] | None:
        if password is None:
            return None
        try:
            passphrase.check_new_passphrase(password)
        except passphrase.PassphraseUnfit as error:
            raise ValidationFailed(str(error)) from error
        wrap = await self._passphrases.run(lambda: stanzas.PassphraseWrap.from_passphrase(password))
        return {"kdf": wrap.kdf.to_json(), "wrap_key_b64": b64encode(wrap.wrap_key)}

    async def _wrap_key(self, parsed: keyfile.KeyFile, password: str | None) -> bytes | None:
        kdf = keyfile.passphrase_kdf(parsed)
        if kdf is None:
            return None
        if password is None:
            raise ValidationFailed("This key file is protected by a password: send it as master_password")
        try:
            return await self._passphrases.run(lambda: passphrase.derive_wrap_key(password, kdf))
        except passphrase.PassphraseUnfit:
            # No key file was ever made under such a password: to the caller it is as wrong as any other.
            return bytes(32)

    async def _kept_key_file(self, account_id: UUID, key_id: UUID) -> bytes:
        async with self._database.transaction() as session:
            key = await keys.of_account(session, account_id, key_id)
        if key is None:
            raise KeyFileRequired
        return key.key_file

    async def _require_kept_material(self, account_id: UUID, key_id: UUID) -> None:
        async with self._database.transaction() as session:
            blob = await kept_material(session, account_id, key_id)
        if blob is None or blob.deleted_at is not None:
            raise MaterialRequired

    def _seal(self, job: Job, value: dict[str, Any]) -> bytes:
        return seal_for_job(self._vault, account_id=job.account_id, job_id=job.id, value=value)

    async def _submit(self, job: Job, sent: Sequence[tuple[Blob, bytes | bytearray]], *, action: str) -> JobFacts:
        for blob, body in sent:
            await self._store.put(blob.object_key, body, media_type=blob.media_type)
        async with self._database.transaction() as session:
            await jobs.add(session, job)
            for blob, _ in sent:
                blobs.add(session, blob)
            audit.add(
                session,
                action=action,
                outcome="accepted",
                account_id=job.account_id,
                object_id=job.id,
                request_id=job.request_id,
            )
            await session.flush()
            await session.refresh(job)
        JOBS_SUBMITTED.labels(kind=job.kind).inc()
        return JobFacts.of(job)


def examine(data: bytes, layout: str) -> tuple[ImageFacts, str]:
    """Read the structure of a picture, choose its layout, and refuse what the worker would have to refuse for it."""
    walk = intake.survey(data)
    chosen, _ = choose(walk, Layout(layout))
    return walk.facts, chosen


def estimate_ms(layout: str, pixels: int) -> int:
    return FIXED_MS + PER_MEGAPIXEL_MS[layout] * pixels // 1_000_000


def peek(data: bytes) -> container_header.Header:
    """Read the header of an encrypted image without its pixels; the worker reads all of it, strictly."""
    return container_header.parse(png.find(data)[: -tag.SIZE])


def _agree_on_custody(custody: str | None, password: str | None) -> str:
    implied = "managed" if password is None else "passphrase"
    if custody is not None and custody != implied:
        raise CustodyConflict(
            "passphrase custody needs master_password"
            if custody == "passphrase"
            else "managed custody takes no master_password"
        )
    return implied


def input_blob(job: Job, purpose: str, media_type: str, size: int) -> Blob:
    return Blob(
        id=ids.new(),
        job_id=job.id,
        purpose=purpose,
        object_key=f"uploads/{job.id.hex}/{purpose}",
        size=size,
        media_type=media_type,
    )
