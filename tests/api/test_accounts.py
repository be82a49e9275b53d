"""Accounts that people share: made, named, listed, chosen, closed."""

import asyncio
import json
import unicodedata

import pytest

from backplane import ids
from backplane.db.repositories import accounts, jobs, webhooks
from backplane.services.organizations.accounts import MAX_OWNED
from backplane.services.sealing.account_keys import account_key

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
ACCOUNTS = "/api/v1/accounts"
NAMES = {
    "NUL": "a\x00b",
    "CRLF": "a\r\nb",
    "escape": "a\x1b[31mb",
    "right-to-left override": "a\u202eb",
    "zero-width space": "a\u200bb",
    "line separator": "a\u2028b",
    "lone surrogate": "a\ud800b",
    "private use": "a\ue000b",
    "Hangul filler": "a\u3164b",
    "selector": "a\ufe0fb",
    "Cyrillic among Latin": "Micros\u043eft",
    "Greek among Latin": "\u0391pple",
    "only blanks": "  \u3000 ",
    "empty": "",
    "too long": "x" * 81,
}


@pytest.fixture
async def team(ada):
    """An account of Ada's beside her personal one, by its id on the wire."""
    return (await ada.http.post(ACCOUNTS, json={"name": "Radiology"})).raise_for_status().json()["account_id"]


async def problem_of(response):
    return response.status_code, response.json()["code"]


class TestMake:
    async def test_caller_is_its_owner(self, ada):
        response = await ada.http.post(ACCOUNTS, json={"name": "Radiology"})
        assert response.status_code == 201
        made = response.json()
        assert response.headers["Location"] == f"{ACCOUNTS}/{made['account_id']}"
        assert (made["name"], made["role"], made["personal"], made["closed_at"]) == ("Radiology", "owner", False, None)
        assert (await ada.http.get(response.headers["Location"])).json() == made

    async def test_has_a_key_of_its_own(self, ada, gateway, team):
        account_id = ids.from_wire("acc", team)
        async with gateway.services.resources.database.reading() as session:
            key = await account_key(session, gateway.services.resources.vault, account_id)
            personal = await account_key(session, gateway.services.resources.vault, ada.account_id)
        assert key.secret != personal.secret

    async def test_same_key_makes_one(self, ada):
        twice = [
            await ada.http.post(ACCOUNTS, json={"name": "Team"}, headers={"Idempotency-Key": "k1"}) for _ in range(2)
        ]
        assert twice[0].json() == twice[1].json()
        assert twice[1].headers["Idempotency-Replayed"] == "true"

    async def test_parallel_requests_stay_within_the_limit(self, ada):
        answers = await asyncio.gather(
            *(ada.http.post(ACCOUNTS, json={"name": f"Team {number}"}) for number in range(MAX_OWNED + 5))
        )
        assert sorted(answer.status_code for answer in answers) == [201] * MAX_OWNED + [409] * 5
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"too-many-accounts"}

    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
    async def test_unfit_name_is_refused_unrepeated(self, ada, name):
        response = await ada.http.post(
            ACCOUNTS, content=json.dumps({"name": name}), headers={"Content-Type": "application/json"}
        )
        assert response.status_code == 422
        assert response.json()["code"] == "validation-failed"
        assert len(name) < 2 or name not in response.text

    @pytest.mark.parametrize(
        "name", ["Ärzte Zürich", "Больница", "放射線科", "T\u30b7\u30e3\u30c4", "R&D <b>", "Ωμέγα", "x" * 80]
    )
    async def test_name_is_kept_in_nfc(self, ada, name):
        decomposed = unicodedata.normalize("NFD", f"  {name} ")
        response = await ada.http.post(ACCOUNTS, json={"name": decomposed})
        assert response.status_code == 201, response.text
        assert response.json()["name"] == unicodedata.normalize("NFC", name)

    async def test_unknown_field_is_refused(self, ada):
        response = await ada.http.post(ACCOUNTS, json={"name": "Team", "tier": "enterprise"})
        assert await problem_of(response) == (422, "validation-failed")


class TestList:
    async def test_personal_account_is_first(self, ada, team):
        listed = (await ada.http.get(ACCOUNTS)).json()["data"]
        assert [(one["account_id"], one["role"], one["personal"]) for one in listed] == [
            (ids.to_wire("acc", ada.account_id), "owner", True),
            (team, "owner", False),
        ]

    async def test_strangers_do_not_see_it(self, bob, team):
        assert team not in {one["account_id"] for one in (await bob.http.get(ACCOUNTS)).json()["data"]}
        assert await problem_of(await bob.http.get(f"{ACCOUNTS}/{team}")) == (404, "not-found")


class TestChoose:
    async def test_jobs_belong_to_the_chosen_account(self, ada, team):
        ada.http.headers["X-Account"] = team
        job_id = await ada.encrypt()
        assert (await ada.http.get(f"/api/v1/jobs/{job_id}")).status_code == 200
        del ada.http.headers["X-Account"]
        assert (await ada.http.get(f"/api/v1/jobs/{job_id}")).status_code == 404

    async def test_stranger_is_404(self, bob, team):
        response = await bob.http.get("/api/v1/jobs", headers={"X-Account": team})
        assert await problem_of(response) == (404, "not-found")


class TestRename:
    async def test_name_changes(self, ada, team):
        assert (await ada.http.patch(f"{ACCOUNTS}/{team}", json={"name": "Röntgen"})).json()["name"] == "Röntgen"
        assert (await ada.http.get(f"{ACCOUNTS}/{team}")).json()["name"] == "Röntgen"

    async def test_personal_account_keeps_its_address(self, ada):
        personal = ids.to_wire("acc", ada.account_id)
        response = await ada.http.patch(f"{ACCOUNTS}/{personal}", json={"name": "Me"})
        assert await problem_of(response) == (409, "personal-account")


class TestClose:
    async def test_nothing_is_done_for_it_any_more(self, ada, team):
        hook = {"url": "https://93.184.216.34/", "events": ["job.completed"]}
        chosen = {"X-Account": team}
        (await ada.http.post("/api/v1/webhooks", json=hook, headers=chosen)).raise_for_status()
        invited = {"email": "carol@example.org", "role": "member"}
        link = (await ada.http.post(f"{ACCOUNTS}/{team}/invitations", json=invited)).json()["link"]
        assert (await ada.http.post(f"{ACCOUNTS}/{team}/close")).status_code == 202
        for response in (
            await ada.http.get("/api/v1/jobs", headers=chosen),
            await ada.http.get("/api/v1/webhooks", headers=chosen),
            await ada.http.get(f"{ACCOUNTS}/{team}"),
            await ada.http.post(f"{ACCOUNTS}/{team}/close"),
        ):
            assert await problem_of(response) == (403, "account-closed")
        shown = await ada.http.post("/api/v1/invitations/show", json={"token": link.partition("#token=")[2]})
        assert await problem_of(shown) == (410, "invitation-revoked")
        closed = {one["account_id"]: one["closed_at"] for one in (await ada.http.get(ACCOUNTS)).json()["data"]}
        assert closed[team] is not None
        assert closed[ids.to_wire("acc", ada.account_id)] is None

    async def test_its_api_keys_are_refused(self, ada, team, gateway):
        new = {"name": "archive", "scopes": ["jobs:read", "account:write"]}
        made = (await ada.http.post("/api/v1/auth/keys", json=new, headers={"X-Account": team})).raise_for_status()
        async with gateway.client(**{"X-API-Key": made.json()["secret"]}) as program:
            assert (await program.get("/api/v1/jobs")).status_code == 200
            # Whatever its scopes, a key changes no members: it has no role.
            renamed = await program.patch(f"{ACCOUNTS}/{team}", json={"name": "Mine"})
            assert await problem_of(renamed) == (403, "insufficient-scope")
            (await ada.http.post(f"{ACCOUNTS}/{team}/close")).raise_for_status()
            assert await problem_of(await program.get("/api/v1/jobs")) == (403, "account-closed")

    async def test_its_webhooks_stop(self, ada, team, gateway):
        hook = {"url": "https://93.184.216.34/", "events": ["job.completed"]}
        (await ada.http.post("/api/v1/webhooks", json=hook, headers={"X-Account": team})).raise_for_status()
        (await ada.http.post(f"{ACCOUNTS}/{team}/close")).raise_for_status()
        async with gateway.services.resources.database.reading() as session:
            found = await webhooks.page(session, ids.from_wire("acc", team))
        assert [endpoint.enabled for endpoint in found] == [False]

    async def test_unfinished_jobs_are_counted(self, ada, team, engine):
        ada.http.headers["X-Account"] = team
        job_id = await ada.encrypt()
        response = await ada.http.post(f"{ACCOUNTS}/{team}/close")
        assert await problem_of(response) == (409, "account-busy")
        assert response.json()["detail"].startswith("Jobs waiting: 1, being processed: 0.")
        (await ada.http.post(f"/api/v1/jobs/{job_id}/cancel")).raise_for_status()
        assert (await ada.http.post(f"{ACCOUNTS}/{team}/close")).status_code == 202

    async def test_personal_account_stays(self, ada):
        personal = ids.to_wire("acc", ada.account_id)
        response = await ada.http.post(f"{ACCOUNTS}/{personal}/close")
        assert await problem_of(response) == (409, "personal-account")

    async def test_browser_proves_who_it_is(self, ada, team, gateway):
        """A login session of a browser whose user proved who they are an hour ago."""
        token = gateway.services.identity.tokens._access.issue(
            ada.account_id, ada.session_id, auth_time=1_700_000_000, browser=True
        )
        headers = {"Authorization": f"Bearer {token}"}
        for path, body in (("close", None), ("hand-over", {"user_id": "usr_" + "0" * 32})):
            response = await ada.http.post(f"{ACCOUNTS}/{team}/{path}", json=body, headers=headers)
            assert await problem_of(response) == (403, "reauthentication-required")

    async def test_running_job_ends_in_a_closed_account(self, ada, team, engine, gateway):
        """An operator closes without waiting: the job completes, and nobody fetches what it made."""
        ada.http.headers["X-Account"] = team
        job_id = await ada.encrypt()
        services, account_id = gateway.services, ids.from_wire("acc", team)
        async with services.resources.database.transaction() as session:
            account = await accounts.lock(session, account_id)
            await accounts.close(session, account)
            services.identity.revocations.revoke(session, account_id)
        await engine.complete_encrypt(job_id)
        for path in ("", "/result", "/key-file"):
            assert await problem_of(await ada.http.get(f"/api/v1/jobs/{job_id}{path}")) == (403, "account-closed")
        assert await problem_of(await ada.http.post(f"/api/v1/jobs/{job_id}/retry")) == (403, "account-closed")
        async with services.resources.database.reading() as session:
            job = await jobs.of_account(session, account_id, ids.from_wire("job", job_id))
        assert job.status == "completed"

    async def test_closing_waits_for_a_submission(self, ada, team, gateway):
        """A submission that holds the account commits first, and its job is counted."""
        database, account_id = gateway.services.resources.database, ids.from_wire("acc", team)
        async with database.transaction() as session:
            await accounts.hold(session, account_id)
            closing = asyncio.create_task(ada.http.post(f"{ACCOUNTS}/{team}/close"))
            done, _ = await asyncio.wait([closing], timeout=0.5)
            assert not done
        assert (await closing).status_code == 202
