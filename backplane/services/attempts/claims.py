"""Claims: a worker takes a job, keeps its lease, reports progress, and ends it once.

The fencing token of the claim guards every write, so a worker that lost its lease, because it was stopped or cut off,
changes nothing any more: docs/explanation/reliability.md.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from backplane import failpoints
from backplane.blobs import S3Blobs
from backplane.db.models import Account, AnalysisSummary, Blob, Key
from backplane.db.repositories import accounts, analyses, blobs, jobs, keys, leases
from backplane.db.session import Database, Session
from backplane.db.work import JobWork
from backplane.errors import ApplicationError, Gone, Unavailable
from backplane.kinds import BATCH, KINDS, SINGLE, Kind
from backplane.services.attempts.inputs import Inputs
from backplane.services.attempts.outcomes import MadeKey, Measurement, Outcome
from backplane.services.attempts.products import Products
from backplane.services.entropy.receipts import Receipts
from backplane.services.jobs.endings import Endings
from backplane.services.sealing.account_keys import vault_opener
from backplane.services.sealing.job_secrets import open_for_job
from backplane.vault import LocalVault, VaultKey
from shield_core.image.facts import LOSSES
from shield_core.keys.stanzas import VaultOpen

RETRY_SECONDS = 5.0
RETRY_GROWTH = 4.0
"""5 and 20 seconds, plus or minus a half: together longer than a store or a database takes to restart."""


DAY_SECONDS = 24 * 3600
HELD_SECONDS = 2.0
HELD_PAUSE_SECONDS = 0.02
"""A commit takes milliseconds. If a relay holds the lock longer, it was stopped, and the sweeper enqueues its jobs
again."""


SHARES = (None, None, None, SINGLE, None, None, None, BATCH)
"""Every eighth claim of a process prefers a picture of a batch, and every eighth a single one; the others take the
highest priority. So a flood of decrypts leaves the rest a quarter, and a decrypt waits for one more job at the most."""


class LeaseLost(Exception):
    """Another worker has the job, or it has ended, or is to be cancelled; only its cancellation may be written."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt at one job, with its account key and secret."""

    job: JobWork
    account_key: VaultKey
    vault_opener: VaultOpen = field(repr=False)
    secret: dict[str, Any] | None = field(repr=False)

    @property
    def last_attempt(self) -> bool:
        return self.job.attempts >= leases.MAX_ATTEMPTS


class Claims:
    def __init__(
        self, database: Database, store: S3Blobs, vault: LocalVault, endings: Endings, *, result_seconds: int
    ) -> None:
        self._database = database
        self._store = store
        self._vault = vault
        self._endings = endings
        self._result_seconds = result_seconds
        self.shares = cycle(SHARES)
        """The priority that each claim prefers."""
        self.inputs = Inputs(database, store, vault)
        self.receipts = Receipts(vault)
        self.products = Products(store, vault)

    async def claim(self) -> Claim | None:
        """Claim the next job of the fair queue; None if no waiting job may start now.

        A job whose keys have been destroyed ends here, and the next one is claimed.
        """
        end, preferred = time.monotonic() + HELD_SECONDS, next(self.shares)
        while True:
            async with self._database.transaction() as session:
                job = await leases.claim(session, preferred=preferred)
                account = await accounts.by_id(session, job.account_id) if job is not None else None
                held = job is None and await leases.waits(session)
            if held and time.monotonic() < end:
                # The relay publishes before it commits, and locks the job until then: this message may be for that job.
                await asyncio.sleep(HELD_PAUSE_SECONDS)
                continue
            if job is None or account is None:
                return None
            try:
                return self._unlock(job, account)
            except Unavailable:
                if not self._vault.is_there:
                    # This is no attempt, and not the job's fault.
                    async with self._database.transaction() as session:
                        await leases.hand_over(session, job.id, job.fencing_token)
                raise
            except Gone as gone:
                async with self._database.transaction() as session:
                    event = await self._endings.fail(session, job, code=gone.code, title=gone.title)
                await self._endings.notify(event)

    def _unlock(self, job: JobWork, account: Account) -> Claim:
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
        """Extend the lease; return False if it is lost, or if the job's owner has asked to cancel it."""
        async with self._database.transaction() as session:
            return await leases.heartbeat(session, claim.job.id, claim.job.fencing_token)

    async def report(self, claim: Claim, reports: Sequence[tuple[str, int]]) -> None:
        """Write progress events together, each a stage and a percentage; then notify the followers."""
        async with self._database.transaction() as session:
            events = await leases.append_progress(session, claim.job.id, claim.job.fencing_token, reports)
        if not events:
            raise LeaseLost
        failpoints.reach("worker.reported")
        for event in events:
            await self._endings.notify(event)

    async def complete(self, claim: Claim, outcome: Outcome, stored: Sequence[Blob]) -> None:
        """End the job with its stored files, its key and its measurement, in one transaction.

        Raises:
            LeaseLost: another worker has the job, or it has ended, or its owner has asked to cancel it.
        """
        failpoints.reach("worker.stored")
        async with self._database.transaction() as session:
            columns = _columns(outcome)
            event = await self._endings.complete(session, claim.job, columns=columns, details=outcome.details)
            if event is None:
                raise LeaseLost
            await self._add_rows(session, claim.job, outcome, stored)
            failpoints.reach("worker.completing")
        failpoints.reach("worker.completed")
        await self._endings.notify(event)
        failpoints.reach("worker.notified")

    async def fail(self, claim: Claim, *, code: str, title: str, detail: str | None = None) -> None:
        """End the job without a result; the input is kept for a day, so that its owner can retry it."""
        async with self._database.transaction() as session:
            event = await self._endings.fail(session, claim.job, code=code, title=title, detail=detail)
        if event is None:
            raise LeaseLost
        await self._endings.notify(event)

    async def losses_of(self, claim: Claim) -> tuple[str, ...] | None:
        """Return the losses that were reported when the picture was encrypted; None for pictures of other accounts.

        Call this only after the decryption has succeeded: anybody can write a key id into a picture.
        """
        async with self._database.reading() as session:
            warnings = await keys.warnings_of(session, claim.job.account_id, claim.job.key_id)
        return None if warnings is None else tuple(code for code in warnings if code in LOSSES)

    async def cancel(self, claim: Claim) -> bool:
        """End the job that its owner asked to cancel; return False if nobody asked, or another worker has it."""
        async with self._database.transaction() as session:
            event = await self._endings.cancel(session, claim.job)
        await self._endings.notify(event)
        return event is not None

    async def release(self, claim: Claim) -> None:
        """Release the job for a later attempt; if its owner has asked to cancel it, cancel it."""
        job = claim.job
        async with self._database.transaction() as session:
            if await leases.release(session, job.id, job.fencing_token, wait_seconds=retry_seconds(job.attempts)):
                return
            event = await self._endings.cancel(session, job)
        await self._endings.notify(event)

    async def hand_over(self, claim: Claim) -> None:
        """Release the job at once without counting this attempt; or cancel it, as `release` does."""
        job = claim.job
        async with self._database.transaction() as session:
            if await leases.hand_over(session, job.id, job.fencing_token):
                return
            event = await self._endings.cancel(session, job)
        await self._endings.notify(event)

    async def _add_rows(self, session: Session, job: JobWork, outcome: Outcome, stored: Sequence[Blob]) -> None:
        if outcome.key is not None:
            keys.add(session, _key_row(job, outcome.key))
        if outcome.measurement is not None and outcome.measurement.summary is not None:
            analyses.add(session, _summary_row(job, outcome.measurement))
        await blobs.add_all(session, stored)
        seconds = self._life_of(KINDS[job.kind])
        if seconds is not None:
            await blobs.expire(session, job.id, KINDS[job.kind].result, seconds=seconds)
            await jobs.expire_with_result(session, job.id, seconds=seconds)

    def _life_of(self, kind: Kind) -> int | None:
        """Return how long a result is kept at most; None for as long as its job."""
        if kind.result_is_plaintext:
            return self._result_seconds
        return kind.result_days * DAY_SECONDS if kind.result_days is not None else None


def retry_seconds(attempts: int) -> float:
    """Return a longer wait after each attempt, with jitter, so that a service that recovers is not overloaded."""
    return RETRY_SECONDS * RETRY_GROWTH ** (attempts - 1) * (0.5 + random.random())  # noqa: S311  jitter


def is_transient(error: ApplicationError) -> bool:
    """Return whether the error may be over soon, so that a retry makes sense."""
    return error.status in {503, 507}


def _columns(outcome: Outcome) -> dict[str, Any]:
    made: dict[str, Any] = {
        "analysis_version": outcome.measurement.version if outcome.measurement is not None else None
    }
    if outcome.key is not None:
        made["key_id"] = outcome.key.id
    return {**outcome.columns, **made}


def _key_row(job: JobWork, key: MadeKey) -> Key:
    return Key(
        id=key.id,
        account_id=job.account_id,
        job_id=job.id,
        custody=job.key_custody or "managed",
        key_file=key.file,
        image_header=key.image_header,
        image_tag=key.image_tag,
    )


def _summary_row(job: JobWork, measurement: Measurement) -> AnalysisSummary:
    columns = measurement.summary or {}
    return AnalysisSummary(job_id=job.id, account_id=job.account_id, version=measurement.version, **columns)
