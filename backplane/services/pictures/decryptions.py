"""Submission of decryptions: all checks before a job exists."""

import asyncio
import os
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from backplane.db.repositories import keys
from backplane.db.session import Database
from backplane.errors import ClientCustody, KeyFileRequired, KeyFileTooCostly, NotFound, ValidationFailed, from_core
from backplane.kinds import DECRYPT
from backplane.services.attempts.inputs import DETACHED, INPUT, INPUT_MATERIAL, kept_material
from backplane.services.jobs.submissions import Picture, Submissions, new_job
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.sealing.custody import PASSPHRASE
from backplane.services.sealing.derivations import Derivations
from shield_core.cipher.purity import Purity
from shield_core.encrypted import detached as detached_images
from shield_core.encrypted import header as container_header
from shield_core.encrypted import png, tag
from shield_core.encrypted.header import Header
from shield_core.errors import MaterialRequired, ShieldError
from shield_core.keys import keyfile
from shield_core.keys.canonical import b64encode
from shield_core.keys.passphrase import WRAP_KEY_SIZE, Kdf, WorkLimit, candidates
from shield_core.keys.stanzas import Stanza

FIXED_RESULT_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Prepared:
    """An inspected encrypted image before its job exists, with what the worker needs to open it."""

    header: Header
    secret: dict[str, Any] = field(repr=False)
    detached: bool = False
    """The header is that of the kept key, and not in the picture."""


class Decryptions:
    def __init__(
        self, database: Database, submissions: Submissions, derivations: Derivations, foreign: WorkLimit
    ) -> None:
        self._database = database
        self._submissions = submissions
        self._derivations = derivations
        self._foreign = foreign

    async def prepare(
        self,
        caller: Caller,
        image: bytes,
        *,
        key_file: bytes | None,
        material: bytes | None,
        password: str | None,
        detached: UUID | None = None,
    ) -> Prepared:
        """Check framing and key file, and derive the wrap keys from the password.

        `detached` is the kept key of an encrypted image that another program has saved again.
        """
        try:
            header = await self._header(caller.account_id, image, detached)
            if material is None and header.purity is Purity.MAXIMUM:
                await self._require_kept_material(caller.account_id, header.key_id)
            secret = await self._secret(caller.account_id, header, key_file, password)
            return Prepared(header, secret, detached=detached is not None)
        except ShieldError as error:
            raise from_core(error) from error

    async def submit(
        self, submission: Submission, upload: Picture, prepared: Prepared, *, material: bytes | None
    ) -> JobFacts:
        """Write the job with the intent to run it."""
        header = prepared.header
        job = new_job(
            submission,
            DECRYPT,
            key_id=header.key_id,
            layout=header.layout,
            base_ms=DECRYPT.estimate_ms(header.width * header.height, header.layout),
            # Noise does not shrink, so the picture in it is no larger, but for what a lossless format adds.
            reserved_bytes=len(upload.data) + len(upload.data) // 100 + FIXED_RESULT_BYTES,
        )
        job.secret = self._submissions.seal_secret(submission.account_id, job.id, prepared.secret)
        if prepared.detached:
            job.options = {DETACHED: True}
            # Nothing but the tag shows that it is an encrypted image, and not the original of the same size.
            sent = [await self._submissions.sealed(job, INPUT, upload)]
        else:
            sent = [self._submissions.as_it_is(job, INPUT, "image/png", upload.data)]
        if material is not None:
            sent.append(self._submissions.as_it_is(job, INPUT_MATERIAL, "application/octet-stream", material))
        return await self._submissions.submit(submission, job, sent, file_name=upload.file_name)

    async def _header(self, account_id: UUID, image: bytes, detached: UUID | None) -> Header:
        if detached is None:
            return await asyncio.to_thread(peek, image)
        async with self._database.reading() as session:
            key = await keys.of_account(session, account_id, detached)
        if key is None:
            raise NotFound("This account has no key of this key_id")
        return await asyncio.to_thread(peek_detached, image, key.image_header + key.image_tag)

    async def _secret(
        self, account_id: UUID, header: Header, key_file: bytes | None, password: str | None
    ) -> dict[str, Any]:
        if key_file is None:
            key_file = await self._kept_key_file(account_id, header.key_id)
        parsed = keyfile.parse(key_file)
        secret = {"key_file_b64": b64encode(keyfile.encode(parsed))}
        if all(stanza["type"] == "recipient" for stanza in parsed.stanzas):
            raise ClientCustody("The key file opens with a recipient's secret key alone: decrypt on their machine")
        kdf = keyfile.passphrase_kdf(parsed)
        if kdf is None:
            return secret
        if not self._foreign.allows(kdf) and not await self._made_here(account_id, parsed):
            raise KeyFileTooCostly(f"The key file asks for {kdf.work}: open or rewrap it offline")
        if password is None:
            raise ValidationFailed("This key file is protected by a password: send it as master_password")
        first, *others = [b64encode(key) for key in await self._wrap_keys(account_id, kdf, password)]
        # A worker of the previous release reads only the first key.
        return secret | {"wrap_key_b64": first} | ({"other_wrap_keys_b64": others} if others else {})

    async def _wrap_keys(self, account_id: UUID, kdf: Kdf, password: str) -> list[bytes]:
        """Derive a key from each candidate password; each derivation takes a turn of the account."""
        texts = candidates(password)
        # No key file was ever made under such a password, so it gets the same answer as any wrong one.
        return [await self._derivations.derive(account_id, kdf, text) for text in texts] or [os.urandom(WRAP_KEY_SIZE)]

    async def _made_here(self, account_id: UUID, given: keyfile.KeyFile) -> bool:
        """Return whether this account's key is stored under this very stanza: then the service chose its cost."""
        async with self._database.reading() as session:
            key = await keys.of_account(session, account_id, given.key_id)
        if key is None or key.custody != PASSPHRASE:
            return False
        return _under_password(keyfile.parse(key.key_file)) == _under_password(given)

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


def peek_detached(data: bytes, front: bytes) -> Header:
    """Compare size and kind of a picture with the kept header; the worker reads the samples."""
    walk = detached_images.survey(data)
    header = detached_images.read_header(front)
    detached_images.check(header, walk)
    return header


def _under_password(parsed: keyfile.KeyFile) -> Stanza | None:
    return next((stanza for stanza in parsed.stanzas if stanza["type"] == "passphrase"), None)


def peek(data: bytes) -> Header:
    """Read the header of an encrypted image without its pixels; the worker reads the whole image strictly."""
    return container_header.parse(png.find(data)[: -tag.SIZE])
