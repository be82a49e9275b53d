"""Batches: a batch ends once, with the last of its jobs, and is removed with the last of its jobs."""

import asyncio

import pytest

from backplane import ids
from backplane.db.models import Batch, BatchItem, JobEvent
from backplane.db.repositories import batches, jobs
from backplane.db.repositories.ends import End
from backplane.errors import Gone
from backplane.kinds import BATCH
from backplane.services.batches.endings import BatchEnds
from backplane.services.batches.mails import BatchMails
from backplane.services.batches.names import ItemNames, seal_name
from backplane.services.batches.views import Counts
from backplane.services.jobs.steering import Steering
from backplane.services.webhooks.events import WebhookEvents

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


@pytest.fixture
def batch_with(resources, account, submit):
    """Write a batch of so many jobs."""

    async def write(number, *, refused=0):
        batch_id = ids.new()
        job_ids = [await submit("encrypt", b"x") for _ in range(number)]
        async with resources.database.transaction() as session:
            await batches.add(session, Batch(id=batch_id, account_id=account.id, retention_days=30))
            for job_id in job_ids:
                job = await jobs.of_account(session, account.id, job_id)
                job.batch_id, job.priority = batch_id, BATCH
            items = [BatchItem(batch_id=batch_id, index=index, job_id=job_id) for index, job_id in enumerate(job_ids)]
            items += [
                BatchItem(batch_id=batch_id, index=number + index, error_code="image-empty", error_title="Empty")
                for index in range(refused)
            ]
            await batches.add_items(session, items)
        return batch_id, job_ids

    return write


@pytest.fixture
def ended(resources):
    """When the batch ended, and how often."""

    async def look(batch_id):
        async with resources.database.transaction() as session:
            batch = await batches.lock(session, batch_id)
            return batch.completed_at, batch.endings

    return look


async def finish(claims, number):
    for _ in range(number):
        await claims.fail(await claims.claim(), code="image-corrupt", title="The image is damaged")


class TestCounts:
    @pytest.mark.parametrize(
        ("counts", "status"),
        [
            (Counts(), "completed"),
            (Counts(completed=2), "completed"),
            (Counts(completed=1, failed=9), "completed"),
            (Counts(failed=2), "failed"),
            (Counts(failed=2, cancelled=1), "cancelled"),
            (Counts(completed=2, cancelled=1), "cancelled"),
            (Counts(completed=2, pending=1), "processing"),
            (Counts(cancelled=2, processing=1), "processing"),
        ],
    )
    def test_one_word_says_what_became_of_all(self, counts, status):
        assert counts.status == status
        assert counts.ended is (status != "processing")
        assert counts.to_json()["total"] == sum(counts.to_json().values()) - counts.to_json()["total"]


class TestEnd:
    async def test_comes_with_the_last_job_and_not_before(self, batch_with, claims, ended):
        batch_id, _ = await batch_with(3)
        await finish(claims, 2)
        assert await ended(batch_id) == (None, 0)
        await finish(claims, 1)
        moment, endings = await ended(batch_id)
        assert moment is not None
        assert endings == 1

    async def test_concurrent_last_jobs_end_it_once(self, batch_with, claims, ended):
        batch_id, _ = await batch_with(3)
        held = [await claims.claim() for _ in range(3)]
        await asyncio.gather(*[claims.fail(claim, code="image-corrupt", title="Damaged") for claim in held])
        moment, endings = await ended(batch_id)
        assert moment is not None
        assert endings == 1

    async def test_is_in_the_transaction_of_the_job(self, resources, batch_with, claims, ended, endings):
        batch_id, (job_id,) = await batch_with(1)
        with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is undone
            async with resources.database.transaction() as session:
                job = await jobs.lock(session, job_id)
                await jobs.request_cancel(session, job)
                assert await endings.cancel(session, job)
                raise RuntimeError
        assert await ended(batch_id) == (None, 0)
        await finish(claims, 1)

    async def test_comes_again_after_a_retry(self, *, resources, batch_with, claims, ended, endings, caller, quotas):
        batch_id, job_ids = await batch_with(2)
        await finish(claims, 2)
        steering = Steering(resources.database, resources.vault, endings, quotas)
        async with resources.database.transaction() as session:
            job = await jobs.lock(session, job_ids[0])
            await steering.requeue(session, caller, job)
        assert await ended(batch_id) == (None, 1)
        await finish(claims, 1)
        moment, endings = await ended(batch_id)
        assert moment is not None
        assert endings == 2

    async def test_a_job_of_no_batch_ends_none(self, resources, submit, claims, sql, mails):
        await submit("encrypt", b"x")
        claim = await claims.claim()
        async with resources.database.transaction() as session:
            end = End(JobEvent(job_id=claim.job.id, seq=2, type="completed", payload={}), "completed")
            await BatchEnds(WebhookEvents(), BatchMails(mails)).job_ended(session, claim.job, end)
        assert await sql("SELECT id FROM batches") == []


class TestRetention:
    async def test_a_batch_goes_after_its_jobs(self, resources, batch_with, claims, sweeper, sql):
        await batch_with(2, refused=1)
        await finish(claims, 2)
        await sql("UPDATE jobs SET retained_until = now() - interval '1 second' RETURNING id")
        await sql("UPDATE batches SET retained_until = now() - interval '1 second' RETURNING id")
        await sweeper.delete_outlived_jobs()
        assert len(await sql("SELECT id FROM batches")) == 1
        await sweeper.delete_due_objects()
        await sweeper.delete_outlived_jobs()
        assert await sql("SELECT id FROM jobs") == []
        assert await sql("SELECT id FROM batches") == []
        assert await sql("SELECT batch_id FROM batch_items") == []

    async def test_one_that_has_not_ended_stays(self, batch_with, claims, sweeper, sql):
        await batch_with(1)
        await sweeper.delete_outlived_jobs()
        assert len(await sql("SELECT id FROM batches")) == 1
        await finish(claims, 1)
        await sweeper.delete_outlived_jobs()
        assert len(await sql("SELECT id FROM batches")) == 1


class TestItemNames:
    async def test_open_in_their_place_alone(self, resources, account):
        account_id, batch_id = account.id, ids.new()
        key = resources.vault.create_account_key(account_id)
        sealed = seal_name(key, "Ünfall.png", account_id=account_id, batch_id=batch_id, index=3)
        names = ItemNames(resources.vault, account_id=account_id, batch_id=batch_id)
        assert names.open(sealed, index=3) == "Ünfall.png"
        assert names.open(None, index=3) is None
        with pytest.raises(Exception, match="does not open"):
            names.open(sealed, index=4)

    async def test_are_gone_with_the_key(self, resources, account, monkeypatch):
        key = resources.vault.create_account_key(account.id)
        batch_id = ids.new()
        sealed = seal_name(key, "a.png", account_id=account.id, batch_id=batch_id, index=0)

        def gone(*_):
            raise Gone

        monkeypatch.setattr(resources.vault, "account_key", gone)
        names = ItemNames(resources.vault, account_id=account.id, batch_id=batch_id)
        assert names.open(sealed, index=0) is None
