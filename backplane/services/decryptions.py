"""Taking an encrypted image in to be decrypted: everything that is checked before a job exists."""

import asyncio
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.db.models import Job
from backplane.db.repositories import keys
from backplane.db.session import Database
from backplane.errors import ClientCustody, KeyFileRequired, ValidationFailed, from_core
from backplane.services.inputs import INPUT, INPUT_MATERIAL, kept_material
from backplane.services.jobs import JobFacts
from backplane.services.orders import Order
from backplane.services.passphrases import PassphrasePool
from backplane.services.submissions import Submissions, Upload, estimate_ms
from shield_core.cipher.purity import Purity
from shield_core.container import header as container_header
from shield_core.container import png, tag
from shield_core.container.header import Header
from shield_core.errors import MaterialRequired, ShieldError
from shield_core.keys import keyfile, passphrase
from shield_core.keys.canonical import b64encode


class Decryptions:
    def __init__(self, database: Database, submissions: Submissions, passphrases: PassphrasePool) -> None:
        self._database = database
        self._submissions = submissions
        self._passphrases = passphrases

    async def submit(
        self,
        order: Order,
        upload: Upload,
        *,
        key_file: bytes | None,
        material: bytes | None,
        password: str | None,
    ) -> JobFacts:
        """Check framing and key file, derive what the password gives, and write the job with the intent to run it."""
        try:
            header = await asyncio.to_thread(peek, upload.data)
            secret = await self._secret(order.account_id, header, key_file, password)
            if material is None and header.purity is Purity.MAXIMUM:
                await self._require_kept_material(order.account_id, header.key_id)
        except ShieldError as error:
            raise from_core(error) from error
        job = Job(
            id=ids.new(),
            account_id=order.account_id,
            kind="decrypt",
            key_id=header.key_id,
            layout=header.layout,
            base_ms=estimate_ms(header.layout, header.width * header.height),
            request_id=order.request_id,
        )
        job.secret = self._submissions.seal_secret(order.account_id, job.id, secret)
        sent = [self._submissions.as_it_is(job, INPUT, "image/png", upload.data)]
        if material is not None:
            sent.append(self._submissions.as_it_is(job, INPUT_MATERIAL, "application/octet-stream", material))
        return await self._submissions.submit(order, job, sent, action="image.decrypt", file_name=upload.file_name)

    async def _secret(
        self, account_id: UUID, header: Header, key_file: bytes | None, password: str | None
    ) -> dict[str, Any]:
        if key_file is None:
            key_file = await self._kept_key_file(account_id, header.key_id)
        parsed = keyfile.parse(key_file)
        secret = {"key_file_b64": b64encode(keyfile.encode(parsed))}
        if all(stanza["type"] == "recipient" for stanza in parsed.stanzas):
            raise ClientCustody("The key file opens with a recipient's secret key alone: decrypt on their machine")
        wrap_key = await self._wrap_key(parsed, password)
        return secret if wrap_key is None else secret | {"wrap_key_b64": b64encode(wrap_key)}

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
        async with self._database.reading() as session:
            key = await keys.of_account(session, account_id, key_id)
        if key is None:
            raise KeyFileRequired
        return key.key_file

    async def _require_kept_material(self, account_id: UUID, key_id: UUID) -> None:
        async with self._database.reading() as session:
            blob = await kept_material(session, account_id, key_id)
        if blob is None or blob.deleted_at is not None:
            raise MaterialRequired


def peek(data: bytes) -> Header:
    """Read the header of an encrypted image without its pixels; the worker reads all of it, strictly."""
    return container_header.parse(png.find(data)[: -tag.SIZE])
