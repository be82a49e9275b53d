"""The worker's side of a job: take it, keep it, say how far it is, and end it once.

Every write is checked by the fencing token that the claim gave, so that a worker that lost its lease (it was stopped,
or cut off) changes nothing any more: docs/explanation/reliability.md.
"""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backplane import failpoints
from backplane.blobs import S3Blobs
from backplane.bus import RedisBus
from backplane.db.models import Account, AnalysisSummary, Blob, Job, JobEvent, Key
from backplane.db.repositories import accounts, analyses, blobs, jobs, keys, leases
from backplane.db.session import Database, Session
from backplane.errors import ApplicationError, Gone, Unavailable
from backplane.services.attempts.inputs import Inputs
from backplane.services.attempts.outcomes import DecryptOutcome, EncryptOutcome, MeasureOutcome
from backplane.services.attempts.products import RESULT, Products
from backplane.services.entropy.receipts import Receipts
from backplane.services.jobs import endings
from backplane.services.keys.exports import vault_opener
from backplane.services.sealing.job_secrets import open_for_job
from backplane.vault import LocalVault, VaultKey
from shield_core.image.facts import LOSSES
from shield_core.keys.stanzas import VaultOpen

RETRY_SECONDS = 5.0
RETRY_GROWTH = 4.0
"""5 and 20 seconds, give or take a half: together longer than a store or a database takes to start again."""


HELD_SECONDS = 2.0
HELD_PAUSE_SECONDS = 0.02
"""A commit takes milliseconds. Who holds a job for longer has been stopped, and the sweeper rings again."""


class LeaseLost(Exception):
    """Another worker has the job, or it has ended, or its owner has asked to cancel it: only that is still written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one job, and what is needed for it."""

    job: Job
    account_key: VaultKey
    vault_opener: VaultOpen = field(repr=False)
    secret: dict[str, Any] | None = field(repr=False)

    @property
    def last_attempt(self) -> bool:
        return self.job.attempts >= leases.MAX_ATTEMPTS


class Claims:
    def __init__(
        self, database: Database, store: S3Blobs, bus: RedisBus, vault: LocalVault, *, result_seconds: int
    ) -> None:
        self._database = database
        self._store = store
        self._bus = bus
        self._vault = vault
        self._result_seconds = result_seconds
        self.inputs = Inputs(database, store, vault)
        self.receipts = Receipts(vault)
        self.products = Products(store, vault)

    async def claim(self) -> Claim | None:
        """Take the job whose turn it is, or return None: nothing waits that may be begun now.

        One whose keys have been destroyed ends here, and the next is taken.
        """
        end = time.monotonic() + HELD_SECONDS
        while True:
            async with self._database.transaction() as session:
                job = await leases.claim(session)
                account = await accounts.by_id(session, job.account_id) if job is not None else None
                held = job is None and await leases.waits(session)
            if held and time.monotonic() < end:
                # The relay tells the queue before it commits, and holds the job until then: this bell may be its.
                await asyncio.sleep(HELD_PAUSE_SECONDS)
                continue
            if job is None or account is None:
                return None
            try:
                return self._unlock(job, account)
            except Unavailable:
                if not self._vault.is_there:
                    # That is no attempt, and no fault of the job.
                    async with self._database.transaction() as session:
                        await leases.hand_over(session, job.id, job.fencing_token)
                raise
            except Gone as gone:
                async with self._database.transaction() as session:
                    event = await endings.fail(session, job, code=gone.code, title=gone.title)
                if event is not None:
                    await endings.notification(self._bus, event)

    def _unlock(self, job: Job, account: Account) -> Claim:
        secret = (
            open_for_job(self._vault, account_id=job.account_id, job_id=job.id, sealed=job.secret)
            if job.secret is not None
            else None
        )
        return Claim(
            job=job,
            account_key=self._vault.account_key(account.id, account.kek_id, account.kek_version),
            vault_opener=vault_opener(self._vault, account.id),
            secret=secret,
        )

    async def heartbeat(self, claim: Claim) -> bool:
        """Extend the lease; False where it is lost, or where the job's owner has asked to cancel it."""
        async with self._database.transaction() as session:
            return await leases.heartbeat(session, claim.job.id, claim.job.fencing_token)

    async def report(self, claim: Claim, words: Sequence[tuple[str, int]]) -> None:
        """Write progress events, each a stage and a percentage, at once; then ring them."""
        async with self._database.transaction() as session:
            events = await leases.append_progress(session, claim.job.id, claim.job.fencing_token, words)
        if not events:
            raise LeaseLost
        failpoints.reach("worker.reported")
        for event in events:
            await endings.notification(self._bus, event)

    async def complete_encrypt(
        self, claim: Claim, outcome: EncryptOutcome, made: Sequence[Blob], *, measured: MeasureOutcome | None = None
    ) -> None:
        """End the job with what is stored of it, with its key and what was measured, in one transaction."""
        key = Key(
            id=outcome.key_id,
            account_id=claim.job.account_id,
            job_id=claim.job.id,
            custody=claim.job.key_custody or "managed",
            key_file=outcome.key_file,
            image_header=outcome.image_header,
            image_tag=outcome.image_tag,
        )
        details = {"entropy": dict(outcome.entropy)} if outcome.entropy else None
        columns = outcome.columns | {"key_id": outcome.key_id}
        await self._complete(claim, made, columns, key=key, measured=measured, details=details)

    async def complete_decrypt(self, claim: Claim, outcome: DecryptOutcome, made: Sequence[Blob]) -> None:
        """End the job with a picture that is stored, for a short time."""
        await self._complete(claim, made, outcome.columns)

    async def complete_measurement(self, claim: Claim, outcome: MeasureOutcome, columns: dict[str, Any]) -> None:
        """Store the documents sealed, then end a job that only measures."""
        made = await self.products.keep_documents(claim.job, claim.account_key, outcome)
        await self._complete(claim, made, columns, measured=outcome)

    async def fail(self, claim: Claim, *, code: str, title: str, detail: str | None = None) -> None:
        """End the job without a result; the input is kept for a day, so that it can be tried again."""
        async with self._database.transaction() as session:
            event = await endings.fail(session, claim.job, code=code, title=title, detail=detail)
        if event is None:
            raise LeaseLost
        await endings.notification(self._bus, event)

    async def losses_of(self, claim: Claim) -> tuple[str, ...] | None:
        """Say what the owner of the job was told to be lost when the picture was encrypted; None for others' pictures.

        Asked only once the picture has opened: its key id is anybody's to write.
        """
        async with self._database.reading() as session:
            warnings = await keys.warnings_of(session, claim.job.account_id, claim.job.key_id)
        return None if warnings is None else tuple(code for code in warnings if code in LOSSES)

    async def cancel(self, claim: Claim) -> bool:
        """End the job because its owner asked for it; False where nobody did, or somebody else has the job."""
        async with self._database.transaction() as session:
            event = await endings.cancel(session, claim.job)
        await self._tell(event)
        return event is not None

    async def release(self, claim: Claim) -> None:
        """Give the job back for another attempt, later; where its owner has asked to cancel it, end it so."""
        job = claim.job
        async with self._database.transaction() as session:
            if await leases.release(session, job.id, job.fencing_token, wait_seconds=retry_seconds(job.attempts)):
                return
            event = await endings.cancel(session, job)
        await self._tell(event)

    async def hand_over(self, claim: Claim) -> None:
        """Give the job back to the next worker, at once and as if this attempt had not been; or end it as `release`."""
        job = claim.job
        async with self._database.transaction() as session:
            if await leases.hand_over(session, job.id, job.fencing_token):
                return
            event = await endings.cancel(session, job)
        await self._tell(event)

    async def _tell(self, event: JobEvent | None) -> None:
        if event is not None:
            await endings.notification(self._bus, event)

    async def _complete(
        self,
        claim: Claim,
        made: Sequence[Blob],
        columns: dict[str, Any],
        *,
        key: Key | None = None,
        measured: MeasureOutcome | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        job = claim.job
        failpoints.reach("worker.stored")
        columns = columns | {"analysis_version": measured.version if measured is not None else None}
        async with self._database.transaction() as session:
            event = await endings.complete(session, job, columns=columns, details=details)
            if event is None:
                raise LeaseLost
            if key is not None:
                keys.add(session, key)
            if measured is not None and measured.summary is not None:
                analyses.add(session, _summary(job, measured.version, measured.summary))
            await self._add_objects(session, job, made)
            failpoints.reach("worker.completing")
        failpoints.reach("worker.completed")
        await endings.notification(self._bus, event)
        failpoints.reach("worker.rung")

    async def _add_objects(self, session: Session, job: Job, made: Sequence[Blob]) -> None:
        for blob in made:
            blobs.add(session, blob)
        await session.flush()
        if job.kind == "decrypt":
            await blobs.expire(session, job.id, RESULT, seconds=self._result_seconds)
            await jobs.expire_with_result(session, job.id, seconds=self._result_seconds)


def retry_seconds(attempts: int) -> float:
    """Wait longer after each attempt, and not all jobs equally long: what comes back is not to be run over."""
    return RETRY_SECONDS * RETRY_GROWTH ** (attempts - 1) * (0.5 + random.random())  # noqa: S311  jitter


def is_transient(error: ApplicationError) -> bool:
    """Only what may be over soon is tried again."""
    return error.status in {503, 507}


def _summary(job: Job, version: int | None, columns: Mapping[str, Any]) -> AnalysisSummary:
    return AnalysisSummary(job_id=job.id, account_id=job.account_id, version=version, **columns)
