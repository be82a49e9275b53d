"""Ended login sessions: what they can no longer do, and how they end."""

import asyncio
import re
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from api.dependencies import authenticate_in_session, authenticate_person_in_session, authenticate_recent_operator
from api.requests.members import authenticate_owner, authenticate_recent_user, authenticate_user
from backplane.errors import Unauthenticated
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from tests.api.conftest import PASSWORD
from tests.api.listening import end_session, rest, socket

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ANYONE = Caller(NO_ACCOUNT)
LOGOUT, TOKEN = "/api/v1/auth/logout", "/api/v1/auth/token"
CHECKED = {"keys:export", "webhooks:write", "api-keys:write", "account:write", "account:own"}
"""Scopes to export keys and to change rights: every route that requires one of them looks the session up."""

OTHERS = {
    "/api/v1/jobs/{job_id}/cancel",
    "/api/v1/batches/{batch_id}/cancel",
    "/api/v1/jobs/{job_id}/material",
    "/api/v1/auth/email",
    "/api/v1/auth/password",
    "/api/v1/security-events/{security_event_id}/acknowledge",
    "/api/v1/admin/users/{user_id}/factor-reset",
    "/api/v1/admin/users/{user_id}/factor-reset/confirm",
    "/api/v1/auth/session/confirm",
    "/api/v1/auth/session/confirm/options",
    "/api/v1/admin/outbox/{mail_id}",
}
"""They delete the inputs of jobs, export what a key needs, change the address or the password, confirm the session
itself, show the links of others, end an alarm, or are acts of operators on other people."""

MANAGED = {"/api/v1/admin/accounts/{account_id}", "/api/v1/admin/users/{user_id}"}
"""What operators change of other people; they may read it with any token."""

LOOKING = {
    authenticate_in_session,
    authenticate_owner,
    authenticate_person_in_session,
    authenticate_recent_operator,
    authenticate_user,
    authenticate_recent_user,
}
"""The dependencies that look the session up."""

OF_KEYS = "/api/v1/auth/keys/current"
"""For API keys, which have no session."""

FACTORS = "/api/v1/auth/factors/"
OWN_PAGE = {"Origin": "https://console.example", "X-CSRF": "1"}

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


def operations(app):
    """Yield every operation that demands a token, and whether it must look the session up."""
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            scopes = [set(names) for one in operation.get("security", []) for names in one.values()]
            if scopes and path != OF_KEYS:
                yield path, method, _must_look(path, method, scopes)


def _must_look(path, method, scopes):
    changes = method == "delete" or path.startswith(FACTORS)
    return changes or path in OTHERS or (method == "patch" and path in MANAGED) or any(one & CHECKED for one in scopes)


PREFIXES = {
    "account": "acc",
    "api_key": "apk",
    "batch": "bat",
    "delivery": "whd",
    "identity": "idn",
    "invitation": "inv",
    "job": "job",
    "mail": "eml",
    "passkey": "pky",
    "security_event": "sec",
    "session": "ses",
    "user": "usr",
    "webhook": "whk",
}


def address(path):
    return re.sub(r"{(\w+)_id}", lambda found: f"{PREFIXES[found[1]]}_{'0' * 32}", path)


async def refresh(user):
    return await user.http.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": user.refresh_token})


class Late:
    """A database whose transactions signal that they have written, and then wait for permission to commit."""

    def __init__(self, database, written, commit):
        self._database, self._written, self._commit = database, written, commit

    @asynccontextmanager
    async def transaction(self):
        async with self._database.transaction() as session:
            yield session
            await session.flush()
            self._written.set()
            await self._commit.wait()


def calls(dependant):
    yield dependant.call
    for one in dependant.dependencies:
        yield from calls(one)


def routes(router):
    for route in router.routes:
        if hasattr(route, "original_router"):
            yield from routes(route.original_router)
        elif hasattr(route, "dependant") and hasattr(route, "methods"):
            yield from (((route.path, method.lower()), set(calls(route.dependant))) for method in route.methods)


class TestEndedSession:
    async def test_exports_deletes_and_changes_nothing(self, gateway, ada):
        await end_session(ada)
        checked = [(path, method) for path, method, must in operations(gateway.app) if must]
        assert len(checked) >= 12
        for path, method in checked:
            response = await ada.http.request(
                method, address(path), json={"master_password": PASSWORD}, headers=OWN_PAGE
            )
            # A body that does not fit is refused before the session is looked up.
            if response.status_code != 422 or method not in {"post", "patch"}:
                assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), (method, path)

    async def test_every_checked_route_passes_it_first(self, gateway):
        """An unfit body hides the check above; the dependencies of the routes show it."""
        found = dict(routes(gateway.app))
        for path, method, must in operations(gateway.app):
            looks = LOOKING & found[path, method]
            assert bool(looks) == must, (method, path)

    async def test_takes_no_key_files_with_a_batch(self, ada):
        picture = (await ada.http.get("/docs")).content  # no picture: the batch ends at once
        batch = (await ada.http.post("/api/v1/batch/encrypt", files={"images": ("a.png", picture)})).json()["batch_id"]
        place = f"/api/v1/batches/{batch}/result"
        assert (await ada.http.get(place, params={"key_files": "true"})).status_code == 200
        await end_session(ada)
        assert (await ada.http.get(place, params={"key_files": "true"})).status_code == 401
        assert (await ada.http.get(place)).status_code == 401

    async def test_exports_no_key_that_it_could_export_before(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        place = f"/api/v1/jobs/{job_id}/key-file"
        assert (await ada.http.get(place)).status_code == 200
        await end_session(ada)
        response = await ada.http.get(place)
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
        assert (await ada.http.delete(f"/api/v1/jobs/{job_id}")).status_code == 401


class TestLogout:
    async def test_ends_the_session_and_no_other(self, client, ada):
        login = {"grant_type": "password", "username": ada.email, "password": PASSWORD}
        other = (await client.post(TOKEN, data=login)).json()
        response = await ada.http.post(LOGOUT)
        assert (response.status_code, response.content) == (204, b"")
        assert (await refresh(ada)).status_code == 400
        assert (await ada.http.get("/api/v1/webhooks")).status_code == 401
        assert (await ada.http.post("/api/v1/webhooks/default/rotate-secret")).status_code == 401
        bearer = {"Authorization": f"Bearer {other['access_token']}"}
        assert (await client.post("/api/v1/webhooks/default/rotate-secret", headers=bearer)).status_code == 200

    async def test_twice_is_the_same(self, ada):
        assert [(await ada.http.post(LOGOUT)).status_code for _ in range(2)] == [204, 204]

    async def test_without_a_token_is_401(self, client):
        assert (await client.post(LOGOUT)).status_code == 401

    async def test_is_audited_once(self, gateway, ada):
        for _ in range(2):
            await ada.http.post(LOGOUT)
        async with gateway.services.resources.database.reading() as session:
            asked = text("SELECT count(*) FROM audit_events WHERE action = 'account.logout' AND account_id = :account")
            assert await session.scalar(asked, {"account": ada.account_id}) == 1

    async def test_closes_its_sockets(self, server, wired):
        async with socket(server, await wired.encrypt(), token=wired.token) as opened:
            await opened.recv()
            await wired.http.post(LOGOUT)
            assert (await rest(opened))[1] == 4401

    async def test_overtakes_a_refresh_that_is_on_its_way(self, gateway, ada, background):
        """The refresh has used its token and has not committed: the token that it adds must end with the session."""
        database, tokens = gateway.services.resources.database, gateway.services.identity.tokens
        commit, added = asyncio.Event(), asyncio.Event()
        late = type(tokens)(Late(database, added, commit), tokens._access, tokens._sessions, refresh_seconds=3600)
        refreshing = background(late.refresh(ANYONE, ada.refresh_token))
        await added.wait()
        leaving = background(ada.http.post(LOGOUT))
        async with asyncio.timeout(20), database.reading() as session:
            while not await session.scalar(WAITING):  # noqa: ASYNC110 - what is waited for is the database's
                await asyncio.sleep(0.01)
        commit.set()
        pair, response = await refreshing, await leaving
        assert response.status_code == 204
        with pytest.raises(Unauthenticated):
            await tokens.refresh(ANYONE, pair.refresh_token)
