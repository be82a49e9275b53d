"""Cancel, retry, delete and retention of jobs; a job ends only once."""

import asyncio
from contextlib import aclosing

import pytest

from backplane import ids
from backplane.errors import Gone, JobFinished, JobNotFinished, NotFound
from backplane.services.attempts.claims import LeaseLost
from backplane.services.jobs.progress import ProgressFeed
from backplane.services.jobs.steering import Steering
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.sealing.job_secrets import open_for_job, seal_for_job
from tests.support.endings import Decrypted, complete_decrypt

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

OUTCOME = Decrypted(data=b"picture", media_type="image/png", file_name=None, columns={})
STAGES = ("validating", "unlocking", "verifying", "decrypting", "storing")
DAMAGED = {"code": "image-corrupt", "title": "The image is damaged"}


@pytest.fixture
def steering(resources, endings, quotas):
    return Steering(resources.database, resources.vault, endings, quotas)


@pytest.fixture
def cancel(steering, caller):
    return lambda job_id: steering.cancel(caller, job_id)


@pytest.fixture
def retry(steering, caller):
    return lambda job_id: steering.retry(Submission(caller), job_id)


@pytest.fixture
def delete(steering, caller):
    return lambda job_id: steering.delete(caller, job_id)


@pytest.fixture
def failed(claims, begin):
    async def make(kind="encrypt"):
        claim = await begin(kind)
        await claims.fail(claim, **DAMAGED)
        return claim

    return make


@pytest.fixture
def completed(claims, begin):
    async def make():
        claim = await begin()
        await complete_decrypt(claims, claim, OUTCOME)
        return claim

    return make


@pytest.fixture
def ended_jobs(completed, failed, cancel, submit):
    """A completed, a failed and a cancelled job, by their status."""

    async def make():
        jobs = {"completed": (await completed()).job.id, "failed": (await failed()).job.id, "cancelled": await submit()}
        await cancel(jobs["cancelled"])
        return jobs

    return make


async def ends(sql, job_id):
    query = "SELECT type FROM job_events WHERE job_id = :id AND type <> 'progress' ORDER BY seq"
    return [row["type"] for row in await sql(query, id=job_id)]


async def expect_dense(sql, job_id):
    rows = [row["seq"] for row in await sql("SELECT seq FROM job_events WHERE job_id = :id ORDER BY seq", id=job_id)]
    assert rows == list(range(1, len(rows) + 1))


class TestCancelWaitingJob:
    async def test_waiting_job_ends_at_once(self, cancel, submit, sql, claims):
        """With an event and an audit entry, and its secret is deleted."""
        job_id = await submit()
        await sql("UPDATE jobs SET secret = 'x'")
        facts = await cancel(job_id)
        assert (facts.status, facts.cancel_requested) == ("cancelled", True)
        assert await sql("SELECT secret, completed_at IS NOT NULL AS ended FROM jobs") == [
            {"secret": None, "ended": True}
        ]
        assert await ends(sql, job_id) == ["cancelled"]
        assert await sql("SELECT action, outcome FROM audit_events WHERE action <> 'account.registered'") == [
            {"action": "job.cancel", "outcome": "accepted"},
            {"action": "image.decrypt", "outcome": "cancelled"},
        ]
        assert await claims.claim() is None

    async def test_lets_the_sweeper_delete_what_was_sent(self, cancel, submit, sweeper, resources):
        job_id = await submit()
        await cancel(job_id)
        await sweeper.delete_due_objects()
        with pytest.raises(Gone):
            await resources.store.get(f"uploads/{job_id.hex}")

    async def test_a_second_time_changes_nothing(self, cancel, submit, sql):
        job_id = await submit()
        first, second = await cancel(job_id), await cancel(job_id)
        assert first == second
        assert await ends(sql, job_id) == ["cancelled"]
        assert len(await sql("SELECT 1 FROM audit_events WHERE action = 'job.cancel'")) == 1

    async def test_is_heard_by_its_followers(self, cancel, submit, resources, account):
        job_id = await submit()

        async def listen():
            async with aclosing(
                ProgressFeed(resources.database, resources.bus).follow(Caller(account.id), job_id)
            ) as feed:
                return [item async for item in feed]

        following = asyncio.create_task(listen())
        await asyncio.sleep(0)
        await cancel(job_id)
        assert (await asyncio.wait_for(following, 20))[-1].type == "cancelled"


class TestCancelRunningJob:
    async def test_request_stops_every_write_but_the_end(self, cancel, begin, claims, sql):
        claim = await begin()
        facts = await cancel(claim.job.id)
        assert (facts.status, facts.cancel_requested) == ("processing", True)
        assert not await claims.heartbeat(claim)
        with pytest.raises(LeaseLost):
            await claims.report(claim, [("decrypting", 50)])
        with pytest.raises(LeaseLost):
            await complete_decrypt(claims, claim, OUTCOME)
        assert await claims.cancel(claim)
        assert await ends(sql, claim.job.id) == ["cancelled"]
        assert await sql("SELECT 1 FROM blobs WHERE purpose = 'result'") == []

    async def test_worker_cannot_cancel_without_request(self, begin, claims):
        claim = await begin()
        assert not await claims.cancel(claim)
        assert await claims.heartbeat(claim)

    async def test_worker_without_lease_cannot_cancel(self, begin, claims, cancel, lose_lease):
        late = await begin()
        await lose_lease(late)
        holder = await claims.claim()
        await cancel(late.job.id)
        assert not await claims.cancel(late)
        assert await claims.cancel(holder)

    async def test_sweeper_ends_job_of_silent_worker(self, cancel, begin, lose_lease, sql, claims):
        claim = await begin()
        await cancel(claim.job.id)
        await lose_lease(claim)
        assert await sql("SELECT status FROM jobs") == [{"status": "cancelled"}]
        assert await claims.claim() is None

    async def test_one_that_is_given_back_is_ended_instead(self, cancel, begin, claims, sql):
        claim = await begin()
        await cancel(claim.job.id)
        await claims.release(claim)
        assert await ends(sql, claim.job.id) == ["cancelled"]

    async def test_one_that_failed_first_has_failed(self, cancel, begin, claims, sql):
        claim = await begin()
        await cancel(claim.job.id)
        await claims.fail(claim, **DAMAGED)
        assert not await claims.cancel(claim)
        assert await ends(sql, claim.job.id) == ["error"]

    @pytest.mark.parametrize("stage", STAGES)
    async def test_the_race_with_its_completion_has_one_winner(self, cancel, begin, claims, sql, stage):
        """Fifty times at each stage: there is always one end, and a result only if the job completed."""

        async def finish(claim):
            try:
                await claims.report(claim, [(stage, 50)])
                await complete_decrypt(claims, claim, OUTCOME)
            except LeaseLost:
                assert await claims.cancel(claim)

        async def ask(claim, number):
            await asyncio.sleep(number % 10 / 2000)
            try:
                await cancel(claim.job.id)
            except JobFinished:
                assert await ends(sql, claim.job.id) == ["completed"]

        seen = []
        for number in range(50):
            claim = await begin()
            await asyncio.gather(finish(claim), ask(claim, number))
            [[end], job_id] = await ends(sql, claim.job.id), claim.job.id
            [row] = await sql("SELECT status, secret FROM jobs WHERE id = :id", id=job_id)
            results = await sql("SELECT 1 FROM blobs WHERE job_id = :id AND purpose = 'result'", id=job_id)
            assert (row["status"], len(results)) in {("completed", 1), ("cancelled", 0)}
            assert (row["status"], row["secret"]) == (end, None)
            await expect_dense(sql, job_id)
            seen.append(end)
        assert "cancelled" in seen


class TestRetry:
    async def test_failed_job_restarts_from_the_beginning(self, retry, failed, claims, sql):
        claim = await failed()
        facts = await retry(claim.job.id)
        assert (facts.status, facts.stage, facts.progress, facts.attempts, facts.retries) == (
            "pending",
            "queued",
            0,
            0,
            1,
        )
        assert (facts.error_code, facts.error_title, facts.started_at, facts.completed_at) == (None,) * 4
        again = await claims.claim()
        assert (again.job.id, again.job.attempts) == (claim.job.id, 1)
        assert again.job.fencing_token > claim.job.fencing_token
        await complete_decrypt(claims, again, OUTCOME)
        events = await sql("SELECT type, payload FROM job_events ORDER BY seq")
        assert [row["type"] for row in events] == ["progress", "error", "progress", "completed"]
        assert events[2]["payload"] == {"progress": 0, "stage": "queued"}
        await expect_dense(sql, claim.job.id)

    async def test_retry_clears_cancel_request(self, retry, cancel, begin, claims):
        claim = await begin("encrypt")
        await cancel(claim.job.id)
        await claims.fail(claim, **DAMAGED)
        assert not (await retry(claim.job.id)).cancel_requested

    async def test_rings_and_keeps_the_input(self, retry, failed, sql):
        claim = await failed()
        await sql("DELETE FROM outbox")
        await retry(claim.job.id)
        assert await sql("SELECT job_id FROM outbox") == [{"job_id": claim.job.id}]
        assert await sql("SELECT delete_after FROM blobs") == [{"delete_after": None}]

    async def test_old_transit_key_is_replaced(self, retry, failed, sql, resources, account):
        """A retry seals again, under today's key, what an older transit key seals."""
        claim = await failed()
        names = {"account_id": account.id, "job_id": claim.job.id}
        sealed = seal_for_job(resources.vault, **names, value={"a": 1})
        await sql("UPDATE jobs SET secret = :sealed", sealed=sealed)
        await sql("UPDATE blobs SET sealed = :sealed", sealed=sealed)
        transit = resources.vault._directory / "transit"
        [today] = transit.iterdir()
        today.rename(transit / "2026-01-02")
        await retry(claim.job.id)
        (transit / "2026-01-02").unlink()
        for query in ("SELECT secret AS sealed FROM jobs", "SELECT sealed FROM blobs"):
            [row] = await sql(query)
            assert open_for_job(resources.vault, **names, sealed=bytes(row["sealed"])) == {"a": 1}

    async def test_is_gone_after_a_day(self, retry, begin, claims, sql, sweeper):
        """Input and secret of a failed job are deleted after a day."""
        claim = await begin()
        await sql("UPDATE jobs SET secret = 'x'")
        await claims.fail(claim, **DAMAGED)
        await sweeper.delete_due_objects()
        assert len(await sql("SELECT 1 FROM jobs WHERE secret IS NOT NULL")) == 1
        await sql("UPDATE blobs SET delete_after = now() - interval '1 second'")
        await sweeper.delete_due_objects()
        assert await sql("SELECT 1 FROM jobs WHERE secret IS NOT NULL") == []
        with pytest.raises(Gone):
            await retry(claim.job.id)

    async def test_of_job_about_to_be_swept_is_gone(self, retry, failed, sql):
        claim = await failed("encrypt")
        await sql("UPDATE blobs SET delete_after = now() + interval '1 second'")
        with pytest.raises(Gone):
            await retry(claim.job.id)
        assert await sql("SELECT 1 FROM blobs WHERE delete_after IS NOT NULL AND deleted_at IS NULL") != []

    async def test_is_for_failed_jobs_alone(self, retry, ended_jobs, begin):
        jobs = await ended_jobs()
        for status in ("completed", "cancelled"):
            with pytest.raises(JobFinished):
                await retry(jobs[status])
        with pytest.raises(JobNotFinished):
            await retry((await begin()).job.id)

    async def test_of_two_at_once_one_succeeds(self, retry, failed):
        claim = await failed("encrypt")
        answers = await asyncio.gather(retry(claim.job.id), retry(claim.job.id), return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["JobFacts", "JobNotFinished"]


class TestDelete:
    async def test_makes_a_job_invisible_and_its_objects_go(self, delete, completed, sql, sweeper, resources):
        claim = await completed()
        objects = [row["object_key"] for row in await sql("SELECT object_key FROM blobs")]
        await delete(claim.job.id)
        assert len(await sql("SELECT 1 FROM jobs")) == 1
        await sweeper.delete_due_objects()
        await sweeper.delete_outlived_jobs()
        assert len(objects) == 2
        for key in objects:
            with pytest.raises(Gone):
                await resources.store.get(key)
        assert await sql("SELECT 1 FROM jobs UNION SELECT 1 FROM job_events UNION SELECT 1 FROM blobs") == []

    async def test_leaves_the_row_until_the_objects_are_gone(self, delete, completed, sql, sweeper):
        claim = await completed()
        await delete(claim.job.id)
        await sweeper.delete_outlived_jobs()
        assert len(await sql("SELECT 1 FROM jobs WHERE deleted_at IS NOT NULL")) == 1

    async def test_is_written_down(self, delete, failed, sql):
        claim = await failed()
        await delete(claim.job.id)
        rows = await sql("SELECT object_id, outcome, request_id FROM audit_events WHERE action = 'job.delete'")
        assert rows == [{"object_id": claim.job.id, "outcome": "success", "request_id": "req_1"}]

    async def test_is_for_ended_jobs_alone_and_happens_once(self, delete, ended_jobs, begin):
        for job_id in (await ended_jobs()).values():
            await delete(job_id)
            with pytest.raises(NotFound):
                await delete(job_id)
        claim = await begin()
        with pytest.raises(JobNotFinished):
            await delete(claim.job.id)

    async def test_the_key_outlives_the_job(self, delete, failed, sql, sweeper):
        claim = await failed("encrypt")
        key = {"id": ids.new(), "job": claim.job.id, "account": claim.job.account_id}
        await sql(
            "INSERT INTO keys (id, account_id, job_id, custody, key_file, image_header, image_tag) "
            "VALUES (:id, :account, :job, 'managed', 'k', 'h', 't')",
            **key,
        )
        await delete(claim.job.id)
        await sweeper.delete_due_objects()
        await sweeper.delete_outlived_jobs()
        assert await sql("SELECT id, job_id FROM keys") == [{"id": key["id"], "job_id": None}]


class TestOtherAccounts:
    async def test_nobody_elses_job_can_be_touched(self, steering, submit):
        job_id = await submit()
        for act in (steering.cancel, steering.delete):
            with pytest.raises(NotFound):
                await act(Caller(ids.new()), job_id)
        with pytest.raises(NotFound):
            await steering.retry(Submission(Caller(ids.new())), job_id)


class TestExpiry:
    async def test_jobs_are_removed_after_their_retention(self, ended_jobs, sql, sweeper):
        jobs = await ended_jobs()
        await sql("UPDATE jobs SET retained_until = now() - interval '1 second' WHERE id = :id", id=jobs["failed"])
        await sql("UPDATE jobs SET retained_until = now() + interval '1 minute' WHERE id = :id", id=jobs["cancelled"])
        await sweeper.delete_outlived_jobs()
        await sweeper.delete_due_objects()
        await sweeper.delete_outlived_jobs()
        left = {row["id"] for row in await sql("SELECT id FROM jobs")}
        assert left == {jobs["completed"], jobs["cancelled"]}
        assert len(await sql("SELECT 1 FROM audit_events WHERE action = 'job.expire'")) == 1

    @pytest.mark.parametrize(("days", "kept"), [(None, None), (30, 30)])
    async def test_retention_begins_at_each_jobs_end(self, begin, claims, sql, days, kept):
        claim = await begin("encrypt")
        await sql("UPDATE jobs SET retention_days = :days", days=days)
        await claims.fail(claim, **DAMAGED)
        [row] = await sql("SELECT extract(day FROM retained_until - completed_at)::int AS kept, expires_at FROM jobs")
        assert row["kept"] == kept
        assert (row["expires_at"] is None) == (kept is None)

    async def test_decrypted_picture_goes_before_its_job(self, begin, claims, sql):
        """The picture is deleted after minutes, its job after the usual retention."""
        claim = await begin()
        await sql("UPDATE jobs SET retention_days = 30")
        await complete_decrypt(claims, claim, OUTCOME)
        [row] = await sql("SELECT retained_until - now() AS job, expires_at - now() AS picture FROM jobs")
        assert row["job"].total_seconds() > 29 * 24 * 3600
        assert row["picture"].total_seconds() <= 900


class TestStoreRules:
    @pytest.fixture
    def rules(self, resources, sweeper, monkeypatch):
        """Renew the rules, and return those sent to the store."""
        sent = {}

        async def expire_after(days):
            sent.clear()
            sent.update(days)

        monkeypatch.setattr(resources.store, "expire_after", expire_after)

        async def renew():
            await sweeper.renew_store_rules()
            return sent

        return renew

    async def test_store_deletes_a_week_after_longest_retention(self, rules, submit, sql):
        for days in (3, 40):
            await submit()
            await sql("UPDATE jobs SET retention_days = :days WHERE retention_days IS NULL", days=days)
        assert await rules() == {"uploads/": 30, "results/": 47}

    async def test_store_deletes_nothing_with_unlimited_retention(self, rules, submit, sql):
        await submit()
        await sql("UPDATE jobs SET retention_days = 3")
        await submit()
        assert await rules() == {"uploads/": 30}

    async def test_nor_where_there_is_no_job(self, rules):
        assert await rules() == {"uploads/": 30}
