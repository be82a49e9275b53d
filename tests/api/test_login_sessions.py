"""The list of login sessions, their end from another one, and the confirmation of who uses one."""

import pytest
from sqlalchemy import text

from backplane.services.mail.kinds import KINDS
from tests.api.conftest import PASSWORD, opened
from tests.api.factors import (
    APP,
    CONFIRM,
    FACTORS,
    LONG_AGO,
    PAGE,
    PASSKEYS,
    RECOVERY,
    SESSION,
    SESSIONS,
    TOKEN,
    UNUSED,
    Person,
    code_of,
)
from tests.api.listening import rest, socket
from tests.support.authenticator import Authenticator

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
RECENT = (403, "reauthentication-required")


@pytest.fixture(scope="module")
async def gateway(gateway_settings):
    async with opened(gateway_settings(public_url=PAGE)) as running:
        yield running


@pytest.fixture
async def person(gateway, ada, client):
    person = Person(ada, gateway, client)
    assert (await person.give_password()).status_code == 200
    return person


@pytest.fixture
async def idle(person):
    """A person whose last proof was long ago."""

    async def wait():
        await person.sql(LONG_AGO)
        assert (await person.post(f"{SESSION}/refresh")).status_code == 200
        return person

    person.wait = wait
    return await wait()


class TestList:
    async def test_shows_browsers_and_programs(self, person, client):
        form = {"grant_type": "password", "username": person.user.email, "password": PASSWORD}
        await client.post(TOKEN, data=form, headers={"User-Agent": "imageshield/1.0"})
        client.headers["User-Agent"] = FIREFOX
        await person.give_password()
        listed = (await person.request("GET", SESSIONS)).json()["data"]
        assert [one["device"] for one in listed[:2]] == ["Firefox on Linux", "imageshield"]
        assert [one["browser"] for one in listed[:2]] == [True, False]
        assert [one["current"] for one in listed].count(True) == 1
        assert listed[0]["current"]
        assert listed[0]["methods"] == ["pwd"]
        assert listed[0]["address"] == "127.0.0.1"
        assert listed[0]["id"].startswith("ses_")
        assert listed[0]["created_at"] <= listed[0]["last_seen_at"]

    async def test_is_of_the_user_alone(self, person, bob):
        assert {one["id"] for one in (await bob.http.get(SESSIONS)).json()["data"]} == {f"ses_{bob.session_id.hex}"}

    async def test_forgets_ended_ones(self, person, ada):
        assert len((await person.request("GET", SESSIONS)).json()["data"]) == 2
        assert (await ada.http.post("/api/v1/auth/logout")).status_code == 204
        assert len((await person.request("GET", SESSIONS)).json()["data"]) == 1


class TestEnd:
    async def test_ends_one_at_once(self, person, ada):
        ended = await person.request("DELETE", f"{SESSIONS}/ses_{ada.session_id.hex}")
        assert (ended.status_code, ended.content) == (204, b"")
        assert (await ada.http.get("/api/v1/jobs")).status_code == 401
        form = {"grant_type": "refresh_token", "refresh_token": ada.refresh_token}
        assert (await ada.http.post(TOKEN, data=form)).status_code == 400
        assert (await person.request("GET", FACTORS)).status_code == 200
        assert await person.events("session.end") == [("success", {})]

    async def test_closes_its_sockets(self, server, gateway, wired):
        """Another gateway hears of it."""
        async with socket(server, await wired.encrypt(), token=wired.token) as opened_socket, gateway.client() as http:
            await opened_socket.recv()
            other = Person(wired, gateway, http)
            await other.give_password()
            await other.request("DELETE", f"{SESSIONS}/ses_{wired.session_id.hex}")
            assert (await rest(opened_socket))[1] == 4401

    async def test_that_of_another_user_is_404(self, person, bob):
        response = await person.request("DELETE", f"{SESSIONS}/ses_{bob.session_id.hex}")
        assert code_of(response) == (404, "not-found")
        assert (await bob.http.get("/api/v1/jobs")).status_code == 200

    async def test_own_one_may_be_ended(self, person):
        [current] = [one for one in (await person.request("GET", SESSIONS)).json()["data"] if one["current"]]
        assert (await person.request("DELETE", f"{SESSIONS}/{current['id']}")).status_code == 204
        assert (await person.request("GET", SESSIONS)).status_code == 401

    async def test_all_but_this_one(self, person, ada, bob):
        token, cookie = person.token, person.cookie
        person.cookie = ""
        await person.give_password()
        assert (await person.request("DELETE", SESSIONS)).status_code == 204
        assert [one["current"] for one in (await person.request("GET", SESSIONS)).json()["data"]] == [True]
        assert (await ada.http.get("/api/v1/jobs")).status_code == 401
        assert (await bob.http.get("/api/v1/jobs")).status_code == 200
        person.token, person.cookie = token, cookie
        assert (await person.request("GET", SESSIONS)).status_code == 401
        assert (await person.post(f"{SESSION}/refresh")).status_code == 401


class TestRecent:
    ROUTES = (
        ("POST", APP),
        ("DELETE", APP),
        ("POST", f"{PASSKEYS}/options"),
        ("DELETE", f"{PASSKEYS}/pky_{'0' * 32}"),
        ("POST", RECOVERY),
        ("DELETE", f"/api/v1/jobs/job_{'0' * 32}"),
        ("DELETE", f"/api/v1/batches/bat_{'0' * 32}"),
        ("GET", f"/api/v1/jobs/job_{'0' * 32}/key-file"),
        ("GET", f"/api/v1/jobs/job_{'0' * 32}/material"),
        ("GET", f"/api/v1/batches/bat_{'0' * 32}/result?key_files=true"),
    )

    @pytest.mark.parametrize(("method", "path"), ROUTES)
    async def test_is_demanded_of_browsers(self, idle, method, path):
        assert code_of(await idle.request(method, path)) == RECENT
        confirmed = await idle.post(CONFIRM, json={"password": PASSWORD})
        assert confirmed.status_code == 200, confirmed.text
        assert confirmed.json().keys() == {"access_token", "expires_in"}
        assert (await idle.request(method, path)).status_code in {200, 201, 204, 404, 409}

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", FACTORS),
            ("GET", SESSIONS),
            ("DELETE", SESSIONS),
            ("GET", "/api/v1/jobs"),
            ("POST", f"/api/v1/jobs/job_{'0' * 32}/cancel"),
            ("GET", f"/api/v1/batches/bat_{'0' * 32}/result"),
        ],
    )
    async def test_is_not_demanded_elsewhere(self, idle, method, path):
        assert (await idle.request(method, path)).status_code in {200, 204, 404}

    async def test_lasts_in_a_refresh_and_no_longer(self, idle):
        await idle.post(CONFIRM, json={"password": PASSWORD})
        await idle.post(f"{SESSION}/refresh")
        assert (await idle.post(APP)).status_code == 201
        await idle.wait()
        assert code_of(await idle.post(APP)) == RECENT

    async def test_is_of_one_session(self, idle, gateway):
        async with gateway.client() as http:
            other = Person(idle.user, gateway, http)
            await other.give_password()
            assert (await other.post(APP)).status_code == 201
        assert code_of(await idle.post(APP)) == RECENT

    async def test_programs_need_none(self, ada, idle):
        assert (await ada.http.post(APP)).status_code == 201


class TestConfirm:
    async def test_wrong_password(self, idle):
        assert code_of(await idle.post(CONFIRM, json={"password": "wrong horse battery"})) == (403, "wrong-password")
        assert code_of(await idle.post(APP)) == RECENT
        assert await idle.events("session.confirmed") == [("failure", {"code": "wrong-password"})]

    async def test_wrong_passwords_have_to_wait(self, idle):
        answers = [await idle.post(CONFIRM, json={"password": "wrong horse battery"}) for _ in range(6)]
        assert [one.status_code for one in answers] == [403] * 5 + [429]
        assert "Retry-After" in answers[5].headers

    async def test_second_factor_is_demanded(self, person, idle):
        await idle.post(CONFIRM, json={"password": PASSWORD})
        await idle.add_app()
        await idle.wait()
        response = await idle.post(CONFIRM, json={"password": PASSWORD})
        assert code_of(response) == (403, "second-factor-required")
        assert (response.json()["methods"], response.json().get("pending")) == (["otp", "rec"], None)
        assert code_of(await idle.post(CONFIRM, json={"password": PASSWORD, "otp": "000000"})) == (403, "code-wrong")
        assert code_of(await idle.post(APP)) == RECENT
        await idle.sql(UNUSED)
        assert (await idle.post(CONFIRM, json={"password": PASSWORD, "otp": idle.otp()})).status_code == 200
        assert code_of(await idle.post(APP)) == (409, "factor-exists")
        [current] = [one for one in (await idle.request("GET", SESSIONS)).json()["data"] if one["current"]]
        assert current["methods"] == ["otp", "pwd"]

    async def test_second_factor_alone_is_not_enough(self, person):
        await person.add_app()
        assert code_of(await person.post(CONFIRM, json={"otp": person.otp()})) == (422, "validation-failed")

    async def test_passkey_alone_is_enough(self, idle):
        await idle.post(CONFIRM, json={"password": PASSWORD})
        authenticator = await idle.add_passkey()
        await idle.wait()
        options = (await idle.post(f"{CONFIRM}/options")).json()["options"]
        assert options["userVerification"] == "required"
        assert len(options["allowCredentials"]) == 1
        credential = authenticator.get(options, names_user=False)
        assert (await idle.post(CONFIRM, json={"passkey": credential})).status_code == 200
        assert (await idle.post(APP)).status_code == 201
        assert code_of(await idle.post(CONFIRM, json={"passkey": credential})) == (403, "passkey-refused")

    async def test_passkey_without_verification_needs_the_password(self, idle):
        await idle.post(CONFIRM, json={"password": PASSWORD})
        authenticator = await idle.add_passkey(Authenticator(verifies=False))
        await idle.wait()
        for password, status in ((None, 403), (PASSWORD, 200)):
            options = (await idle.post(f"{CONFIRM}/options")).json()["options"]
            given = {"password": password} if password else {}
            response = await idle.post(CONFIRM, json={"passkey": authenticator.get(options), **given})
            assert response.status_code == status, response.text

    async def test_passkey_of_another_user_is_refused(self, idle, gateway, bob):
        async with gateway.client() as http:
            other = Person(bob, gateway, http)
            await other.give_password()
            authenticator = await other.add_passkey()
        options = (await idle.post(f"{CONFIRM}/options")).json()["options"]
        assert code_of(await idle.post(CONFIRM, json={"passkey": authenticator.get(options)})) == (
            403,
            "passkey-refused",
        )

    async def test_nothing_is_422(self, person):
        assert code_of(await person.post(CONFIRM, json={})) == (422, "validation-failed")

    async def test_ended_session_is_401(self, person):
        await person.request("DELETE", SESSION)
        assert (await person.post(CONFIRM, json={"password": PASSWORD})).status_code == 401

    async def test_other_pages_are_refused(self, person):
        headers = {"Authorization": f"Bearer {person.token}", "Origin": "http://evil.example", "X-CSRF": "1"}
        response = await person.http.post(CONFIRM, json={"password": PASSWORD}, headers=headers)
        assert code_of(response) == (403, "origin-not-allowed")


class TestDevices:
    @pytest.fixture
    def told(self, gateway, monkeypatch):
        """The mails of the users, as they are asked for. tests/backplane/test_mails has their way to a server."""
        mails = []

        async def send(_session, recipient, kind, *, once, dropped, **values):
            mails.append((recipient.address, kind, values))

        monkeypatch.setattr(gateway.services.identity.sessions._notices._mails, "send", send)
        return mails

    async def test_new_one_is_told_once(self, person, client, told):
        client.headers["User-Agent"] = FIREFOX
        for _ in range(2):
            await person.give_password()
        [(address, kind, values)] = told
        assert (address, kind) == (person.user.email, "new-device")
        assert (values["device"], values["address"]) == ("Firefox on Linux", "127.0.0.1")
        assert values.keys() == KINDS[kind].fields.keys()

    async def test_newer_release_of_a_browser_is_none(self, person, client, told):
        for version in (140, 141):
            client.headers["User-Agent"] = FIREFOX.replace("140", str(version))
            await person.give_password()
        assert len(told) == 1

    async def test_first_one_is_no_news(self, gateway, told, bob):
        async with gateway.client() as http:
            await Person(bob, gateway, http).sql(text("DELETE FROM known_devices WHERE user_id = :user"))
            await Person(bob, gateway, http).give_password()
        assert told == []

    async def test_changed_factors_are_told(self, person, told):
        await person.add_app()
        await person.request("DELETE", APP)
        assert [kind for _, kind, _ in told] == ["factor-added", "factor-removed"]
        assert told[0][2].keys() == KINDS["factor-added"].fields.keys()
