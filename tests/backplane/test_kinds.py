"""What the data of a kind decides."""

import pytest

from backplane import ids
from backplane.db.models import Job
from backplane.db.repositories import jobs
from backplane.kinds import KINDS, SINGLE

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


class TestOptions:
    async def test_reach_the_worker(self, resources, account, claims):
        """A kind with options of its own keeps them in one column; the worker gets them with the claim."""
        job = Job(id=ids.new(), account_id=account.id, kind="avalanche", priority=SINGLE, estimated_ms=1)
        job.options = {"flips": 64}
        async with resources.database.transaction() as session:
            await jobs.add(session, job)
        assert (await claims.claim()).job.options == {"flips": 64}

    async def test_without_any_are_null(self, submit, claims, sql):
        await submit()
        assert (await claims.claim()).job.options is None
        assert await sql("SELECT count(*) FILTER (WHERE options IS NULL) AS none FROM jobs") == [{"none": 1}]


class TestPriority:
    @pytest.mark.parametrize("kind", KINDS)
    async def test_comes_from_the_kind(self, submit, sql, kind):
        await submit(kind)
        assert await sql("SELECT priority FROM jobs") == [{"priority": KINDS[kind].priority}]
