"""Erasure of users and accounts through the API: requested, shown, canceled, and what is refused meanwhile."""

from datetime import datetime, timedelta

import pytest

from backplane import ids
from backplane.wiring.erasure import wire_erasure_runs
from tests.support.teams import join, make_team

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
ME, ACCOUNTS = "/api/v1/me", "/api/v1/accounts"


async def problem_of(response):
    assert response.headers["Content-Type"] == "application/problem+json", response.text
    return response.status_code, response.json()["code"]


async def erase_me(user, days=14):
    return await user.http.request("DELETE", ME, json={"grace_days": days})


class TestUser:
    async def test_erasure_is_scheduled_and_shown(self, ada):
        asked = await erase_me(ada, days=3)
        assert asked.status_code == 202, asked.text
        erasure = asked.json()
        assert erasure["id"].startswith("ers_")
        assert (erasure["account_id"], erasure["state"]) == (ids.to_wire("acc", ada.account_id), "scheduled")
        requested, at = (datetime.fromisoformat(erasure[name]) for name in ("requested_at", "erase_at"))
        assert at - requested == timedelta(days=3)
        assert erasure["backups_by"] is None
        assert (await ada.http.get(f"{ME}/erasure")).json() == erasure

    async def test_nothing_is_scheduled_at_first(self, ada):
        assert await problem_of(await ada.http.get(f"{ME}/erasure")) == (404, "not-found")
        assert await problem_of(await ada.http.delete(f"{ME}/erasure")) == (404, "not-found")

    async def test_grace_closes_the_personal_account_only(self, ada, bob):
        team = await make_team(bob)
        await join(bob, team, ada, "member")
        await erase_me(ada)
        assert await problem_of(await ada.http.get("/api/v1/jobs")) == (403, "account-closed")
        assert (await ada.http.get(ME)).status_code == 200
        assert (await ada.http.get("/api/v1/jobs", headers={"X-Account": team})).status_code == 200

    async def test_cancel_opens_the_account_again(self, ada, gateway):
        new = {"name": "archive", "scopes": ["jobs:read"]}
        secret = (await ada.http.post("/api/v1/auth/keys", json=new)).raise_for_status().json()["secret"]
        await erase_me(ada)
        async with gateway.client(**{"X-API-Key": secret}) as program:
            assert await problem_of(await program.get("/api/v1/jobs")) == (403, "account-closed")
            assert (await ada.http.delete(f"{ME}/erasure")).status_code == 204
            assert (await program.get("/api/v1/jobs")).status_code == 200
        assert (await ada.http.get("/api/v1/jobs")).status_code == 200
        assert await problem_of(await ada.http.get(f"{ME}/erasure")) == (404, "not-found")

    async def test_second_request_is_refused(self, ada):
        await erase_me(ada)
        assert await problem_of(await erase_me(ada)) == (409, "erasure-scheduled")

    @pytest.mark.parametrize("days", [-1, 31, "7", 1.5, None, True])
    async def test_other_days_are_refused(self, ada, days):
        assert await problem_of(await erase_me(ada, days=days)) == (422, "validation-failed")

    async def test_unfinished_jobs_are_counted(self, ada):
        await ada.encrypt()
        assert await problem_of(await erase_me(ada)) == (409, "account-busy")

    async def test_last_owner_of_others_is_refused(self, ada, bob):
        alone, shared = await make_team(ada), await make_team(ada)
        await join(ada, shared, bob, "member")
        refused = await erase_me(ada)
        assert await problem_of(refused) == (409, "last-owner")
        assert shared in refused.json()["detail"]
        assert alone not in refused.json()["detail"]

    async def test_api_key_erases_nobody(self, ada, gateway):
        new = {"name": "archive", "scopes": ["jobs:read"]}
        secret = (await ada.http.post("/api/v1/auth/keys", json=new)).raise_for_status().json()["secret"]
        async with gateway.client(Authorization=f"Bearer {secret}") as program:
            refused = await program.request("DELETE", ME, json={})
            assert await problem_of(refused) == (403, "insufficient-scope")

    async def test_browser_proves_who_it_is(self, ada, gateway):
        token = gateway.services.identity.tokens._access.issue(
            ada.account_id, ada.session_id, auth_time=1_700_000_000, browser=True
        )
        headers = {"Authorization": f"Bearer {token}"}
        for method, path in (("DELETE", ME), ("DELETE", f"{ME}/erasure"), ("POST", f"{ME}/export")):
            response = await ada.http.request(method, path, json={}, headers=headers)
            assert await problem_of(response) == (403, "reauthentication-required")


class TestRun:
    async def test_user_is_gone_at_once(self, ada, bob, gateway):
        """Bob stays: with what Ada and he had together, of which he is the owner now."""
        alone, shared = await make_team(ada), await make_team(bob)
        await join(bob, shared, ada, "owner")
        await erase_me(ada, days=0)
        # Bob leaves his ownership to Ada after she has asked.
        personal = ids.to_wire("usr", ada.account_id)
        (await bob.http.post(f"{ACCOUNTS}/{shared}/hand-over", json={"user_id": personal})).raise_for_status()
        runs = wire_erasure_runs(gateway.services.resources)
        await runs.run_due()
        await runs.run_due()
        assert (await ada.http.get(ME)).status_code == 401
        members = (await bob.http.get(f"{ACCOUNTS}/{shared}/members")).json()["data"]
        assert [(one["email"], one["role"]) for one in members] == [(bob.email, "owner")]
        async with gateway.services.resources.database.reading() as session:
            from backplane.db.repositories import accounts

            assert await accounts.by_id(session, ids.from_wire("acc", alone)) is None

    async def test_begun_erasure_cannot_be_canceled(self, ada, gateway):
        await erase_me(ada, days=0)
        runs = wire_erasure_runs(gateway.services.resources)
        await runs._begin(ada.account_id)
        schedule = gateway.services.erasure.schedule
        from backplane.errors.erasure import ErasureBegun
        from backplane.services.requests.caller import Caller

        with pytest.raises(ErasureBegun):
            await schedule.cancel(Caller(ada.account_id, user_id=ada.account_id))


class TestOrganization:
    async def test_owner_sees_and_cancels(self, ada, bob):
        team = await make_team(ada)
        await join(ada, team, bob, "admin")
        closed = await ada.http.post(f"{ACCOUNTS}/{team}/close", json={"grace_days": 1})
        assert closed.status_code == 202, closed.text
        assert (await ada.http.get(f"{ACCOUNTS}/{team}/erasure")).json() == closed.json()
        for method in ("GET", "DELETE"):
            refused = await bob.http.request(method, f"{ACCOUNTS}/{team}/erasure")
            assert await problem_of(refused) == (403, "insufficient-role")
        assert (await ada.http.delete(f"{ACCOUNTS}/{team}/erasure")).status_code == 204
        assert (await ada.http.get(f"{ACCOUNTS}/{team}")).status_code == 200

    async def test_body_may_be_left_out(self, ada):
        closed = (await ada.http.post(f"{ACCOUNTS}/{await make_team(ada)}/close")).raise_for_status().json()
        requested, at = (datetime.fromisoformat(closed[name]) for name in ("requested_at", "erase_at"))
        assert at - requested == timedelta(days=14)


class TestExport:
    async def test_one_at_a_time(self, ada):
        first = await ada.http.post(f"{ME}/export")
        assert (first.status_code, first.json()["kind"]) == (202, "export")
        assert await problem_of(await ada.http.post(f"{ME}/export")) == (409, "export-under-way")
        (await ada.http.post(first.headers["Location"] + "/cancel")).raise_for_status()
        assert (await ada.http.post(f"{ME}/export")).status_code == 202

    async def test_same_key_makes_one(self, ada):
        headers = {"Idempotency-Key": "export-1"}
        made = [(await ada.http.post(f"{ME}/export", headers=headers)).json()["job_id"] for _ in range(2)]
        assert made[0] == made[1]

    async def test_members_export_nothing(self, ada, bob):
        team = await make_team(ada)
        await join(ada, team, bob, "admin")
        refused = await bob.http.post(f"{ME}/export", headers={"X-Account": team})
        assert await problem_of(refused) == (403, "insufficient-role")
        assert (await ada.http.post(f"{ME}/export", headers={"X-Account": team})).status_code == 202

    async def test_api_key_exports_nothing(self, ada, gateway):
        new = {"name": "archive", "scopes": ["jobs:read", "results:read"]}
        secret = (await ada.http.post("/api/v1/auth/keys", json=new)).raise_for_status().json()["secret"]
        async with gateway.client(**{"X-API-Key": secret}) as program:
            assert await problem_of(await program.post(f"{ME}/export")) == (403, "insufficient-scope")

    async def test_it_is_no_encryption(self, ada):
        before = (await ada.http.get("/api/v1/usage")).json()["encryptions"]["used"]
        (await ada.http.post(f"{ME}/export")).raise_for_status()
        after = (await ada.http.get("/api/v1/usage")).json()
        assert (after["encryptions"]["used"], after["jobs"]["export"]) == (before, 1)
