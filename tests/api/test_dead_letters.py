"""Dead letters: operators list the jobs that were given up, and run them again."""

import pytest
from sqlalchemy import text

from backplane import ids
from backplane.errors import POISON

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

LETTERS = "/api/v1/admin/dead-letters"


@pytest.fixture
def execute(gateway):
    async def execute(statement, **values):
        async with gateway.services.resources.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    return execute


@pytest.fixture
async def operator(gateway, execute):
    user = await gateway.user()
    await execute("UPDATE users SET operator = true WHERE id = :id", id=user.account_id)
    yield user
    await user.http.aclose()


@pytest.fixture
def give_up(engine):
    """Let a user's job fail at every attempt."""

    async def give_up(user):
        job_id = await user.encrypt()
        await engine.fail(job_id, code=POISON.code, title=POISON.title)
        return job_id

    return give_up


async def listed(operator):
    return (await operator.http.get(f"{LETTERS}?limit=100")).raise_for_status().json()["data"]


class TestList:
    async def test_other_accounts_given_up_jobs_are_listed(self, operator, ada, give_up):
        job_id = await give_up(ada)
        [letter] = [letter for letter in await listed(operator) if letter["job_id"] == job_id]
        assert letter["account_id"] == ids.to_wire("acc", ada.account_id)
        assert (letter["kind"], letter["attempts"], letter["can_be_redriven"]) == ("encrypt", 1, True)
        assert letter["image"]["width"] == 8
        assert "scan.png" not in str(letter)

    async def test_other_failures_are_none(self, operator, ada, engine):
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        assert job_id not in {letter["job_id"] for letter in await listed(operator)}

    async def test_is_for_operators(self, ada):
        response = await ada.http.get(LETTERS)
        assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")

    async def test_former_operator_is_403_at_once(self, operator, execute):
        await execute("UPDATE users SET operator = false WHERE id = :id", id=operator.account_id)
        assert (await operator.http.get(LETTERS)).status_code == 403

    async def test_comes_in_pages(self, operator, ada, give_up):
        given_up = [await give_up(ada) for _ in range(3)]
        first = (await operator.http.get(f"{LETTERS}?limit=2")).json()
        assert [letter["job_id"] for letter in first["data"]] == given_up[:0:-1]
        assert first["has_more"]
        second = (await operator.http.get(f"{LETTERS}?limit=1&cursor={first['next_cursor']}")).json()
        assert [letter["job_id"] for letter in second["data"]] == given_up[:1]

    async def test_malformed_cursor_is_refused(self, operator):
        assert (await operator.http.get(f"{LETTERS}?cursor=nonsense")).status_code == 422


class TestRedrive:
    async def test_the_job_runs_again_and_completes(self, operator, ada, give_up, engine):
        job_id = await give_up(ada)
        response = await operator.http.post(f"{LETTERS}/{job_id}/redrive")
        assert (response.status_code, response.json()["status"]) == (202, "pending")
        await engine.complete_encrypt(job_id)
        job = await ada.job(job_id)
        assert (job["status"], job["retries"]) == ("completed", 1)
        assert job_id not in {letter["job_id"] for letter in await listed(operator)}

    async def test_audit_names_operator_and_owner(self, operator, ada, give_up, execute):
        job_id = await give_up(ada)
        await operator.http.post(f"{LETTERS}/{job_id}/redrive")
        entries = await execute(
            "SELECT account_id, user_id, details FROM audit_events WHERE action = 'job.redrive' AND object_id = :id",
            id=ids.from_wire("job", job_id),
        )
        assert {entry["account_id"] for entry in entries} == {ada.account_id, None}
        assert {entry["user_id"] for entry in entries} == {operator.account_id}
        owner = {"owner": ids.to_wire("acc", ada.account_id)}
        assert [entry["details"] for entry in entries] == [owner, owner]

    async def test_job_without_inputs_is_410(self, operator, ada, give_up, execute):
        job_id = await give_up(ada)
        await execute("UPDATE blobs SET deleted_at = now() WHERE job_id = :id", id=ids.from_wire("job", job_id))
        response = await operator.http.post(f"{LETTERS}/{job_id}/redrive")
        assert (response.status_code, response.json()["code"]) == (410, "gone")
        [letter] = [letter for letter in await listed(operator) if letter["job_id"] == job_id]
        assert not letter["can_be_redriven"]

    async def test_job_that_failed_otherwise_is_404(self, operator, ada, engine):
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        assert (await operator.http.post(f"{LETTERS}/{job_id}/redrive")).status_code == 404

    async def test_is_for_operators_and_changes_nothing_otherwise(self, ada, give_up):
        job_id = await give_up(ada)
        assert (await ada.http.post(f"{LETTERS}/{job_id}/redrive")).status_code == 403
        assert (await ada.job(job_id))["status"] == "failed"
