"""Admission: the account of a request, the rights of its user there, and accounts that nothing is done for."""

import pytest
from sqlalchemy import text

from backplane import ids

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

JOBS, ME = "/api/v1/jobs", "/api/v1/me"


def account(user):
    return {"X-Account": ids.to_wire("acc", user.account_id)}


@pytest.fixture
def change(gateway):
    """Change rows, and revoke what depends on a holder in the same transaction, as the use cases do."""

    async def act(statement, holder, **values):
        async with gateway.services.resources.database.transaction() as session:
            await session.execute(text(statement), values)
            gateway.services.identity.revocations.revoke(session, holder)

    return act


@pytest.fixture
def join(change):
    async def act(user, owner, role):
        await change(
            "INSERT INTO memberships (account_id, user_id, role) VALUES (:account, :user, :role)"
            " ON CONFLICT (account_id, user_id) DO UPDATE SET role = :role",
            user.account_id,
            account=owner.account_id,
            user=user.account_id,
            role=role,
        )

    return act


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text


class TestAccountOfARequest:
    async def test_is_the_personal_one_by_default(self, ada, bob):
        job_id = await ada.encrypt()
        assert [job["job_id"] for job in (await ada.http.get(JOBS)).json()["data"]] == [job_id]
        assert (await bob.http.get(JOBS)).json()["data"] == []

    async def test_may_be_named(self, ada):
        assert (await ada.http.get(JOBS, headers=account(ada))).status_code == 200

    async def test_of_others_is_404(self, ada, bob):
        refused(await bob.http.get(JOBS, headers=account(ada)), 404, "not-found")

    @pytest.mark.parametrize("name", ["", "acc_", "usr_" + "0" * 32, "acc_" + "0" * 32, "x" * 500, "acc_" + "A" * 32])
    async def test_that_does_not_exist_is_404(self, ada, name):
        refused(await ada.http.get(JOBS, headers={"X-Account": name}), 404, "not-found")

    async def test_named_twice_is_404(self, ada):
        name = ids.to_wire("acc", ada.account_id)
        refused(await ada.http.get(JOBS, headers=[("X-Account", name), ("X-Account", name)]), 404, "not-found")

    async def test_of_a_membership_shows_its_jobs(self, ada, bob, join):
        job_id = await ada.encrypt()
        await join(bob, ada, "member")
        assert (await bob.http.get(f"{JOBS}/{job_id}", headers=account(ada))).json()["job_id"] == job_id
        refused(await bob.http.get(f"{JOBS}/{job_id}"), 404, "not-found")

    async def test_member_who_leaves_sees_nothing(self, ada, bob, join, change):
        await join(bob, ada, "member")
        assert (await bob.http.get(JOBS, headers=account(ada))).status_code == 200
        await change("DELETE FROM memberships WHERE user_id <> account_id", bob.account_id)
        refused(await bob.http.get(JOBS, headers=account(ada)), 404, "not-found")


class TestRole:
    async def test_lowered_role_is_refused_at_once(self, ada, bob, join):
        job_id = await ada.encrypt()
        cancel = f"{JOBS}/{job_id}/cancel"
        await join(bob, ada, "auditor")
        refused(await bob.http.post(cancel, headers=account(ada)), 403, "insufficient-role")
        await join(bob, ada, "member")
        assert (await bob.http.post(cancel, headers=account(ada))).status_code == 200

    async def test_auditor_sees_jobs_and_no_pictures(self, ada, bob, join, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        await join(bob, ada, "auditor")
        assert (await bob.http.get(f"{JOBS}/{job_id}", headers=account(ada))).status_code == 200
        for place in ("result", "key-file"):
            response = await bob.http.get(f"{JOBS}/{job_id}/{place}", headers=account(ada))
            refused(response, 403, "insufficient-role")


class TestEndedAccounts:
    async def test_suspended_account_is_403(self, ada, change):
        await change("UPDATE accounts SET suspended_at = now() WHERE id = :id", ada.account_id, id=ada.account_id)
        refused(await ada.http.get(JOBS), 403, "account-suspended")

    async def test_closed_account_is_403(self, ada, change):
        await change("UPDATE accounts SET closed_at = now() WHERE id = :id", ada.account_id, id=ada.account_id)
        refused(await ada.http.get(JOBS), 403, "account-closed")

    async def test_suspended_user_is_401_everywhere(self, ada, bob, join, change):
        await join(bob, ada, "admin")
        await change("UPDATE users SET suspended_at = now() WHERE id = :id", bob.account_id, id=bob.account_id)
        refused(await bob.http.get(JOBS), 401, "unauthenticated")
        refused(await bob.http.get(ME), 401, "unauthenticated")
        refused(await bob.http.get(JOBS, headers=account(ada)), 401, "unauthenticated")
