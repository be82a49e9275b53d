"""The fair queue: priorities, and turns between accounts."""

import asyncio
import random
from collections import Counter

import pytest

from backplane import ids
from backplane.db.models import Job
from backplane.db.repositories import jobs, leases
from backplane.kinds import BATCH, KINDS, SINGLE
from tests.support.accounts import add_account

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

FILL = """
INSERT INTO jobs (id, account_id, kind, estimated_ms, priority, turn)
SELECT gen_random_uuid(), :account, 'encrypt', 1, :priority, turn FROM generate_series(1, :count) AS turn
"""


@pytest.fixture
def queue_up(resources):
    """Write jobs of an account without files, one transaction each, and return their ids."""

    async def write(account, count=1, *, kind="encrypt", priority=None):
        made = []
        for _ in range(count):
            job = Job(id=ids.new(), account_id=account.id, kind=kind, estimated_ms=1)
            job.priority = KINDS[kind].priority if priority is None else priority
            async with resources.database.transaction() as session:
                await jobs.add(session, job)
            made.append(job.id)
        return made

    return write


@pytest.fixture
def accounts(resources):
    """Make so many accounts."""

    async def make(count):
        return [await add_account(resources, f"user{number}@example.org") for number in range(count)]

    return make


@pytest.fixture
def take(resources):
    """Claim so many jobs, one after the other."""

    async def claim(count):
        taken = []
        for _ in range(count):
            async with resources.database.transaction() as session:
                taken.append(await leases.claim(session))
        return taken

    return claim


class TestPriorities:
    async def test_a_decrypt_never_waits_behind_pictures_and_batches(self, queue_up, take, account):
        batch = await queue_up(account, 20, priority=BATCH)
        single = await queue_up(account, 5)
        [decrypt] = await queue_up(account, kind="decrypt")
        assert [job.id for job in await take(26)] == [decrypt, *single, *batch]

    @pytest.mark.parametrize(("kind", "priority"), [("decrypt", 0), ("analyze", 0), ("avalanche", 0), ("encrypt", 1)])
    async def test_interactive_jobs_come_first(self, queue_up, take, account, kind, priority):
        """A kind of each priority is taken before a batch's job, and the batch's was there first."""
        batch = await queue_up(account, priority=BATCH)
        made = await queue_up(account, kind=kind)
        assert [job.id for job in await take(2)] == [*made, *batch]
        assert KINDS[kind].priority == priority


class TestFairness:
    async def test_two_accounts_alternate_though_one_sent_fifty_first(self, queue_up, take, accounts):
        first, second = await accounts(2)
        await queue_up(first, 50)
        await queue_up(second, 10)
        taken = [job.account_id for job in await take(22)]
        assert taken[2:22].count(second.id) == 10
        assert all(
            {one, other} == {first.id, second.id} for one, other in zip(taken[1:21:2], taken[2:21:2], strict=True)
        )

    async def test_newcomer_starts_at_current_turn(self, queue_up, take, accounts):
        """An account that arrives while another is served does not start at turn 0."""
        first, second = await accounts(2)
        await queue_up(first, 30)
        await take(20)
        await queue_up(second, 10)
        assert Counter(job.account_id for job in await take(10))[second.id] in {4, 5}

    async def test_a_pause_earns_no_advantage(self, queue_up, take, accounts):
        first, second = await accounts(2)
        await queue_up(second, 3)
        await take(3)
        await queue_up(first, 30)
        await queue_up(second, 30)
        assert Counter(job.account_id for job in await take(20))[second.id] in {9, 10}

    async def test_jobs_of_one_account_keep_their_order(self, queue_up, take, account):
        made = await queue_up(account, 12)
        assert [job.id for job in await take(12)] == made

    async def test_jobs_of_one_transaction_have_separate_turns(self, resources, account, take):
        batch = [
            Job(id=ids.new(), account_id=account.id, kind="encrypt", priority=SINGLE, estimated_ms=1) for _ in range(5)
        ]
        async with resources.database.transaction() as session:
            for job in batch:
                await jobs.add(session, job)
        assert [job.id for job in await take(5)] == [job.id for job in batch]
        assert [job.turn for job in batch] == [1, 2, 3, 4, 5]

    async def test_concurrent_submissions_are_claimed_once_each(self, queue_up, take, account):
        made = [one for [one] in await asyncio.gather(*(queue_up(account) for _ in range(8)))]
        taken = await take(9)
        assert taken[8] is None
        assert {job.id for job in taken[:8]} == set(made)

    @pytest.mark.parametrize("seed", range(3))
    async def test_waiting_accounts_alternate(self, queue_up, take, accounts, seed):
        """The bound of start-time fair queueing, for jobs of one size: Goyal, Vin and Cheng 1996, theorem 1."""
        dice = random.Random(seed)
        people = await accounts(3)
        waiting, ahead, apart = Counter(), {}, 0
        for _ in range(40):
            person = dice.choice(people)
            sent = dice.choice((1, 2, 12))
            await queue_up(person, sent)
            waiting[person.id] += sent
            for job in await take(dice.randrange(6)):
                if job is None:
                    break
                waiting[job.account_id] -= 1
                for other in [one.id for one in people if one.id != job.account_id]:
                    pair, both_wait = (job.account_id, other), waiting[job.account_id] and waiting[other]
                    # Who has nothing in the queue saves up no turns: they are counted only while both wait.
                    ahead[pair] = ahead.get(pair, 0) + 1 if both_wait else 0
                    ahead[pair[::-1]] = max(0, ahead.get(pair[::-1], 0) - 1) if both_wait else 0
                    apart = max(apart, ahead[pair])
        assert 1 <= apart <= 2


class TestClaim:
    async def test_finds_head_of_ten_thousand_by_index(self, sql, resources, account):
        await sql(FILL, account=account.id, priority=2, count=10_000)
        await sql("ANALYZE jobs")
        rows = await sql(f"EXPLAIN {leases.CLAIM}", lease_seconds=15, max_attempts=3, preferred=BATCH)
        plan = "\n".join(row["QUERY PLAN"] for row in rows)
        assert plan.count("Index Scan using ix_jobs_waiting") == 2
        assert "Sort" not in plan

    async def test_workers_that_come_together_take_different_jobs(self, queue_up, take, account):
        await queue_up(account, 10)
        taken = await asyncio.gather(*(take(2) for _ in range(5)))
        assert len({job.id for some in taken for job in some}) == 10


class TestShares:
    async def test_flood_of_decrypts_leaves_batches_a_share(self, queue_up, claims, accounts):
        flooding, patient = await accounts(2)
        await queue_up(flooding, 80, kind="decrypt")
        batch = await queue_up(patient, 20, priority=BATCH)
        single = await queue_up(patient, 20)
        taken = [(await claims.claim()).job.id for _ in range(40)]
        assert [taken.index(job_id) for job_id in batch[:5]] == [7, 15, 23, 31, 39]
        assert [taken.index(job_id) for job_id in single[:5]] == [3, 11, 19, 27, 35]

    async def test_share_is_fair_between_accounts(self, queue_up, claims, accounts):
        flooding, many, few = await accounts(3)
        await queue_up(flooding, 80, kind="decrypt")
        long = await queue_up(many, 30, priority=BATCH)
        short = await queue_up(few, 3, priority=BATCH)
        taken = [(await claims.claim()).job.id for _ in range(64)]
        assert [job_id for job_id in taken if job_id in {*long, *short}] == [
            *(long[0], long[1], short[0], long[2], short[1], long[3], short[2], long[4])
        ]

    async def test_unused_share_goes_to_others(self, queue_up, claims, account):
        decrypts = await queue_up(account, 16, kind="decrypt")
        assert [(await claims.claim()).job.id for _ in range(16)] == decrypts
