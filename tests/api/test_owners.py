"""Ownership (OWASP API1) on every route that names an object; the routes come from the OpenAPI document."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from backplane import ids
from backplane.db.repositories import identities
from backplane.kinds import ANALYSIS
from backplane.services.attempts.outcomes import REPORTS, Measurement
from backplane.services.security.alarms import Alarm
from backplane.services.security.detectors.detector import Finding
from backplane.services.security.notices import SecurityNotices
from backplane.services.security.rules import RULES
from tests.api.listening import refusal, socket
from tests.support import pictures
from tests.support.authenticator import Authenticator
from tests.support.teams import code_of, invite, join, make_team, user_id

pytestmark = [pytest.mark.anyio, pytest.mark.stack, pytest.mark.slow]

PASSKEYS = "/api/v1/auth/factors/passkeys"
OWN_PAGE = {"Origin": "https://console.example", "X-CSRF": "1"}
BODIES = {
    "/api/v1/auth/factors/passkeys/{passkey_id}": {"name": "Mine"},
    "/api/v1/jobs/{job_id}/key-file": {"master_password": "a passphrase of mine"},
    "/api/v1/webhooks/{webhook_id}": {"enabled": False},
    "/api/v1/auth/keys/{api_key_id}": {"name": "mine"},
    "/api/v1/accounts/{account_id}": {"name": "Mine"},
    "/api/v1/accounts/{account_id}/hand-over": {"user_id": "usr_" + "0" * 32},
    "/api/v1/accounts/{account_id}/invitations": {"email": "x@example.org", "role": "member"},
    "/api/v1/accounts/{account_id}/members/{user_id}": {"role": "member"},
}
WITH_BODY = {"post", "patch"}
API_KEY = {"name": "theirs", "scopes": ["jobs:read"]}
PROVIDER = "{provider}"
"""An identity provider belongs to no account."""


OPERATORS = "/api/v1/admin/"
"""There the caller must be an operator, not the owner: operators see the jobs of every account."""

OF_ACCOUNT = "/api/v1/accounts/{account_id}"
UNKNOWN = "acc_" + "0" * 32


def operations(app):
    for path, methods in app.openapi()["paths"].items():
        yield from ((path, method) for method, operation in methods.items() if "security" in operation)


def of_persons(app):
    """Yield the operations about the user, for which `X-Account` means nothing: they need no permission."""
    for path, method in operations(app):
        if not any(scopes for one in app.openapi()["paths"][path][method]["security"] for scopes in one.values()):
            yield path, method


def id_routes(app):
    return [(path, method) for path, method in operations(app) if "{" in path and PROVIDER not in path]


def filled(path, names):
    """Put ids into a path; a kind of object that this module does not know needs a fixture here."""
    for name, value in names.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, path
    return path


async def send(user, path, method, names, **headers):
    body = BODIES.get(path, {}) if method in WITH_BODY else None
    response = await user.http.request(method, filled(path, names), json=body, headers=headers)
    return code_of(response)


@pytest.fixture
async def foreign_jobs(bob, engine):
    """Return a job of another account in every state."""
    completed, failed, pending, decrypted = [await bob.encrypt() for _ in range(3)] + [await bob.decrypt()]
    documents = dict.fromkeys((ANALYSIS, *REPORTS.values()), b"{}")
    await engine.complete_encrypt(completed, measured=Measurement(documents, version=1))
    await engine.fail(failed)
    await engine.complete_decrypt(decrypted)
    return {"completed": completed, "failed": failed, "pending": pending, "decrypted": decrypted}


@pytest.fixture
async def foreign(gateway, bob, foreign_jobs):
    """Return an object of another user for every kind of id in a path: most are of the personal account."""
    new = {"url": "https://93.184.216.34/", "events": ["job.completed"]}
    endpoint = (await bob.http.post("/api/v1/webhooks", json=new)).json()["id"]
    delivery = (await bob.http.post(f"/api/v1/webhooks/{endpoint}/test")).json()["id"]
    picture = pictures.as_png(pictures.make(8, 6))
    batch = await bob.http.post("/api/v1/batch/encrypt", files={"images": ("scan.png", picture)})
    team = await make_team(bob)
    return {
        "job_id": foreign_jobs["completed"],
        "batch_id": batch.json()["batch_id"],
        "webhook_id": endpoint,
        "delivery_id": delivery,
        "account_id": team,
        "user_id": user_id(bob),
        "invitation_id": (await invite(bob, team, f"{team}@example.org"))["id"],
        "api_key_id": (await bob.http.post("/api/v1/auth/keys", json=API_KEY)).json()["id"],
        "identity_id": await add_identity(gateway, bob),
        "passkey_id": await add_passkey(bob),
        "security_event_id": await add_security_event(gateway, bob),
        "session_id": f"ses_{bob.session_id.hex}",
        "entry_id": (await bob.http.get("/api/v1/audit?limit=1")).json()["data"][0]["id"],
        "mail_id": "eml_" + "0" * 32,
    }


async def add_identity(gateway, user):
    identity_id, issuer = ids.new(), "https://accounts.example"
    async with gateway.services.resources.database.transaction() as session:
        await identities.add(
            session, identity_id, user_id=user.account_id, issuer=issuer, subject=identity_id.hex, email=None
        )
    return ids.to_wire("idn", identity_id)


async def add_security_event(gateway, user):
    found, now = Finding(user.account_id, user.account_id), datetime.now(UTC)
    notices = SecurityNotices(gateway.services.mail.outgoing)
    async with gateway.services.resources.database.transaction() as session:
        await notices.raise_event(session, Alarm(RULES["id_scraping"], bytes(32), found, now, now))
    return (await user.http.get("/api/v1/security-events")).json()["data"][0]["id"]


async def add_passkey(user):
    authenticator = Authenticator(origin=OWN_PAGE["Origin"], rp_id="console.example")
    options = (await user.http.post(f"{PASSKEYS}/options")).json()["options"]
    new = {"name": "Phone", "credential": authenticator.create(options)}
    return (await user.http.post(PASSKEYS, json=new)).raise_for_status().json()["id"]


class TestOtherAccounts:
    async def test_every_id_route_is_404_for_another_account(self, gateway, ada, foreign_jobs, foreign):
        routes = id_routes(gateway.app)
        assert len(routes) >= 30
        for path, method in routes:
            for state, job_id in foreign_jobs.items() if "{job_id}" in path else [("", "")]:
                answer = await send(ada, path, method, foreign | {"job_id": job_id})
                expected = (403, "insufficient-scope") if path.startswith(OPERATORS) else (404, "not-found")
                assert answer == expected, (method, path, state)

    async def test_own_account_does_not_open_foreign_objects(self, gateway, ada, foreign):
        """The ids are of Bob's, and the account is one that Ada owns: in the path, or chosen by `X-Account`."""
        team = await make_team(ada)
        for path, method in id_routes(gateway.app):
            own_object = path.startswith(OF_ACCOUNT) and path.count("{") == 1
            if not own_object and not path.startswith(OPERATORS):
                answer = await send(ada, path, method, foreign | {"account_id": team}, **{"X-Account": team})
                assert answer == (404, "not-found"), (method, path)

    async def test_foreign_account_is_404_on_every_route(self, gateway, ada, bob, foreign):
        """Chosen by `X-Account`, with ids that are in it: an organization, a personal account, and none at all."""
        personal = f"acc_{bob.account_id.hex}"
        persons = set(of_persons(gateway.app))
        for account in (foreign["account_id"], personal, UNKNOWN):
            for path, method in operations(gateway.app):
                if (path, method) not in persons:
                    answer = await send(ada, path, method, foreign | {"account_id": account}, **{"X-Account": account})
                    assert answer == (404, "not-found"), (method, path, account)

    async def test_members_account_does_not_open_the_personal_one(self, ada, bob, foreign):
        """Who shares one account with Bob sees that one, and not his others."""
        await join(bob, foreign["account_id"], ada, "owner")
        job = f"/api/v1/jobs/{foreign['job_id']}"
        assert code_of(await ada.http.get(job, headers={"X-Account": foreign["account_id"]})) == (404, "not-found")
        assert code_of(await ada.http.get(f"/api/v1/accounts/acc_{bob.account_id.hex}")) == (404, "not-found")

    async def test_account_of_the_path_counts(self, ada, bob, foreign):
        """Ada's own account in the header does not open Bob's in the path."""
        team = await make_team(ada)
        for method, path in (("GET", ""), ("GET", "/members"), ("GET", "/invitations"), ("POST", "/close")):
            address = f"/api/v1/accounts/{foreign['account_id']}{path}"
            assert code_of(await ada.http.request(method, address, headers={"X-Account": team})) == (404, "not-found")
        assert (await bob.http.get(f"/api/v1/accounts/{foreign['account_id']}")).json()["closed_at"] is None

    async def test_sockets_and_tickets_are_404(self, ada, server, wired, foreign):
        """With a token, and with a ticket that was asked for; in the own account, and in the other one."""
        for headers in ({}, {"X-Account": foreign["account_id"]}):
            for subject in (foreign["job_id"], foreign["batch_id"]):
                credential = {"Authorization": f"Bearer {wired.token}"} | headers
                assert await refusal(server, subject, headers=credential) == (404, "not-found")
                kind = "job_id" if subject.startswith("job") else "batch_id"
                asked = await wired.http.post(
                    "/api/v1/ws-tickets", json={kind: subject}, headers={"Origin": "https://console.example"} | headers
                )
                assert code_of(asked) == (404, "not-found")

    async def test_ticket_keeps_its_account(self, server, wired, bob):
        """A ticket is for the account that it was asked for; a member who is removed meanwhile is refused."""
        team = await make_team(bob)
        member = await join(bob, team, wired, "auditor")
        bob.http.headers["X-Account"] = team
        job_id = await bob.encrypt()
        origin, asked = {"Origin": "https://console.example"}, {"job_id": job_id}
        tickets = [
            (await wired.http.post("/api/v1/ws-tickets", json=asked, headers=origin | {"X-Account": team})).json()
            for _ in range(2)
        ]
        async with socket(server, job_id, ticket=tickets[0]["ticket"], headers=origin) as opened:
            assert json.loads(await opened.recv())["type"] == "snapshot"
        (await bob.http.delete(f"/api/v1/accounts/{team}/members/{member}")).raise_for_status()
        await asyncio.sleep(1.2)
        answer = await refusal(server, job_id, ticket=tickets[1]["ticket"], headers=origin)
        assert answer == (404, "not-found")

    async def test_owner_keeps_files_after_foreign_requests(self, ada, bob, foreign_jobs):
        for job_id in foreign_jobs.values():
            await ada.http.get(f"/api/v1/jobs/{job_id}/result")
        for state in ("completed", "decrypted"):
            assert (await bob.http.get(f"/api/v1/jobs/{foreign_jobs[state]}/result")).status_code == 200
        for address in ("analyze/{}", "jobs/{}/report", "jobs/{}/report?format=pdf"):
            assert (await bob.http.get("/api/v1/" + address.format(foreign_jobs["completed"]))).status_code == 200

    async def test_foreign_job_answers_like_unknown_job(self, ada, foreign_jobs):
        answers = [
            (await ada.http.get(f"/api/v1/jobs/{job_id}")).json() | {"request_id": ""}
            for job_id in (*foreign_jobs.values(), "job_" + "0" * 32)
        ]
        assert all(answer == answers[0] for answer in answers)


class TestWithoutACredential:
    PUBLIC = frozenset(
        {
            "/health",
            "/ready",
            "/metrics",
            "/.well-known/jwks.json",
            "/.well-known/security.txt",
            "/api/v1/auth/challenge",
            "/api/v1/auth/email/confirm",
            "/api/v1/auth/factors/reset/confirm",
            "/api/v1/auth/factors/reset/refuse",
            "/api/v1/auth/password/reset",
            "/api/v1/auth/password/reset/confirm",
            "/api/v1/auth/oidc/{provider}/finish",
            "/api/v1/auth/oidc/{provider}/start",
            "/api/v1/auth/providers",
            "/api/v1/auth/register",
            "/api/v1/auth/session",
            "/api/v1/auth/session/passkey",
            "/api/v1/auth/session/passkey/options",
            "/api/v1/auth/session/refresh",
            "/api/v1/auth/session/second-factor",
            "/api/v1/auth/token",
            "/api/v1/auth/verify-email",
            "/api/v1/mail/unsubscribe",
            "/api/v1/invitations/show",
            "/api/v1/setup",
            "/api/v1/tiers",
        }
    )

    async def test_every_other_route_is_401(self, gateway, client):
        for path, operations in gateway.app.openapi()["paths"].items():
            for method, operation in operations.items():
                assert ("security" not in operation) == (path in self.PUBLIC), path
                if path not in self.PUBLIC:
                    address = path.replace("{job_id}", "job_" + "0" * 32)
                    response = await client.request(method, address, json={}, headers=OWN_PAGE)
                    # A body is read before who sent it is asked, except a picture's.
                    assert response.status_code in ({401, 422} if path in BODIES else {401}), path
