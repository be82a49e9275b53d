"""Login sessions of browsers: the cookie, its rotation, requests of other sites, and what it is not good for."""

import asyncio
import re
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import text

from backplane.errors import Overloaded, Unavailable
from backplane.services.identity.browser_sessions import BrowserSessions
from backplane.services.requests.caller import Caller
from tests.api.conftest import PASSWORD, opened
from tests.api.listening import refusal, rest, socket
from tests.api.test_sessions import ANYONE, WAITING, Late

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

SESSION, REFRESH, TOKEN = "/api/v1/auth/session", "/api/v1/auth/session/refresh", "/api/v1/auth/token"
PAGE, OTHER_PAGE = "http://localhost:8000", "https://console.example"
OWN = {"Origin": PAGE, "X-CSRF": "1"}
EMPTY = '""'
ROUTES = [("POST", SESSION), ("POST", REFRESH), ("DELETE", SESSION)]
LATER = text(
    "UPDATE refresh_tokens SET used_at = used_at - make_interval(secs => :seconds) WHERE account_id = :account"
)
EXPIRED = text("UPDATE refresh_tokens SET expires_at = now() WHERE account_id = :account")
TOKENS = text(
    "SELECT used_at, successor_salt FROM refresh_tokens WHERE account_id = :account ORDER BY created_at, used_at"
)
EVENTS = text("SELECT count(*) FROM audit_events WHERE action = :action AND account_id = :account")


@dataclass
class Browser:
    """A browser that keeps the cookie that it got last, also after an answer removes it."""

    http: httpx.AsyncClient
    cookie: str | None = None

    async def send(self, method, path, *, cookie=None, headers=OWN, **content):
        sent = cookie or self.cookie
        headers = headers | ({"Cookie": f"refresh={sent}"} if sent else {})
        response = await self.http.request(method, path, headers=headers, **content)
        if cookie is None and set_by(response) not in {"", EMPTY}:
            self.cookie = set_by(response)
        return response

    async def log_in(self, email, password=PASSWORD, **options):
        return await self.send("POST", SESSION, json={"email": email, "password": password}, **options)

    async def refresh(self, cookie=None):
        return await self.send("POST", REFRESH, cookie=cookie)

    async def log_out(self):
        return await self.send("DELETE", SESSION)


def set_by(response):
    """Return the value of the cookie that an answer sets."""
    return response.headers.get("Set-Cookie", "=").partition(";")[0].partition("=")[2]


def refused(response, status=401, code="unauthenticated"):
    return (response.status_code, response.json()["code"]) == (status, code)


def is_cleared(response):
    return set_by(response) == EMPTY and "Max-Age=0" in response.headers["Set-Cookie"]


def bearer(response):
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


@pytest.fixture(scope="module")
async def gateway(gateway_settings):
    async with opened(gateway_settings(public_url=PAGE, allowed_origins=OTHER_PAGE)) as running:
        yield running


@pytest.fixture
async def browser(client, ada):
    """A browser in which Ada has logged in."""
    browser = Browser(client)
    assert (await browser.log_in(ada.email)).status_code == 200
    return browser


@pytest.fixture
def sql(gateway, ada):
    async def execute(statement, **values):
        async with gateway.services.resources.database.transaction() as session:
            result = await session.execute(statement, {"account": ada.account_id, **values})
            return result.all() if result.returns_rows else []

    return execute


@pytest.fixture
def pass_time(sql):
    """Let time pass since all uses of tokens."""
    return lambda seconds: sql(LATER, seconds=seconds)


class TestLogIn:
    async def test_refresh_token_is_in_the_cookie_alone(self, client, ada):
        response = await Browser(client).log_in(ada.email)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        assert response.json().keys() == {"access_token", "expires_in"}
        assert response.json()["expires_in"] == 900
        assert (await client.get("/api/v1/jobs", headers=bearer(response))).status_code == 200

    async def test_wrong_password_answers_like_unknown_email(self, client, ada):
        answers = [
            await Browser(client).log_in(ada.email, "wrong horse battery"),
            await Browser(client).log_in("nobody@example.org"),
        ]
        assert all(map(refused, answers))
        assert answers[0].json() | {"request_id": ""} == answers[1].json() | {"request_id": ""}
        assert not any("Set-Cookie" in answer.headers for answer in answers)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"email": "a@example.org"},
            {"email": "x" * 255, "password": "canary"},
            {"email": 1, "password": "canary"},
        ],
    )
    async def test_unfit_body_is_refused_and_not_repeated(self, client, body):
        response = await client.post(SESSION, json=body, headers=OWN)
        assert refused(response, 422, "validation-failed")
        assert "canary" not in response.text

    async def test_form_is_refused(self, client, ada):
        """A page of another site could send a form without asking first."""
        response = await client.post(SESSION, data={"email": ada.email, "password": PASSWORD}, headers=OWN)
        assert refused(response, 415, "unsupported-media-type")

    async def test_replaces_the_session_of_the_browser(self, browser, ada):
        before = browser.cookie
        assert (await browser.log_in(ada.email)).status_code == 200
        assert refused(await browser.refresh(before))
        assert (await browser.refresh()).status_code == 200

    async def test_failed_log_in_keeps_the_session(self, browser, ada):
        assert refused(await browser.log_in(ada.email, "wrong horse battery"))
        assert (await browser.refresh()).status_code == 200

    async def test_is_held_back_by_too_many_others(self, gateway, client, ada, monkeypatch):
        async def busy(*arguments):
            raise Overloaded

        monkeypatch.setattr(gateway.services.identity.accounts._passphrases, "run", busy)
        assert refused(await Browser(client).log_in(ada.email), 503, "overloaded")


class TestCookieFlags:
    LIFE = 14 * 24 * 3600

    async def test_over_http(self, client, ada):
        response = await Browser(client).log_in(ada.email)
        flags = f"HttpOnly; Max-Age={self.LIFE}; Path={SESSION}; SameSite=strict"
        assert re.fullmatch(rf"refresh=[\w-]{{43}}; {flags}", response.headers["Set-Cookie"])

    @pytest.mark.parametrize(
        ("settings", "address"),
        [
            ({"public_url": "https://images.example"}, "http://gateway"),
            ({"allowed_origins": "https://images.example"}, "https://gateway"),
        ],
        ids=["behind-a-proxy", "by-the-scheme-of-the-request"],
    )
    async def test_over_https(self, gateway_settings, ada, settings, address):
        own = OWN | {"Origin": "https://images.example"}
        flags = "HttpOnly; Max-Age={}; Path=/; SameSite=strict; Secure"
        async with opened(gateway_settings(**settings)) as gateway, gateway.client() as client:
            response = (
                await Browser(client).log_in(ada.email, headers=own)
                if address == "http://gateway"
                else (
                    await client.post(address + SESSION, json={"email": ada.email, "password": PASSWORD}, headers=own)
                )
            )
            written = re.fullmatch(r"__Host-refresh=([\w-]{43}); (.*)", response.headers["Set-Cookie"])
            assert written[2] == flags.format(self.LIFE)
            for name, status in (("refresh", 401), ("__Host-refresh", 200)):
                cookie = {"Cookie": f"{name}={written[1]}"}
                refreshed = await client.post(address + REFRESH, headers=own | cookie)
                assert refreshed.status_code == status
            ended = await client.delete(address + SESSION, headers=own | cookie)
            removed = "expires={}; HttpOnly; Max-Age=0; Path=/; SameSite=strict; Secure"
            assert re.fullmatch(rf'__Host-refresh=""; {removed.format("[^;]+")}', ended.headers["Set-Cookie"])


class TestOrigins:
    @pytest.mark.parametrize("route", ROUTES)
    @pytest.mark.parametrize(
        "headers",
        [
            [("X-CSRF", "1")],
            [("X-CSRF", "1"), ("Origin", "null")],
            [("X-CSRF", "1"), ("Origin", "http://localhost:8001")],
            [("X-CSRF", "1"), ("Origin", "https://localhost:8000")],
            [("X-CSRF", "1"), ("Origin", PAGE + ".evil.example")],
            [("X-CSRF", "1"), ("Origin", PAGE + "/")],
            [("X-CSRF", "1"), ("Origin", PAGE), ("Origin", "https://evil.example")],
            [("X-CSRF", "1"), ("Referer", PAGE + "/login"), ("Host", "localhost:8000")],
            [("Origin", PAGE)],
            [("Origin", PAGE), ("X-CSRF", "")],
            [("Origin", PAGE), ("X-CSRF", "true")],
            [("Origin", PAGE), ("X-CSRF", "1"), ("X-CSRF", "1")],
        ],
    )
    async def test_other_pages_are_refused(self, browser, ada, sql, route, headers):
        """They change nothing: no password is verified, the session goes on, and the cookie stays."""
        before = await sql(EVENTS, action="account.login")
        sent = [*headers, ("Cookie", f"refresh={browser.cookie}")]
        body = {"json": {"email": ada.email, "password": PASSWORD}} if route == ROUTES[0] else {}
        response = await browser.http.request(*route, headers=sent, **body)
        assert refused(response, 403, "origin-not-allowed")
        assert "Set-Cookie" not in response.headers
        assert await sql(EVENTS, action="account.login") == before
        assert (await browser.refresh()).status_code == 200

    async def test_refusal_names_the_address_to_open(self, client):
        assert PAGE in (await client.post(REFRESH)).json()["detail"]

    async def test_nobody_logs_in_where_no_address_is_set(self, gateway_settings):
        async with opened(gateway_settings()) as gateway, gateway.client() as client:
            response = await client.post(REFRESH, headers=OWN)
            assert refused(response, 403, "origin-not-allowed")
            assert "PUBLIC_URL" in response.json()["detail"]

    async def test_listed_origin_may_log_in(self, client, ada):
        """The same service under a second address, for example 127.0.0.1."""
        assert (await Browser(client).log_in(ada.email, headers=OWN | {"Origin": OTHER_PAGE})).status_code == 200

    @pytest.mark.parametrize("origin", [PAGE, OTHER_PAGE])
    async def test_no_page_of_another_origin_can_send_the_cookie(self, client, origin):
        """A browser asks first, and gets neither `X-CSRF` nor credentials."""
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type,x-csrf"}
        response = await client.options(SESSION, headers={"Origin": origin} | asked)
        assert response.status_code == 400
        assert "Access-Control-Allow-Credentials" not in response.headers
        assert "csrf" not in response.headers["Access-Control-Allow-Headers"].lower()

    async def test_public_url_may_call_and_get_tickets(self, client, ada):
        response = await client.get("/health", headers={"Origin": PAGE})
        assert response.headers["Access-Control-Allow-Origin"] == PAGE
        ticket = await ada.http.post(
            "/api/v1/ws-tickets", json={"job_id": await ada.encrypt()}, headers={"Origin": PAGE}
        )
        assert ticket.status_code == 201


class TestRefresh:
    async def test_brings_the_next_cookie_and_access_token(self, gateway, browser, ada):
        first = browser.cookie
        response = await browser.refresh()
        assert response.status_code == 200
        assert response.json().keys() == {"access_token", "expires_in"}
        assert browser.cookie != first
        assert (await browser.http.get("/api/v1/me", headers=bearer(response))).json()["email"] == ada.email

    async def test_session_stays_the_same(self, gateway, client, ada):
        browser = Browser(client)
        answers = [await browser.log_in(ada.email), await browser.refresh()]
        tokens = gateway.services.identity.tokens
        assert len({tokens.verify(answer.json()["access_token"]).session_id for answer in answers}) == 1

    async def test_many_at_once_get_one_cookie(self, browser, sql):
        """Tabs that open together; there is one valid token afterwards."""
        first = browser.cookie
        answers = await asyncio.gather(*(browser.refresh(first) for _ in range(8)))
        assert [answer.status_code for answer in answers] == [200] * 8
        assert len({set_by(answer) for answer in answers}) == 1
        assert len([row for row in await sql(TOKENS) if row.used_at is None]) == 2, "the other one is of the fixture"
        assert (await browser.refresh(set_by(answers[0]))).status_code == 200

    async def test_lost_answer_can_be_fetched_again(self, browser, pass_time):
        first = browser.cookie
        lost = set_by(await browser.refresh(first))
        await pass_time(15)
        assert set_by(await browser.refresh(first)) == lost
        await pass_time(60)
        following = await browser.refresh(lost)
        assert following.status_code == 200
        assert set_by(following) != lost

    @pytest.mark.parametrize(("seconds", "status"), [(19, 200), (21, 401)])
    async def test_used_cookie_is_valid_for_20_seconds(self, browser, pass_time, seconds, status):
        first = browser.cookie
        await browser.refresh()
        await pass_time(seconds)
        assert (await browser.refresh(first)).status_code == status

    async def test_used_later_ends_the_session(self, browser, pass_time, sql):
        first = browser.cookie
        second = set_by(await browser.refresh())
        await pass_time(21)
        response = await browser.refresh(first)
        assert refused(response)
        assert is_cleared(response)
        assert await sql(EVENTS, action="account.refresh_reused") == [(1,)]
        assert refused(await browser.refresh(second))

    async def test_reuse_ends_no_other_session(self, browser, ada, pass_time):
        other = Browser(browser.http)
        await other.log_in(ada.email)
        first = browser.cookie
        await browser.refresh()
        await pass_time(21)
        assert refused(await browser.refresh(first))
        assert (await other.refresh()).status_code == 200

    @pytest.mark.parametrize(("seconds", "stays"), [(59, True), (61, False)])
    async def test_new_cookie_stays_for_a_minute(self, browser, pass_time, seconds, stays):
        """Otherwise three tabs would replace each other's cookie, and the last answer to arrive may be an old one."""
        second = set_by(await browser.refresh())
        await pass_time(seconds)
        response = await browser.refresh(second)
        assert response.status_code == 200
        assert (set_by(response) == second) is stays

    async def test_repeated_cookie_leads_to_the_valid_one(self, browser):
        """Also after another tab has used that one."""
        first = browser.cookie
        second = set_by(await browser.refresh(first))
        assert [set_by(await browser.refresh(one)) for one in (second, first, second)] == [second] * 3

    async def test_rotation_forgets_the_salts_before(self, browser, pass_time, sql):
        for _ in range(3):
            await browser.refresh()
            await pass_time(61)
        salts = [row.successor_salt for row in await sql(TOKENS) if row.used_at is not None]
        assert [salt is not None for salt in salts].count(True) == 1

    @pytest.mark.parametrize("cookie", ["unknown", "x" * 257, "ü", ""])
    async def test_other_cookie_is_refused_and_removed(self, client, cookie):
        response = await client.post(REFRESH, headers={**OWN, "Cookie": f"refresh={cookie}".encode()})
        assert refused(response)
        assert is_cleared(response)

    async def test_no_cookie_is_refused(self, client):
        assert refused(await Browser(client).refresh())

    async def test_two_different_cookies_are_refused(self, browser):
        response = await browser.http.post(
            REFRESH, headers={**OWN, "Cookie": f"refresh={browser.cookie}; refresh=tossed"}
        )
        assert refused(response)
        assert (await browser.refresh()).status_code == 200

    async def test_expired_cookie_is_refused(self, browser, sql):
        await sql(EXPIRED)
        response = await browser.refresh()
        assert refused(response)
        assert is_cleared(response)

    async def test_outage_keeps_the_cookie(self, browser, monkeypatch):
        async def fail(*arguments):
            raise Unavailable

        with monkeypatch.context() as patch:
            patch.setattr(BrowserSessions, "refresh", fail)
            response = await browser.refresh()
        assert refused(response, 503, "unavailable")
        assert "Set-Cookie" not in response.headers
        assert (await browser.refresh()).status_code == 200


class TestOneDoorEach:
    """A token of a browser and one of a program are not exchangeable, and trying ends nothing."""

    async def test_cookie_is_no_refresh_token_of_a_program(self, browser):
        form = {"grant_type": "refresh_token", "refresh_token": browser.cookie}
        for _ in range(2):
            response = await browser.http.post(TOKEN, data=form)
            assert refused(response, 400, "invalid-grant")
        used = browser.cookie
        assert (await browser.refresh()).status_code == 200
        response = await browser.http.post(TOKEN, data=form | {"refresh_token": used})
        assert refused(response, 400, "invalid-grant")
        assert (await browser.refresh()).status_code == 200

    async def test_program_token_is_no_cookie(self, client, ada):
        browser = Browser(client, ada.refresh_token)
        assert refused(await browser.refresh())
        assert (await browser.log_out()).status_code == 204
        form = {"grant_type": "refresh_token", "refresh_token": ada.refresh_token}
        assert (await client.post(TOKEN, data=form)).status_code == 200

    async def test_program_token_is_never_repeated(self, client, ada):
        form = {"grant_type": "refresh_token", "refresh_token": ada.refresh_token}
        assert [(await client.post(TOKEN, data=form)).status_code for _ in range(2)] == [200, 400]

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/api/v1/me"),
            ("GET", "/api/v1/jobs"),
            ("POST", "/api/v1/auth/logout"),
            ("POST", "/api/v1/ws-tickets"),
            ("POST", "/api/v1/webhooks/default/rotate-secret"),
        ],
    )
    async def test_cookie_opens_no_other_route(self, browser, method, path):
        cookies = f"refresh={browser.cookie}; __Host-refresh={browser.cookie}; access_token={browser.cookie}"
        response = await browser.http.request(method, path, headers=OWN | {"Cookie": cookies})
        assert refused(response)

    async def test_cookie_opens_no_socket(self, gateway, server, wired):
        session = await gateway.services.identity.browsers.start(Caller(wired.account_id), wired.account_id)
        headers = {"Cookie": f"refresh={session.refresh_token}", "Origin": OTHER_PAGE}
        assert await refusal(server, await wired.encrypt(), headers=headers) == (401, "unauthenticated")


class TestLogOut:
    async def test_ends_the_session_and_removes_the_cookie(self, browser, sql):
        response = await browser.log_out()
        assert (response.status_code, response.content) == (204, b"")
        assert is_cleared(response)
        assert refused(await browser.refresh())
        assert await sql(EVENTS, action="account.logout") == [(1,)]

    async def test_twice_and_without_a_cookie_is_204(self, browser, client, sql):
        answers = [await browser.log_out(), await browser.log_out(), await Browser(client).log_out()]
        assert [answer.status_code for answer in answers] == [204] * 3
        assert await sql(EVENTS, action="account.logout") == [(1,)]

    async def test_cookie_of_a_moment_ago_ends_it_too(self, browser):
        first = browser.cookie
        await browser.refresh()
        second, browser.cookie = browser.cookie, first
        assert (await browser.log_out()).status_code == 204
        assert refused(await browser.refresh(second))

    async def test_other_browser_stays_logged_in(self, browser, client, ada):
        other = Browser(client)
        await other.log_in(ada.email)
        await browser.log_out()
        assert (await other.refresh()).status_code == 200

    async def test_access_token_can_no_longer_change_credentials(self, client, ada):
        browser = Browser(client)
        token = bearer(await browser.log_in(ada.email))
        rotate = "/api/v1/webhooks/default/rotate-secret"
        assert (await client.post(rotate, headers=token)).status_code == 200
        await browser.log_out()
        assert refused(await client.post(rotate, headers=token))

    async def test_overtakes_a_refresh_that_has_not_committed(self, gateway, browser, background):
        """The refresh adds a token that the log-out did not see at first."""
        identity, database = gateway.services.identity, gateway.services.resources.database
        written, commit = asyncio.Event(), asyncio.Event()
        late = BrowserSessions(
            Late(database, written, commit), identity.browsers._access, identity.sessions, refresh_seconds=3600
        )
        refreshing = background(late.refresh(ANYONE, browser.cookie))
        await written.wait()
        leaving = background(browser.log_out())
        async with asyncio.timeout(20), database.reading() as session:
            while not await session.scalar(WAITING):  # noqa: ASYNC110 - what is waited for is the database's
                await asyncio.sleep(0.01)
        commit.set()
        refreshed, response = await refreshing, await leaving
        assert response.status_code == 204
        assert refused(await browser.refresh(refreshed.refresh_token))

    async def test_with_the_access_token_ends_the_cookie(self, client, ada):
        """`POST /auth/logout` is for the same login session."""
        browser = Browser(client)
        token = bearer(await browser.log_in(ada.email))
        assert (await client.post("/api/v1/auth/logout", headers=token)).status_code == 204
        assert refused(await browser.refresh())

    @pytest.mark.parametrize("how", ["logout", "reuse"])
    async def test_closes_its_sockets(self, gateway, server, wired, how):
        session = await gateway.services.identity.browsers.start(Caller(wired.account_id), wired.account_id)
        async with socket(server, await wired.encrypt(), token=session.access_token) as opened_socket:
            await opened_socket.recv()
            async with gateway.client() as client:
                browser = Browser(client, session.refresh_token)
                if how == "logout":
                    await browser.log_out()
                else:
                    await browser.refresh()
                    async with gateway.services.resources.database.transaction() as transaction:
                        await transaction.execute(LATER, {"seconds": 21, "account": wired.account_id})
                    assert refused(await browser.refresh(session.refresh_token))
            assert (await rest(opened_socket))[1] == 4401
