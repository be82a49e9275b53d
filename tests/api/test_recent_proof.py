"""Every path by which key material leaves: a browser's user has just proved who they are, an API key has the scope."""

import time

import pytest

from api.app import create_app
from backplane.services.requests.caller import Caller
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

KEYS, MATERIAL = "keys:export", "results:read"
PATHS = {
    "key file": ("GET", "/api/v1/jobs/{job}/key-file", [KEYS]),
    "wrapped key file": ("POST", "/api/v1/jobs/{job}/key-file", [KEYS]),
    "material": ("GET", "/api/v1/jobs/{job}/material", [MATERIAL]),
    "zip with key files": ("GET", "/api/v1/batches/{batch}/result?key_files=true", [MATERIAL, KEYS]),
    "zip with material": ("GET", "/api/v1/batches/{batch}/result", [MATERIAL]),
}
"""With the scopes that an API key needs."""


@pytest.fixture
async def made(ada, engine):
    """Make a batch with one job, which has material."""
    files = {"images": ("scan.png", pictures.as_png(pictures.make(8, 6)))}
    batch = (await ada.http.post("/api/v1/batch/encrypt", files=files)).raise_for_status().json()
    job_id = batch["items"][0]["job_id"]
    await engine.complete_encrypt(job_id, material=b"material")
    return {"job": job_id, "batch": batch["batch_id"]}


@pytest.fixture
def fetch(client, made):
    async def send(name, *, method=None, **headers):
        verb, path, _ = PATHS[name]
        body = {"json": {"master_password": "correct horse battery"}} if verb == "POST" else {}
        return await client.request(method or verb, path.format(**made), headers=headers, **body)

    return send


@pytest.fixture
def browser(ada, gateway):
    """Sign a token of a browser whose user proved who they are so long ago."""

    def token(seconds):
        issue = gateway.services.identity.tokens._access.issue
        proved = int(time.time()) - seconds
        return {"Authorization": f"Bearer {issue(ada.account_id, ada.session_id, auth_time=proved, browser=True)}"}

    return token


async def test_browser_needs_a_recent_proof(fetch, browser):
    for name, (verb, _, _) in PATHS.items():
        for method in {verb, "HEAD" if verb == "GET" else verb}:
            assert (await fetch(name, method=method, **browser(601))).status_code == 403, name
        refused = await fetch(name, **browser(601))
        assert refused.json()["code"] == "reauthentication-required", name
        assert (await fetch(name, **browser(0))).status_code == 200, name


async def test_ended_session_exports_nothing(ada, gateway, fetch, browser):
    database = gateway.services.resources.database
    async with database.transaction() as session:
        await gateway.services.identity.sessions.remove(
            session, Caller(ada.account_id, user_id=ada.account_id), ada.session_id
        )
    for name in PATHS:
        assert (await fetch(name, **browser(0))).status_code == 401, name


async def test_api_key_needs_its_scopes(ada, fetch):
    for name, (_, _, scopes) in PATHS.items():
        for missing in (*scopes, None):
            given = ["jobs:read", *(scope for scope in scopes if scope != missing)]
            new = {"name": "x", "scopes": given}
            key = (await ada.http.post("/api/v1/auth/keys", json=new)).raise_for_status().json()
            response = await fetch(name, **{"X-API-Key": key["secret"]})
            assert response.status_code == (200 if missing is None else 403), (name, missing)
            assert missing is None or response.json()["code"] == "insufficient-scope"


async def test_zip_without_material_is_free(ada, engine, client, browser):
    files = {"images": ("scan.png", pictures.as_png(pictures.make(8, 6)))}
    batch = (await ada.http.post("/api/v1/batch/encrypt", files=files)).raise_for_status().json()
    await engine.complete_encrypt(batch["items"][0]["job_id"])
    response = await client.get(f"/api/v1/batches/{batch['batch_id']}/result", headers=browser(601))
    assert response.status_code == 200


def test_no_other_route_exports_keys():
    """The zip of a batch needs the scope only with key files."""
    paths = create_app().openapi()["paths"]
    needing = {
        (method.upper(), path)
        for path, item in paths.items()
        for method, operation in item.items()
        if any(KEYS in scopes for one in operation.get("security", []) for scopes in one.values())
    }
    listed = {(verb, path.replace("{job}", "{job_id}")) for verb, path, scopes in PATHS.values() if scopes == [KEYS]}
    assert needing == listed
