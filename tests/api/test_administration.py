"""Accounts and users for operators: search, tiers, suspension, operators."""

import pytest
from sqlalchemy import text

from backplane import ids
from backplane.metrics import MONTHLY_REVENUE, SUBSCRIPTION_CONVERSIONS
from backplane.services.administration.revenue import Revenue

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ADMIN, JOBS = "/api/v1/admin", "/api/v1/jobs"


def account_of(user):
    return f"{ADMIN}/accounts/{ids.to_wire('acc', user.account_id)}"


def user_of(user):
    return f"{ADMIN}/users/{ids.to_wire('usr', user.account_id)}"


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


@pytest.fixture
async def entries(execute):
    """Return the entries of an action about a user's account: for each, whether it is in the chain of the system."""

    async def found(action, user):
        asked = "SELECT account_id, user_id, details FROM audit_events WHERE action = :action AND object_id = :id"
        return await execute(asked + " ORDER BY account_id NULLS FIRST", action=action, id=user.account_id)

    return found


class TestAccounts:
    async def test_are_for_operators(self, ada, bob):
        for method, place, body in [
            ("GET", f"{ADMIN}/accounts", None),
            ("GET", account_of(bob), None),
            ("PATCH", account_of(bob), {"tier": "free"}),
            ("GET", f"{ADMIN}/users", None),
            ("GET", user_of(bob), None),
            ("PATCH", user_of(bob), {"suspended": True}),
        ]:
            refused(await ada.http.request(method, place, json=body), 403, "insufficient-scope")
        assert (await bob.http.get(JOBS)).status_code == 200

    async def test_are_found_by_part_of_the_address(self, operator, ada, bob):
        listed = (await operator.http.get(f"{ADMIN}/accounts", params={"q": ada.email.upper()})).json()["data"]
        assert ids.to_wire("acc", ada.account_id) in {one["account_id"] for one in listed}
        [found] = [one for one in listed if one["email"] == ada.email]
        assert (found["tier"], found["state"], found["personal"], found["members"]) == ("enterprise", "active", True, 1)
        assert ids.to_wire("acc", bob.account_id) not in {one["account_id"] for one in listed}

    @pytest.mark.parametrize("words", ["%", "_", "\\", "' OR true --"])
    async def test_wildcards_are_plain_characters(self, operator, ada, words):
        assert (await operator.http.get(f"{ADMIN}/accounts", params={"q": words})).json()["data"] == []

    async def test_come_in_pages(self, operator, ada, bob):
        first = (await operator.http.get(f"{ADMIN}/accounts", params={"limit": 1})).json()
        second = (
            await operator.http.get(f"{ADMIN}/accounts", params={"limit": 1, "cursor": first["next_cursor"]})
        ).json()
        assert first["has_more"]
        assert first["data"][0]["account_id"] > second["data"][0]["account_id"]

    async def test_unknown_filters_are_refused(self, operator):
        for query in ({"state": "gone"}, {"shade": "red"}, {"limit": 0}, {"cursor": "job_1"}, {"q": ""}):
            refused(await operator.http.get(f"{ADMIN}/accounts", params=query), 422, "validation-failed")

    async def test_tier_changes_at_once_and_is_audited_twice(self, operator, ada, entries):
        assert (await ada.http.get("/api/v1/me")).json()["tier"] == "enterprise"
        changed = await operator.http.patch(account_of(ada), json={"tier": "free", "reason": "trial is over"})
        assert (changed.status_code, changed.json()["tier"]) == (200, "free")
        assert (await ada.http.get("/api/v1/me")).json()["tier"] == "free"
        found = await entries("account.tier", ada)
        assert [(row["account_id"], row["user_id"]) for row in found] == [
            (None, operator.account_id),
            (ada.account_id, operator.account_id),
        ]
        assert found[0]["details"] == {"from": "enterprise", "to": "free", "reason": "trial is over"}

    async def test_same_tier_again_is_no_act(self, operator, ada, entries):
        assert (await operator.http.patch(account_of(ada), json={"tier": "enterprise"})).status_code == 200
        assert await entries("account.tier", ada) == []

    async def test_unknown_tier_is_refused(self, operator, ada):
        refused(await operator.http.patch(account_of(ada), json={"tier": "gold"}), 422, "validation-failed")

    async def test_suspended_account_is_refused_until_reinstated(self, operator, ada, entries):
        await operator.http.patch(account_of(ada), json={"suspended": True, "reason": "abuse"})
        refused(await ada.http.get(JOBS), 403, "account-suspended")
        assert (await operator.http.get(account_of(ada))).json()["state"] == "suspended"
        await operator.http.patch(account_of(ada), json={"suspended": False})
        assert (await ada.http.get(JOBS)).status_code == 200
        assert len(await entries("account.suspend", ada)) == len(await entries("account.reinstate", ada)) == 2

    async def test_unknown_account_is_404(self, operator):
        refused(await operator.http.get(f"{ADMIN}/accounts/acc_{'0' * 32}"), 404, "not-found")
        refused(await operator.http.patch(f"{ADMIN}/accounts/acc_{'0' * 32}", json={"tier": "free"}), 404, "not-found")

    @pytest.mark.parametrize(
        "body", [{"suspended": "yes"}, {"suspended": 1}, {"shade": "red"}, {"tier": "Gold"}, {"reason": "a\r\nb"}, []]
    )
    async def test_unfit_changes_are_refused(self, operator, ada, body):
        refused(await operator.http.patch(account_of(ada), json=body), 422, "validation-failed")


class TestUsers:
    async def test_are_found_by_part_of_the_address(self, operator, ada):
        listed = (await operator.http.get(f"{ADMIN}/users", params={"q": ada.email})).json()["data"]
        [found] = [one for one in listed if one["email"] == ada.email]
        assert found["user_id"] == ids.to_wire("usr", ada.account_id)
        assert found["last_seen_at"] is not None
        assert not found["operator"]

    async def test_suspension_ends_their_sessions(self, operator, ada, client):
        assert (await operator.http.patch(user_of(ada), json={"suspended": True})).status_code == 200
        refused(await ada.http.get(JOBS), 401, "unauthenticated")
        form = {"grant_type": "refresh_token", "refresh_token": ada.refresh_token}
        assert (await client.post("/api/v1/auth/token", data=form)).status_code == 400
        login = {"grant_type": "password", "username": ada.email, "password": "correct horse battery staple"}
        assert (await client.post("/api/v1/auth/token", data=login)).status_code == 400
        assert (await operator.http.patch(user_of(ada), json={"suspended": False})).status_code == 200
        assert (await client.post("/api/v1/auth/token", data=login)).status_code == 200

    async def test_become_operators_and_cease_to_be(self, operator, ada):
        refused(await ada.http.get(f"{ADMIN}/users"), 403, "insufficient-scope")
        await operator.http.patch(user_of(ada), json={"operator": True})
        assert (await ada.http.get(f"{ADMIN}/users", params={"operator": "true"})).status_code == 200
        await operator.http.patch(user_of(ada), json={"operator": False})
        refused(await ada.http.get(f"{ADMIN}/users"), 403, "insufficient-scope")

    @pytest.mark.parametrize("change", [{"operator": False}, {"suspended": True}])
    async def test_last_operator_stays(self, operator, execute, change):
        await execute("UPDATE users SET operator = false WHERE id <> :id", id=operator.account_id)
        refused(await operator.http.patch(user_of(operator), json=change), 409, "last-operator")
        assert (await operator.http.get(f"{ADMIN}/users")).status_code == 200

    async def test_unlocked_user_may_try_again_at_once(self, operator, ada, client):
        login = {"grant_type": "password", "username": ada.email, "password": "wrong"}
        while (refusal := await client.post("/api/v1/auth/token", data=login)).status_code != 429:
            assert refusal.status_code == 400
        right = login | {"password": "correct horse battery staple"}
        assert (await client.post("/api/v1/auth/token", data=right)).status_code == 429
        assert (await operator.http.post(f"{user_of(ada)}/unlock")).status_code == 204
        assert (await client.post("/api/v1/auth/token", data=right)).status_code == 200


class TestRevenue:
    async def test_metrics_come_from_the_database(self, gateway, operator, ada):
        tiers = gateway.services.usage.tiers
        revenue = Revenue(gateway.services.resources.database, tiers)
        await revenue.measure()
        before = MONTHLY_REVENUE._value.get()
        await operator.http.patch(account_of(ada), json={"tier": "pro"})
        await revenue.measure()
        assert MONTHLY_REVENUE._value.get() == before + 29
        counted = SUBSCRIPTION_CONVERSIONS.labels(from_tier="enterprise", to_tier="pro")._value
        assert counted.get() >= 1
        at_first = counted.get()
        await revenue.measure()
        assert counted.get() == at_first
