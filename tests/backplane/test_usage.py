"""The ledger and the quotas: charged once, refunded once, and exact for requests at the same moment."""

import asyncio
from datetime import date

import pytest

from backplane import ids
from backplane.db.models import Job
from backplane.db.repositories import jobs, usage
from backplane.db.repositories.usage import Charge
from backplane.errors import (
    Unavailable,
)
from backplane.errors.limits import QuotaExceeded
from backplane.services.jobs.dead_letters import DeadLetters
from backplane.services.jobs.steering import Steering
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.usage import ledger
from backplane.services.usage.notices import LimitNotices
from backplane.services.usage.quotas import Asked, Quotas
from backplane.services.usage.tiers import PACKAGED, read_tiers

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

DAMAGED = {"code": "image-corrupt", "title": "The image is damaged"}
ENTRIES = "SELECT run, entry, quantity, calls, period FROM usage_entries WHERE job_id = :id ORDER BY run, entry"
DEATHS = 3


@pytest.fixture
def tiers(tmp_path):
    """The packaged table, where the tier free has 5 encryptions and 1,000,000 bytes."""
    text = PACKAGED.read_text()
    text = text.replace("encryptions_per_month = 10", "encryptions_per_month = 5")
    file = tmp_path / "tiers.toml"
    file.write_text(text.replace("stored_bytes = 1_000_000_000", "stored_bytes = 1_000_000"))
    return read_tiers(file)


@pytest.fixture
def quotas(resources, tiers, mails):
    return Quotas(resources.database, tiers, LimitNotices(mails))


@pytest.fixture
def free(account):
    return Caller(account.id, tier="free", request_id="req_1")


@pytest.fixture
def steering(resources, endings, quotas):
    return Steering(resources.database, resources.vault, endings, quotas)


@pytest.fixture
def charged(resources, submit, account):
    """Write a job and charge it, as a submission does in one transaction."""

    async def write(kind="encrypt"):
        job_id = await submit(kind)
        async with resources.database.transaction() as session:
            await ledger.charge(session, account.id, [await jobs.lock(session, job_id)])
        return job_id

    return write


@pytest.fixture
def entries(sql):
    async def read(job_id):
        return [(row["run"], row["entry"]) for row in await sql(ENTRIES, id=job_id)]

    return read


@pytest.fixture
def used(resources, account):
    async def read():
        async with resources.database.reading() as session:
            return (await usage.standing(session, account.id)).encryptions

    return read


def new_job(account_id, **columns):
    return Job(id=ids.new(), account_id=account_id, kind="encrypt", priority=1, estimated_ms=1, retries=0, **columns)


class TestPeriods:
    @pytest.mark.parametrize(
        ("began", "day", "starts", "ends"),
        [
            ("2026-03-10T12:00Z", "2026-03-10", "2026-03-10", "2026-04-10"),
            ("2026-03-10T12:00Z", "2026-04-09", "2026-03-10", "2026-04-10"),
            ("2026-03-10T12:00Z", "2026-04-10", "2026-04-10", "2026-05-10"),
            ("2026-01-31T00:00Z", "2026-02-27", "2026-01-31", "2026-02-28"),
            ("2026-01-31T00:00Z", "2026-02-28", "2026-02-28", "2026-03-31"),
            ("2026-01-31T00:00Z", "2026-03-30", "2026-02-28", "2026-03-31"),
            ("2026-01-31T00:00Z", "2026-03-31", "2026-03-31", "2026-04-30"),
            ("2026-01-30T00:00Z", "2028-02-29", "2028-02-29", "2028-03-30"),
            ("2026-01-29T00:00Z", "2027-02-28", "2027-02-28", "2027-03-29"),
            ("2026-12-31T23:30-01:00", "2027-01-31", "2027-01-01", "2027-02-01"),
            ("2025-12-15T00:00Z", "2027-01-14", "2026-12-15", "2027-01-15"),
        ],
    )
    async def test_begin_on_the_accounts_day(self, *, resources, account, sql, began, day, starts, ends):
        await sql("UPDATE accounts SET created_at = CAST(CAST(:began AS text) AS timestamptz)", began=began)
        async with resources.database.reading() as session:
            found = await usage.standing(session, account.id, date.fromisoformat(day))
        assert (found.starts, found.ends) == (date.fromisoformat(starts), date.fromisoformat(ends))


class TestCharges:
    async def test_charge_of_a_run_is_written_once(self, resources, account, entries):
        job = new_job(account.id)
        for _ in range(DEATHS):
            async with resources.database.transaction() as session:
                await ledger.charge(session, account.id, [job])
        assert await entries(job.id) == [(0, "charge")]

    async def test_entries_are_never_changed(self, sql, charged):
        await charged()
        with pytest.raises(Unavailable):  # a trigger refuses it
            await sql("UPDATE usage_entries SET quantity = 0")

    async def test_rolled_back_submission_charges_nothing(self, resources, account, entries):
        job = new_job(account.id)
        with pytest.raises(RuntimeError):  # noqa: PT012 - the transaction is what is undone
            async with resources.database.transaction() as session:
                await ledger.charge(session, account.id, [job])
                raise RuntimeError
        assert await entries(job.id) == []

    async def test_first_job_of_a_call_counts_it(self, resources, account, sql):
        made = [new_job(account.id) for _ in range(3)]
        async with resources.database.transaction() as session:
            await ledger.charge(session, account.id, made, api_call=True)
        [row] = await sql("SELECT sum(calls) AS calls, count(*) AS jobs FROM usage_entries")
        assert (row["calls"], row["jobs"]) == (1, 3)


class TestRefunds:
    async def test_failed_job_is_refunded(self, claims, charged, entries, used):
        job_id = await charged()
        assert await used() == 1
        await claims.fail(await claims.claim(), **DAMAGED)
        assert await entries(job_id) == [(0, "charge"), (0, "refund")]
        assert await used() == 0

    async def test_cancelled_job_is_refunded_once(self, *, steering, caller, charged, entries):
        job_id = await charged()
        for _ in range(2):
            await steering.cancel(caller, job_id)
        assert await entries(job_id) == [(0, "charge"), (0, "refund")]

    async def test_poisoned_job_is_refunded_once(self, *, claims, charged, entries, lose_lease, sweeper):
        """Three workers die over it, the message comes three times, and the sweeper ends it."""
        job_id = await charged()
        for _ in range(DEATHS):
            await lose_lease(await claims.claim())
        await sweeper.recover_jobs()
        assert await claims.claim() is None
        assert await entries(job_id) == [(0, "charge"), (0, "refund")]

    async def test_completed_job_is_not_refunded(self, resources, claims, charged, entries, endings):
        job_id = await charged()
        claim = await claims.claim()
        async with resources.database.transaction() as session:
            assert await endings.complete(session, claim.job, columns={})
        assert await entries(job_id) == [(0, "charge")]

    async def test_two_ends_refund_once(self, resources, claims, charged, entries, endings):
        job_id = await charged()
        claim = await claims.claim()

        async def fail():
            async with resources.database.transaction() as session:
                return await endings.fail(session, claim.job, **DAMAGED)

        ended = await asyncio.gather(*[fail() for _ in range(DEATHS)])
        assert sum(event is not None for event in ended) == 1
        assert await entries(job_id) == [(0, "charge"), (0, "refund")]

    async def test_refund_goes_into_the_charges_period(self, *, claims, charged, sql, resources):
        job_id = await charged()
        [before] = await sql(ENTRIES, id=job_id)
        # The account's month ends while the job waits.
        await sql("UPDATE accounts SET created_at = created_at - interval '1 day' * (extract(day FROM now())::int + 3)")
        await claims.fail(await claims.claim(), **DAMAGED)
        assert [row["period"] for row in await sql(ENTRIES, id=job_id)] == [before["period"]] * 2

    async def test_job_without_a_charge_gets_none(self, claims, submit, entries):
        """A gateway of the release before submits without the ledger."""
        job_id = await submit("encrypt")
        await claims.fail(await claims.claim(), **DAMAGED)
        assert await entries(job_id) == []


class TestRetries:
    async def test_each_run_is_charged_and_refunded(self, *, claims, charged, entries, steering, caller, used):
        job_id = await charged()
        for _ in range(2):
            await claims.fail(await claims.claim(), **DAMAGED)
            await steering.retry(Submission(caller), job_id)
        assert await entries(job_id) == [(0, "charge"), (0, "refund"), (1, "charge"), (1, "refund"), (2, "charge")]
        assert await used() == 1

    async def test_retry_over_the_quota_is_refused(self, *, claims, charged, steering, free, sql, used):
        failed = await charged()
        await claims.fail(await claims.claim(), **DAMAGED)
        for _ in range(5):
            await charged()
        with pytest.raises(QuotaExceeded):
            await steering.retry(Submission(free), failed)
        [row] = await sql("SELECT status, retries FROM jobs WHERE id = :id", id=failed)
        assert (row["status"], row["retries"]) == ("failed", 0)
        assert await used() == 5

    async def test_retry_counts_its_reservation_once(self, *, claims, charged, steering, free, sql):
        job_id = await charged()
        await sql("UPDATE jobs SET reserved_bytes = 900000")
        await claims.fail(await claims.claim(), **DAMAGED)
        await steering.retry(Submission(free), job_id)

    async def test_redrive_is_charged_over_the_quota(self, *, resources, claims, charged, steering, endings, entries):
        job_id = await charged()
        await claims.fail(await claims.claim(), code="poison", title="The job failed at every attempt")
        for _ in range(5):
            await charged()
        await DeadLetters(resources.database, steering, endings).redrive(Caller.operator(), job_id)
        assert await entries(job_id) == [(0, "charge"), (0, "refund"), (1, "charge")]


class TestQuotas:
    async def test_parallel_submissions_are_exact(self, resources, quotas, free, used):
        """Two hundred at a limit of five, without the queue in memory: the lock in the database alone is exact."""

        async def ask():
            async with resources.database.transaction() as session:
                [refused] = await quotas.charge(session, free, [Asked(new_job(free.account_id))])
            return refused is None

        rounds = [await asyncio.gather(*[ask() for _ in range(8)]) for _ in range(25)]
        assert sum(map(sum, rounds)) == 5
        assert await used() == 5

    async def test_refusal_says_limit_use_and_reset(self, resources, quotas, free):
        async with resources.database.transaction() as session:
            answers = await quotas.charge(session, free, [Asked(new_job(free.account_id)) for _ in range(7)])
        assert [error is None for error in answers] == [True] * 5 + [False] * 2
        limit = answers[-1].limit
        assert (limit.name, limit.limit, limit.used, limit.tier) == ("encryptions_per_month", 5, 5, "free")
        assert 27 * 86400 < answers[-1].retry_after <= 31 * 86400

    async def test_bytes_of_waiting_results_count(self, resources, quotas, free):
        async with resources.database.transaction() as session:
            asked = [Asked(new_job(free.account_id, reserved_bytes=300_000), 100_000) for _ in range(4)]
            answers = await quotas.charge(session, free, asked)
        assert [error is None for error in answers] == [True, True, False, False]
        assert answers[2].limit.name == "stored_bytes"
        assert answers[2].limit.used == 800_000
        assert answers[2].retry_after is None

    async def test_stored_bytes_are_those_still_kept(self, *, resources, submit, account, claims, endings):
        await submit("encrypt", b"x" * 1000)
        async with resources.database.reading() as session:
            assert (await usage.standing(session, account.id)).stored == 1000
        claim = await claims.claim()
        async with resources.database.transaction() as session:
            assert await endings.complete(session, claim.job, columns={})  # its input is due for deletion
        async with resources.database.reading() as session:
            assert (await usage.standing(session, account.id)).stored == 0

    async def test_room_is_refused_before_anything_is_stored(self, quotas, free):
        with pytest.raises(QuotaExceeded, match="stores 1,000,000 bytes"):
            await quotas.room(free, "encrypt", 1_000_001)

    async def test_unlimited_account_waits_for_no_lock(self, resources, quotas, caller):
        async with resources.database.transaction() as session:
            await usage.lock_account(session, caller.account_id)
            async with asyncio.timeout(5), quotas.turn(caller), resources.database.transaction() as other:
                assert await quotas.charge(other, caller, [Asked(new_job(caller.account_id))]) == [None]

    async def test_lowered_tier_holds_from_then_on(self, resources, quotas, caller, free):
        async with resources.database.transaction() as session:
            await quotas.charge(session, caller, [Asked(new_job(caller.account_id)) for _ in range(8)])
        async with resources.database.transaction() as session:
            [refused] = await quotas.charge(session, free, [Asked(new_job(free.account_id))])
        assert refused.limit.used == 8

    async def test_old_entries_are_deleted(self, resources, account, sql):
        async with resources.database.transaction() as session:
            await usage.charge(session, account.id, [Charge(ids.new(), 0, "encrypt")])
            assert await usage.delete_old(session, days=1) == 0
            assert await usage.delete_old(session, days=-1) == 1
