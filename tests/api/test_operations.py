"""The whole installation for operators: usage, revenue, queue, settings; members and login sessions of others."""

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from backplane import ids
from backplane.services.administration.effective_settings import effective
from backplane.services.administration.revenue import Revenue
from tests.support.teams import join, make_team

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ADMIN = "/api/v1/admin"


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text


@pytest.fixture
async def execute(gateway):
    async def act(statement, **values):
        async with gateway.services.resources.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return list(result.mappings()) if result.returns_rows else []

    return act


@pytest.fixture
async def operator(gateway, execute):
    user = await gateway.user()
    await execute("UPDATE users SET operator = true WHERE id = :id", id=user.account_id)
    async with user.http:
        yield user


@pytest.mark.parametrize("path", ["usage", "queue", "settings", f"accounts/acc_{'0' * 32}/members"])
async def test_figures_are_for_operators(ada, path):
    refused(await ada.http.get(f"{ADMIN}/{path}"), 403, "insufficient-scope")


class TestUsage:
    async def read(self, operator):
        return (await operator.http.get(f"{ADMIN}/usage")).raise_for_status().json()

    def jobs(self, usage):
        return sum(one["jobs"] for one in usage["jobs"] if one["kind"] == "encrypt")

    async def test_jobs_count_once_and_refunds_not(self, operator, ada, engine):
        before = await self.read(operator)
        kept, failed = await ada.encrypt(), await ada.encrypt()
        await engine.complete_encrypt(kept)
        await engine.fail(failed)
        after = await self.read(operator)
        assert self.jobs(after) == self.jobs(before) + 1
        assert after["stored_bytes"] > before["stored_bytes"]
        assert after["stored_objects"] > before["stored_objects"]

    async def test_most_active_account_comes_first(self, operator, ada):
        before = (await self.read(operator))["top_accounts"]
        jobs = max((one["jobs"] for one in before), default=0) + 1
        for _ in range(jobs):
            await ada.encrypt()
        top = (await self.read(operator))["top_accounts"]
        assert len(top) <= 10
        assert [one["jobs"] for one in top] == sorted((one["jobs"] for one in top), reverse=True)
        [found] = [one for one in top if one["account_id"] == ids.to_wire("acc", ada.account_id)]
        assert (found["name"], found["jobs"], found["tier"]) == (ada.email, jobs, "enterprise")
        assert found["stored_bytes"] > 0

    async def test_jobs_of_last_month_are_left_out(self, operator, ada, execute):
        before = self.jobs(await self.read(operator))
        await ada.encrypt()
        entries = "SELECT * FROM usage_entries WHERE account_id = :id"
        [row] = await execute(entries, id=ada.account_id)
        await execute("DELETE FROM usage_entries WHERE account_id = :id", id=ada.account_id)
        await execute(
            "INSERT INTO usage_entries"
            " (job_id, run, entry, account_id, kind, quantity, calls, period, created_at) VALUES"
            " (:job_id, :run, :entry, :account_id, :kind, :quantity, :calls, :period,"
            " date_trunc('month', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC' - interval '1 second')",
            **{name: value for name, value in row.items() if name != "created_at"},
        )
        assert self.jobs(await self.read(operator)) == before

    async def test_accounts_are_counted_by_tier_and_state(self, operator, ada):
        def of(usage, tier):
            found = [one for one in usage["accounts"] if one["tier"] == tier]
            return (found[0]["active"], found[0]["suspended"]) if found else (0, 0)

        before = await self.read(operator)
        place = f"{ADMIN}/accounts/{ids.to_wire('acc', ada.account_id)}"
        await operator.http.patch(place, json={"tier": "pro"})
        moved = await self.read(operator)
        assert of(moved, "pro")[0] == of(before, "pro")[0] + 1
        assert of(moved, "enterprise")[0] == of(before, "enterprise")[0] - 1
        await operator.http.patch(place, json={"suspended": True})
        assert of(await self.read(operator), "pro") == (of(before, "pro")[0], of(before, "pro")[1] + 1)

    async def test_revenue_is_that_of_the_metrics(self, gateway, operator, ada):
        place = f"{ADMIN}/accounts/{ids.to_wire('acc', ada.account_id)}"
        await operator.http.patch(place, json={"tier": "pro"})
        shown = (await self.read(operator))["revenue"]
        services = gateway.services
        figures = await Revenue(services.resources.database, services.usage.tiers).figures()
        assert (shown["currency"], shown["monthly"]) == ("USD", figures.monthly)
        assert figures.monthly >= 29
        counted = {(one["from_tier"], one["to_tier"]): one["count"] for one in shown["conversions"]}
        assert counted == dict(figures.conversions)
        assert counted["enterprise", "pro"] >= 1


class TestQueue:
    async def test_shows_what_waits_by_account(self, operator, ada, bob, engine):
        before = (await operator.http.get(f"{ADMIN}/queue")).json()
        job_id = await ada.encrypt()
        for _ in range(2):
            await ada.encrypt()
        await bob.encrypt()
        await engine.take(job_id)
        queue = (await operator.http.get(f"{ADMIN}/queue")).json()
        assert queue["waiting"] == before["waiting"] + 3
        assert queue["running"] == before["running"] + 1
        assert queue["accounts_waiting"] == before["accounts_waiting"] + 2
        assert queue["oldest_waiting_at"] is not None
        loads = [one["waiting"] + one["running"] for one in queue["shares"]]
        assert loads == sorted(loads, reverse=True)
        assert len(loads) <= 10


class TestSettings:
    async def read(self, operator):
        listed = (await operator.http.get(f"{ADMIN}/settings")).raise_for_status()
        return listed.text, {one["name"]: one for one in listed.json()["data"]}

    async def test_all_are_listed_without_secrets(self, gateway, operator):
        body, found = await self.read(operator)
        settings = gateway.services.resources.settings
        assert sorted(found) == sorted(name.upper() for name in type(settings).model_fields)
        for name in type(settings).model_fields:
            value = getattr(settings, name)
            if isinstance(value, SecretStr):
                assert value.get_secret_value() not in body
                assert found[name.upper()] | {"from_environment": True} == {
                    "name": name.upper(),
                    "value": None,
                    "is_secret": True,
                    "is_set": True,
                    "from_environment": True,
                }
        assert found["IBM_QUANTUM_TOKEN"]["is_set"] is False

    async def test_defaults_and_values_are_told_apart(self, operator):
        _, found = await self.read(operator)
        assert found["ALLOWED_ORIGINS"]["value"] == "https://console.example"
        assert found["ALLOWED_ORIGINS"]["from_environment"]
        assert found["ENTROPY_DEADLINE_SECONDS"]["value"] == "30"
        assert not found["ENTROPY_DEADLINE_SECONDS"]["from_environment"]
        assert found["REGISTRATION"]["value"] in {"open", "closed"}

    def test_password_in_an_address_is_left_out(self, gateway):
        settings = gateway.services.resources.settings.model_copy(
            update={"qrng_url": "https://ada:sesame@qrng.example/a?b=1@2"}
        )
        [shown] = [one for one in effective(settings) if one.name == "QRNG_URL"]
        assert shown.value == "https://qrng.example/a?b=1@2"


class TestMembers:
    async def test_lists_members_with_roles(self, operator, ada, bob):
        team = await make_team(ada)
        await join(ada, team, bob, "auditor")
        listed = (await operator.http.get(f"{ADMIN}/accounts/{team}/members")).json()["data"]
        assert [(one["email"], one["role"]) for one in listed] == [(ada.email, "owner"), (bob.email, "auditor")]

    async def test_unknown_account_is_404(self, operator):
        refused(await operator.http.get(f"{ADMIN}/accounts/acc_{'0' * 32}/members"), 404, "not-found")


class TestEndSessions:
    async def test_user_must_log_in_again(self, operator, ada, client, execute):
        place = f"{ADMIN}/users/{ids.to_wire('usr', ada.account_id)}/sessions"
        assert (await operator.http.delete(place)).status_code == 204
        refused(await ada.http.get("/api/v1/jobs"), 401, "unauthenticated")
        login = {"grant_type": "password", "username": ada.email, "password": "correct horse battery staple"}
        assert (await client.post("/api/v1/auth/token", data=login)).status_code == 200
        entries = await execute(
            "SELECT account_id, details FROM audit_events WHERE action = 'user.end_sessions' AND object_id = :id",
            id=ada.account_id,
        )
        assert {row["account_id"] for row in entries} == {None, ada.account_id}
        assert entries[0]["details"] == {"sessions": 1}

    async def test_is_for_operators(self, ada, bob):
        place = f"{ADMIN}/users/{ids.to_wire('usr', bob.account_id)}/sessions"
        refused(await ada.http.delete(place), 403, "insufficient-scope")
        assert (await bob.http.get("/api/v1/jobs")).status_code == 200

    async def test_unknown_user_is_404(self, operator):
        refused(await operator.http.delete(f"{ADMIN}/users/usr_{'0' * 32}/sessions"), 404, "not-found")
