"""Ownership (OWASP API1) on every route that names an object; the routes come from the OpenAPI document."""

import pytest

from backplane.kinds import ANALYSIS
from backplane.services.attempts.outcomes import REPORTS, Measurement

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

BODIES = {
    "/api/v1/jobs/{job_id}/key-file": {"master_password": "a passphrase of mine"},
    "/api/v1/webhooks/{webhook_id}": {"enabled": False},
    "/api/v1/auth/keys/{api_key_id}": {"name": "mine"},
}
WITH_BODY = {"post", "patch"}
PROVIDER = "{provider}"
"""An identity provider belongs to no account."""


OPERATORS = "/api/v1/admin/"
"""There the caller must be an operator, not the owner: operators see the jobs of every account."""


def id_routes(app):
    for path, operations in app.openapi()["paths"].items():
        if "{" in path and PROVIDER not in path:
            yield from ((path, method) for method in operations)


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
async def foreign_webhook(bob):
    """Return an endpoint of another account, and a delivery to it."""
    new = {"url": "https://93.184.216.34/", "events": ["job.completed"]}
    endpoint = (await bob.http.post("/api/v1/webhooks", json=new)).json()["id"]
    delivery = (await bob.http.post(f"/api/v1/webhooks/{endpoint}/test")).json()["id"]
    return {"{webhook_id}": endpoint, "{delivery_id}": delivery}


@pytest.fixture
async def foreign_api_key(bob):
    wanted = {"name": "theirs", "scopes": ["jobs:read"]}
    return {"{api_key_id}": (await bob.http.post("/api/v1/auth/keys", json=wanted)).json()["id"]}


class TestOtherAccounts:
    async def test_every_id_route_is_404_for_another_account(
        self, gateway, ada, foreign_jobs, foreign_webhook, foreign_api_key
    ):
        routes = list(id_routes(gateway.app))
        assert len(routes) >= 5
        for path, method in routes:
            for state, job_id in foreign_jobs.items():
                address = path.replace("{job_id}", job_id)
                for name, value in (foreign_webhook | foreign_api_key).items():
                    address = address.replace(name, value)
                body = BODIES.get(path) if method in WITH_BODY else None
                response = await ada.http.request(method, address, json=body)
                expected = (403, "insufficient-scope") if path.startswith(OPERATORS) else (404, "not-found")
                assert (response.status_code, response.json()["code"]) == expected, (method, path, state)

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
            "/api/v1/auth/password/reset",
            "/api/v1/auth/password/reset/confirm",
            "/api/v1/auth/oidc/{provider}/finish",
            "/api/v1/auth/oidc/{provider}/start",
            "/api/v1/auth/providers",
            "/api/v1/auth/register",
            "/api/v1/auth/session",
            "/api/v1/auth/session/refresh",
            "/api/v1/auth/token",
            "/api/v1/auth/verify-email",
            "/api/v1/mail/unsubscribe",
            "/api/v1/setup",
            "/api/v1/tiers",
        }
    )

    async def test_every_other_route_is_401(self, gateway, client):
        for path, operations in gateway.app.openapi()["paths"].items():
            for method, operation in operations.items():
                assert ("security" not in operation) == (path in self.PUBLIC), path
                if path not in self.PUBLIC:
                    response = await client.request(method, path.replace("{job_id}", "job_" + "0" * 32), json={})
                    # A body is read before who sent it is asked, except a picture's.
                    assert response.status_code in ({401, 422} if path in BODIES else {401}), path
