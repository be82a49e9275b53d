"""Resets of lost second factors: two operators, or one and the user by a mail."""

import asyncio
import re

import pytest
from sqlalchemy import text

from backplane import ids
from backplane.services.mail.contents import unseal
from tests.api.conftest import opened
from tests.api.factors import APP, FACTORS, LONG_AGO, PAGE, Person, code_of

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

USERS, LINKS = "/api/v1/admin/users", "/api/v1/auth/factors/reset"
TOKEN = re.compile(r"#token=([\w-]{43})$", re.MULTILINE)
MAILS = text("SELECT id, sealed FROM mails WHERE user_id = :user AND kind = :kind ORDER BY id DESC")
ENTRIES = text("SELECT account_id, user_id FROM audit_events WHERE action = :action AND object_id = :user ORDER BY 1")
EXPIRED = text("UPDATE factor_resets SET expires_at = now() - interval '1 second' WHERE user_id = :user")
OLD_LINK = text("UPDATE one_time_tokens SET expires_at = now() - interval '1 second' WHERE user_id = :user")


@pytest.fixture(scope="module")
async def gateway(gateway_settings, tmp_path_factory):
    outbox = tmp_path_factory.mktemp("mails")
    async with opened(gateway_settings(public_url=PAGE, mail_outbox_directory=outbox)) as running:
        yield running


@pytest.fixture
async def lost(gateway, ada, client):
    """A person with an authenticator app and a passkey."""
    person = Person(ada, gateway, client)
    assert (await person.give_password()).status_code == 200
    await person.add_app()
    await person.add_passkey()
    return person


@pytest.fixture
async def operators(gateway):
    """Two operators with the tokens of programs."""
    made = [await gateway.user() for _ in range(2)]
    async with gateway.services.resources.database.transaction() as session:
        values = {"ids": [one.account_id for one in made]}
        await session.execute(text("UPDATE users SET operator = true WHERE id = ANY(:ids)"), values)
    async with made[0].http, made[1].http:
        yield made


def place(person):
    return f"{USERS}/{ids.to_wire('usr', person.user.account_id)}/factor-reset"


async def request(operator, person, **body):
    return await operator.http.post(place(person), json=body)


async def mails(person, kind):
    rows = await person.sql(MAILS, kind=kind)
    return [unseal(person.gateway.services.resources.vault, row.id, row.sealed).text for row in rows]


async def token_of(person):
    return TOKEN.search((await mails(person, "factor-reset-requested"))[0])[1]


async def has_factor(person):
    assert (await person.give_password()).status_code in {200, 403}
    rows = await person.sql(text("SELECT 1 FROM one_time_passwords WHERE user_id = :user"))
    return bool(rows)


class TestRequest:
    async def test_changes_nothing_but_is_told(self, operators, lost):
        asked = await request(operators[0], lost, reason="lost her phone")
        assert asked.status_code == 202
        reset = asked.json()["factor_reset"]
        assert (reset["requested_by"], reset["reason"]) == (operators[0].email, "lost her phone")
        assert (await lost.request("GET", FACTORS)).json()["second_factor"] is True
        assert len(await mails(lost, "factor-reset-requested")) == 1
        found = await lost.sql(ENTRIES, action="factor_reset.requested")
        owner = lost.user.account_id
        assert {tuple(row) for row in found} == {(owner, operators[0].account_id), (None, operators[0].account_id)}

    async def test_is_found_among_all_users(self, operators, lost, bob):
        await request(operators[0], lost)
        waiting = (await operators[1].http.get(USERS, params={"factor_reset": "true", "limit": 100})).json()["data"]
        assert lost.user.email in {one["email"] for one in waiting}
        others = (await operators[1].http.get(USERS, params={"factor_reset": "false", "limit": 100})).json()["data"]
        assert lost.user.email not in {one["email"] for one in others}
        assert bob.email in {one["email"] for one in others}

    async def test_two_at_once_are_one(self, operators, lost):
        answers = await asyncio.gather(*(request(one, lost) for one in operators))
        assert sorted(answer.status_code for answer in answers) == [202, 409]
        assert {answer.json().get("code") for answer in answers} == {None, "factor-reset-pending"}
        assert len(await mails(lost, "factor-reset-requested")) == 1

    async def test_needs_a_factor(self, operators, bob):
        asked = await operators[0].http.post(
            f"{USERS}/{ids.to_wire('usr', bob.account_id)}/factor-reset", json={"reason": "no reason"}
        )
        assert code_of(asked) == (409, "no-second-factor")

    async def test_unknown_user_is_404(self, operators):
        unknown = f"{USERS}/usr_{'0' * 32}/factor-reset"
        assert code_of(await operators[0].http.post(unknown, json={})) == (404, "not-found")
        assert code_of(await operators[0].http.post(f"{unknown}/confirm")) == (404, "not-found")
        assert code_of(await operators[0].http.delete(unknown)) == (404, "not-found")

    async def test_is_for_operators(self, bob, lost):
        for method, path in [("POST", place(lost)), ("POST", f"{place(lost)}/confirm"), ("DELETE", place(lost))]:
            body = {"json": {}} if path == place(lost) and method == "POST" else {}
            assert code_of(await bob.http.request(method, path, **body)) == (403, "insufficient-scope")

    @pytest.mark.parametrize("body", [{"reason": ""}, {"reason": "a\r\nb"}, {"shade": "red"}, {"reason": 1}])
    async def test_unfit_reasons_are_refused(self, operators, lost, body):
        assert code_of(await request(operators[0], lost, **body)) == (422, "validation-failed")


class TestSecondOperator:
    async def test_confirmation_removes_all_and_ends_sessions(self, operators, lost):
        await request(operators[0], lost)
        confirmed = await operators[1].http.post(f"{place(lost)}/confirm")
        assert (confirmed.status_code, confirmed.json()["second_factor"]) == (200, False)
        assert confirmed.json()["factor_reset"] is None
        assert (await lost.request("GET", FACTORS)).status_code == 401
        assert (await lost.give_password()).status_code == 200
        assert (await lost.request("GET", FACTORS)).json() | {"passkeys_available": True} == {
            "second_factor": False,
            "authenticator_app": None,
            "passkeys": [],
            "recovery_codes": {"left": 0, "low": False},
            "passkeys_available": True,
        }
        found = await lost.sql(ENTRIES, action="factor_reset.confirmed")
        owner = lost.user.account_id
        assert {tuple(row) for row in found} == {(owner, operators[1].account_id), (None, operators[1].account_id)}
        [mail] = await mails(lost, "factor-reset")
        assert "Reset by: two operators" in mail

    async def test_requester_cannot_confirm(self, operators, lost):
        await request(operators[0], lost)
        assert code_of(await operators[0].http.post(f"{place(lost)}/confirm")) == (403, "second-operator-required")
        assert await has_factor(lost)

    async def test_user_in_question_cannot_confirm(self, operators, lost):
        await operators[1].http.patch(place(lost)[:-13], json={"operator": True})
        await request(operators[0], lost)
        confirmed = await lost.user.http.post(f"{place(lost)}/confirm")
        assert code_of(confirmed) == (403, "second-operator-required")

    async def test_browser_must_be_confirmed(self, gateway, operators, lost, bob):
        """Re-authentication binds browsers: the operator of a stolen one gets no further."""
        async with gateway.client() as http:
            browser = Person(bob, gateway, http)
            await browser.sql(text("UPDATE users SET operator = true WHERE id = :user"))
            assert (await browser.give_password()).status_code == 200
            await browser.sql(LONG_AGO)
            await browser.post("/api/v1/auth/session/refresh", signed_in=False)
            refused = (403, "reauthentication-required")
            assert code_of(await browser.post(place(lost), json={})) == refused
            await request(operators[0], lost)
            assert code_of(await browser.post(f"{place(lost)}/confirm")) == refused
            account = f"/api/v1/admin/accounts/{ids.to_wire('acc', lost.user.account_id)}"
            assert code_of(await browser.request("PATCH", account, json={"tier": "free"})) == refused
            assert code_of(await browser.request("PATCH", place(lost)[:-13], json={"suspended": True})) == refused

    async def test_of_two_at_once_one_is_refused(self, gateway, operators, lost):
        third = await gateway.user()
        async with third.http:
            async with gateway.services.resources.database.transaction() as session:
                await session.execute(text("UPDATE users SET operator = true WHERE id = :id"), {"id": third.account_id})
            await request(operators[0], lost)
            both = (operators[1], third)
            answers = await asyncio.gather(*(one.http.post(f"{place(lost)}/confirm") for one in both))
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        assert {answer.json().get("code") for answer in answers} == {None, "factors-already-reset"}
        assert len(await mails(lost, "factor-reset")) == 1

    async def test_without_a_request_is_409(self, operators, lost):
        assert code_of(await operators[1].http.post(f"{place(lost)}/confirm")) == (409, "no-factor-reset")
        assert code_of(await operators[1].http.delete(place(lost))) == (409, "no-factor-reset")

    async def test_expired_request_is_gone(self, operators, lost):
        await request(operators[0], lost)
        await lost.sql(EXPIRED)
        assert code_of(await operators[1].http.post(f"{place(lost)}/confirm")) == (409, "no-factor-reset")
        assert (await operators[1].http.get(place(lost)[:-13])).json()["factor_reset"] is None
        assert (await request(operators[1], lost)).status_code == 202
        assert len(await mails(lost, "factor-reset-requested")) == 2

    async def test_withdrawn_request_is_gone(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        assert (await operators[1].http.delete(place(lost))).status_code == 204
        assert code_of(await operators[1].http.post(f"{place(lost)}/confirm")) == (409, "no-factor-reset")
        assert code_of(await client.post(f"{LINKS}/confirm", json={"token": token})) == (410, "link-used")
        assert await has_factor(lost)


class TestLink:
    async def test_removes_all_once(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        assert (await client.post(f"{LINKS}/confirm", json={"token": token})).status_code == 204
        assert (await lost.request("GET", FACTORS)).status_code == 401
        assert (await lost.give_password()).status_code == 200
        assert code_of(await client.post(f"{LINKS}/confirm", json={"token": token})) == (410, "link-used")
        assert code_of(await operators[1].http.post(f"{place(lost)}/confirm")) == (409, "factors-already-reset")
        found = await lost.sql(ENTRIES, action="factor_reset.confirmed")
        owner = lost.user.account_id
        assert {tuple(row) for row in found} == {(owner, owner), (None, owner)}
        [mail] = await mails(lost, "factor-reset")
        assert "Reset by: you" in mail

    async def test_opening_it_changes_nothing(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        assert (await client.get(f"{LINKS}/confirm", params={"token": token})).status_code == 405
        assert await has_factor(lost)

    async def test_refusal_ends_the_request(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        assert (await client.post(f"{LINKS}/refuse", json={"token": token})).status_code == 204
        assert code_of(await operators[1].http.post(f"{place(lost)}/confirm")) == (409, "no-factor-reset")
        assert code_of(await client.post(f"{LINKS}/confirm", json={"token": token})) == (410, "link-used")
        assert len(await lost.sql(ENTRIES, action="factor_reset.refused")) == 2

    async def test_user_and_operator_at_once(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        answers = await asyncio.gather(
            client.post(f"{LINKS}/confirm", json={"token": token}), operators[1].http.post(f"{place(lost)}/confirm")
        )
        assert sum(answer.is_success for answer in answers) == 1
        assert {answer.status_code for answer in answers} in ({204, 409}, {410, 200})
        assert len(await mails(lost, "factor-reset")) == 1

    async def test_expires(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        await lost.sql(OLD_LINK)
        for act in ("confirm", "refuse"):
            assert code_of(await client.post(f"{LINKS}/{act}", json={"token": token})) == (410, "link-expired")

    async def test_ends_with_the_request(self, client, operators, lost):
        """The request goes when the operator who made it is erased."""
        await request(operators[0], lost)
        token = await token_of(lost)
        await lost.sql(text("DELETE FROM factor_resets WHERE user_id = :user"))
        assert code_of(await client.post(f"{LINKS}/confirm", json={"token": token})) == (410, "link-expired")
        assert await has_factor(lost)

    async def test_of_another_purpose_is_unknown(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        body = {"token": token, "password": "another horse battery"}
        assert code_of(await client.post("/api/v1/auth/password/reset/confirm", json=body)) == (404, "link-unknown")
        assert code_of(await client.post(f"{LINKS}/confirm", json={"token": "A" * 43})) == (404, "link-unknown")
        assert (await client.post(f"{LINKS}/confirm", json={"token": token})).status_code == 204

    async def test_ends_with_the_address(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        await lost.request("POST", "/api/v1/auth/email", json={"email": f"new-{lost.user.email}"})
        [row, *_] = await lost.sql(text("SELECT id, sealed FROM mails WHERE kind = 'address-change' ORDER BY id DESC"))
        mail = unseal(lost.gateway.services.resources.vault, row.id, row.sealed).text
        changed = await client.post("/api/v1/auth/email/confirm", json={"token": TOKEN.search(mail)[1]})
        assert changed.status_code == 200
        assert code_of(await client.post(f"{LINKS}/confirm", json={"token": token})) == (410, "link-used")

    async def test_factors_removed_meanwhile_are_told(self, client, operators, lost):
        await request(operators[0], lost)
        token = await token_of(lost)
        await lost.request("DELETE", APP)
        await lost.sql(text("DELETE FROM passkeys WHERE user_id = :user"))
        assert code_of(await client.post(f"{LINKS}/confirm", json={"token": token})) == (409, "factors-already-reset")
