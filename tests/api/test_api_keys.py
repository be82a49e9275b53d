"""API keys: made, used, changed, rotated and revoked."""

import asyncio
import json
import time
import uuid

import pytest
from sqlalchemy import text

from backplane import ids
from backplane.db.repositories import accounts, memberships
from backplane.db.repositories import api_keys as rows
from backplane.errors import Unavailable
from backplane.services.administration.users import UserChange
from backplane.services.identity import api_key_verification
from backplane.services.identity.api_key_format import is_api_key, new_api_key
from backplane.services.identity.permissions import PERSONAL, SCOPES
from backplane.services.requests.caller import Caller
from tests.api.conftest import eventually, opened
from tests.api.listening import all_events, refusal, rest, socket
from tests.support.teams import ACCOUNTS, join, make_team, user_id

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

BASE = "/api/v1/auth/keys"
JOBS = "/api/v1/jobs"
NEW = {"name": "nightly", "scopes": ["jobs:read", "jobs:write"]}
EVERYTHING = sorted(SCOPES - PERSONAL)
HERE = "127.0.0.1"


async def make(user, **changes):
    response = await user.http.post(BASE, json=NEW | changes)
    assert response.status_code == 201, response.text
    return response.json()


async def sql(gateway, statement, **values):
    async with gateway.services.resources.database.transaction() as session:
        result = await session.execute(text(statement), values)
        return [dict(row._mapping) for row in result] if result.returns_rows else []


def key_id(made):
    return ids.from_wire("apk", made["id"])


@pytest.fixture
def key_client(gateway):
    """Give a client that sends an API key; it needs no closing: nothing of it is connected."""
    return lambda secret: gateway.client(**{"X-API-Key": secret})


async def status(client, address=JOBS):
    response = await client.get(address)
    return response.status_code, response.json().get("code")


REFUSED = (401, "unauthenticated")
ACCEPTED = (200, None)
WITHIN = {
    "name": "x",
    "scopes": ["jobs:read"],
    "expires_in_days": 9,
    "networks": ["127.0.0.0/9"],
    "rate_per_hour": 100,
}
"""A key that the key of `bound` may make."""


async def until(client, expected):
    """Wait until a gateway answers as expected; it may take a second to hear of a change."""
    async with asyncio.timeout(1):
        while await status(client) != expected:  # noqa: ASYNC110 - another gateway's answer
            await asyncio.sleep(0.02)


class TestCreate:
    async def test_secret_is_shown_once(self, ada):
        response = await ada.http.post(BASE, json=NEW | {"expires_in_days": 30})
        made = response.json()
        assert response.status_code == 201
        assert response.headers["Location"] == f"{BASE}/{made['id']}"
        assert response.headers["Cache-Control"] == "no-store"
        assert is_api_key(made["secret"])
        assert made["prefix"] == made["secret"][:13]
        assert (made["status"], made["created_by"]) == ("active", f"usr_{ada.account_id.hex}")
        for address in (f"{BASE}/{made['id']}", BASE):
            later = await ada.http.get(address)
            assert later.status_code == 200
            assert made["secret"] not in later.text
            assert made["secret"][13:] not in later.text

    async def test_only_a_hash_is_stored(self, gateway, ada):
        made = await make(ada)
        [row] = await sql(gateway, "SELECT * FROM api_keys WHERE id = :id", id=key_id(made))
        assert made["secret"][13:] not in repr(row)
        assert row["hash"][:4] == (1).to_bytes(4)
        assert len(row["hash"]) == 36

    async def test_same_request_again_brings_same_secret(self, ada):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        first, second = [await ada.http.post(BASE, json=NEW, headers=key) for _ in range(2)]
        assert first.json() == second.json()
        assert second.headers["Idempotency-Replayed"] == "true"
        assert len((await ada.http.get(BASE)).json()["data"]) == 1
        other = await ada.http.post(BASE, json=NEW | {"name": "other"}, headers=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency-mismatch")

    async def test_every_act_is_audited(self, gateway, ada):
        made = await make(ada)
        await ada.http.patch(f"{BASE}/{made['id']}", json={"name": "x"})
        rotated = (await ada.http.post(f"{BASE}/{made['id']}/rotate", json={})).json()
        await ada.http.delete(f"{BASE}/{made['id']}")
        events = await sql(
            gateway, "SELECT action, details FROM audit_events WHERE account_id = :id ORDER BY id", id=ada.account_id
        )
        assert [event["action"] for event in events][-4:] == [
            "api_key.created",
            "api_key.changed",
            "api_key.rotated",
            "api_key.revoked",
        ]
        for secret in (made["secret"], rotated["secret"]):
            assert secret[13:] not in repr(events)

    async def test_account_has_a_limit(self, ada, monkeypatch):
        monkeypatch.setattr("backplane.services.identity.api_keys.MAX_KEYS", 2)
        first = await make(ada)
        await make(ada)
        full = await ada.http.post(BASE, json=NEW)
        assert (full.status_code, full.json()["code"]) == (409, "too-many-api-keys")
        rotated = await ada.http.post(f"{BASE}/{first['id']}/rotate", json={"grace_hours": 0})
        assert rotated.status_code == 201
        assert (await ada.http.delete(f"{BASE}/{rotated.json()['id']}")).status_code == 204
        await make(ada)

    async def test_parallel_requests_stay_within_it(self, ada, monkeypatch):
        monkeypatch.setattr("backplane.services.identity.api_keys.MAX_KEYS", 3)
        answers = await asyncio.gather(*(ada.http.post(BASE, json=NEW) for _ in range(10)))
        assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 7

    async def test_tier_limits_them_exactly(self, gateway, ada):
        await sql(gateway, "UPDATE accounts SET tier = 'free' WHERE id = :id", id=ada.account_id)
        answers = await asyncio.gather(*(ada.http.post(BASE, json=NEW) for _ in range(20)))
        refused = [one.json() for one in answers if one.status_code == 409]
        assert len(refused) == 18
        limit = {"name": "api_keys", "limit": 2, "used": 2, "reset": None, "tier": "free"}
        assert all((one["code"], one["limit"]) == ("too-many-api-keys", limit) for one in refused)
        assert len((await ada.http.get(BASE)).json()["data"]) == 2

    @pytest.mark.parametrize(
        "change",
        [
            {"name": ""},
            {"name": "x" * 101},
            {"name": " x"},
            {"name": "a\r\nSet-Cookie: b"},
            {"name": "a\u202eb"},
            {"name": None},
            {"scopes": []},
            {"scopes": ["jobs:read", "jobs:read"]},
            {"scopes": ["jobs:everything"]},
            {"scopes": ["account:own"]},
            {"scopes": "jobs:read"},
            {"expires_in_days": 0},
            {"expires_in_days": 3651},
            {"expires_in_days": True},
            {"expires_in_days": "30"},
            {"expires_in_days": 1.5},
            {"networks": []},
            {"networks": ["10.0.0.1/8"]},
            {"networks": ["everywhere"]},
            {"networks": ["192.0.2.0/33"]},
            {"networks": [f"192.0.2.{number}" for number in range(21)]},
            {"rate_per_hour": 0},
            {"rate_per_hour": 10**7},
            {"secret": "qis_live_mine"},
            {"account_id": "acc_" + "0" * 32},
        ],
    )
    async def test_invalid_key_is_refused(self, ada, change):
        response = await ada.http.post(BASE, json=NEW | change)
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "qis_live_mine" not in response.text
        assert (await ada.http.get(BASE)).json()["data"] == []

    async def test_networks_are_written_one_way(self, ada):
        made = await make(ada, networks=["192.0.2.7", "2001:DB8::/32", "192.0.2.7/32"])
        assert made["networks"] == ["192.0.2.7/32", "2001:db8::/32"]

    async def test_browser_must_have_proved_it_lately(self, gateway, ada):
        access = gateway.services.identity.tokens._access
        for auth_time, expected in ((time.time() - 601, 403), (time.time(), 201)):
            token = access.issue(ada.account_id, ada.session_id, auth_time=int(auth_time), browser=True)
            response = await ada.http.post(BASE, json=NEW, headers={"Authorization": f"Bearer {token}"})
            assert response.status_code == expected


class TestAuthentication:
    async def test_header_of_its_own(self, ada, key_client):
        made = await make(ada)
        assert await status(key_client(made["secret"])) == ACCEPTED

    async def test_bearer_token(self, gateway, ada):
        made = await make(ada)
        assert await status(gateway.client(Authorization=f"Bearer {made['secret']}")) == ACCEPTED
        assert await status(gateway.client(Authorization=f"bearer {made['secret']}")) == ACCEPTED

    async def test_two_credentials_are_refused(self, gateway, ada):
        secret = (await make(ada))["secret"]
        for headers in (
            [("X-API-Key", secret), ("Authorization", f"Bearer {ada.token}")],
            [("X-API-Key", secret), ("Authorization", f"Bearer {secret}")],
            [("X-API-Key", secret), ("Authorization", "Basic YTpi")],
            [("X-API-Key", secret), ("X-API-Key", secret)],
            [("X-API-Key", f"{secret}, {secret}")],
        ):
            async with gateway.client() as http:
                response = await http.get(JOBS, headers=headers)
            assert (response.status_code, response.json()["code"]) == REFUSED
            assert secret not in response.text

    async def test_access_token_is_no_api_key(self, ada, key_client):
        assert await status(key_client(ada.token)) == REFUSED

    async def test_query_and_cookie_are_no_credential(self, client, ada):
        secret = (await make(ada))["secret"]
        assert (await client.get(f"{JOBS}/x", params={"api_key": secret})).status_code == 401
        assert (await client.get(JOBS, headers={"Cookie": f"X-API-Key={secret}"})).status_code == 401

    async def test_what_is_no_key_costs_no_query(self, ada, gateway, key_client, monkeypatch):
        secret = (await make(ada))["secret"]
        queries = []
        by_hashes = rows.by_hashes

        async def counted(*arguments):
            queries.append(arguments)
            return await by_hashes(*arguments)

        monkeypatch.setattr(rows, "by_hashes", counted)
        for wrong in ("qis_live_", secret[:-1], secret + "a", secret[:-1] + ("a" if secret[-1] != "a" else "b")):
            assert await status(key_client(wrong)) == REFUSED
        assert queries == []
        assert await status(key_client(new_api_key("live"))) == REFUSED
        assert len(queries) == 1

    async def test_known_key_costs_no_query(self, ada, key_client, monkeypatch):
        secret = (await make(ada))["secret"]
        assert await status(key_client(secret)) == ACCEPTED
        monkeypatch.setattr(rows, "by_hashes", None)
        assert await status(key_client(secret)) == ACCEPTED

    async def test_many_requests_of_new_key_share_query(self, ada, key_client, monkeypatch):
        secret = (await make(ada))["secret"]
        queries = []
        by_hashes = rows.by_hashes

        async def counted(*arguments):
            queries.append(arguments)
            await asyncio.sleep(0.05)
            return await by_hashes(*arguments)

        monkeypatch.setattr(rows, "by_hashes", counted)
        answers = await asyncio.gather(*(status(key_client(secret)) for _ in range(20)))
        assert set(answers) == {ACCEPTED}
        assert len(queries) <= 3

    async def test_unknown_key_is_not_kept(self, gateway, key_client):
        known = gateway.services.identity.api_key_verifier._known
        before = len(known)
        assert await status(key_client(new_api_key("live"))) == REFUSED
        assert len(known) == before

    async def test_memory_is_bounded(self, gateway, ada, key_client, monkeypatch):
        monkeypatch.setattr(api_key_verification, "KEPT_AT_MOST", 2)
        for _ in range(4):
            assert await status(key_client((await make(ada))["secret"])) == ACCEPTED
        assert len(gateway.services.identity.api_key_verifier._known) == 2

    async def test_expired_key_says_so(self, gateway, ada, key_client):
        made = await make(ada, expires_in_days=1)
        await sql(gateway, "UPDATE api_keys SET expires_at = now() WHERE id = :id", id=key_id(made))
        response = await key_client(made["secret"]).get(JOBS)
        assert (response.status_code, response.json()["code"]) == (401, "api-key-expired")
        assert response.headers["WWW-Authenticate"] == "Bearer"
        assert (await ada.http.get(f"{BASE}/{made['id']}")).json()["status"] == "expired"

    async def test_key_that_expires_in_memory(self, gateway, ada, key_client):
        made = await make(ada, expires_in_days=1)
        await sql(gateway, "UPDATE api_keys SET expires_at = now() + interval '1.5 s' WHERE id = :id", id=key_id(made))
        assert await status(key_client(made["secret"])) == ACCEPTED
        await asyncio.sleep(1.6)
        assert await status(key_client(made["secret"])) == (401, "api-key-expired")

    async def test_other_account_is_404(self, ada, bob, key_client):
        http = key_client((await make(ada))["secret"])
        own, other = f"acc_{ada.account_id.hex}", f"acc_{bob.account_id.hex}"
        assert (await http.get(JOBS, headers={"X-Account": own})).status_code == 200
        assert (await http.get(JOBS, headers={"X-Account": other})).status_code == 404

    async def test_sees_jobs_of_its_account(self, ada, bob, key_client):
        http = key_client((await make(ada))["secret"])
        mine, theirs = await ada.encrypt(), await bob.encrypt()
        assert [job["job_id"] for job in (await http.get(JOBS)).json()["data"]] == [mine]
        assert (await http.get(f"{JOBS}/{theirs}")).status_code == 404

    async def test_missing_scope_is_403(self, ada, key_client):
        http = key_client((await make(ada, scopes=["jobs:write"]))["secret"])
        assert await status(http) == (403, "insufficient-scope")

    async def test_routes_of_users_are_403(self, ada, key_client):
        http = key_client((await make(ada, scopes=EVERYTHING))["secret"])
        assert await status(http, "/api/v1/me") == (403, "insufficient-scope")

    async def test_key_sees_itself(self, ada, client, key_client):
        made = await make(ada, scopes=["jobs:write"])
        found = (await key_client(made["secret"]).get(f"{BASE}/current")).json()
        assert (found["id"], found["account_id"]) == (made["id"], f"acc_{ada.account_id.hex}")
        assert await status(ada.http, f"{BASE}/current") == (403, "insufficient-scope")
        assert await status(client, f"{BASE}/current") == REFUSED

    async def test_missing_vault_is_503(self, gateway, ada, key_client, tmp_path, monkeypatch):
        secret = (await make(ada))["secret"]
        peppers = gateway.services.identity.api_key_verifier._peppers
        monkeypatch.setattr(peppers._series, "_folder", tmp_path / "none")
        monkeypatch.setattr(peppers._vault, "_directory", tmp_path / "none")
        assert await status(key_client(secret)) == (503, "unavailable")


class TestNetworks:
    @pytest.mark.parametrize("networks", [[HERE], ["127.0.0.0/8"], ["::1", "0.0.0.0/0"]])
    async def test_key_is_used_from_them(self, ada, key_client, networks):
        assert await status(key_client((await make(ada, networks=networks))["secret"])) == ACCEPTED

    @pytest.mark.parametrize("networks", [["192.0.2.0/24"], ["::/0"], ["127.0.0.2"]])
    async def test_elsewhere_is_as_if_unknown(self, ada, key_client, networks):
        known = await key_client((await make(ada, networks=networks))["secret"]).get(JOBS)
        unknown = await key_client(new_api_key("test")).get(JOBS)
        assert (known.status_code, known.json()["code"]) == REFUSED
        assert {**known.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}

    async def test_forwarded_header_moves_nothing(self, ada, key_client):
        http = key_client((await make(ada, networks=["192.0.2.0/24"]))["secret"])
        response = await http.get(JOBS, headers={"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1"})
        assert response.status_code == 401

    async def test_refusal_is_audited_once(self, gateway, ada, key_client):
        made = await make(ada, networks=["192.0.2.0/24"])
        for _ in range(5):
            await status(key_client(made["secret"]))
        await gateway.services.identity.api_key_verifier._uses.write()
        events = await sql(
            gateway,
            "SELECT outcome, details FROM audit_events WHERE action = 'api_key.refused' AND object_id = :id",
            id=key_id(made),
        )
        assert [(event["outcome"], event["details"]) for event in events] == [("failure", {"reason": "network"})]
        assert (await ada.http.get(f"{BASE}/{made['id']}")).json()["last_used_at"] is None


class TestLastUse:
    async def test_is_written_beside_the_request(self, gateway, ada, key_client):
        made = await make(ada)
        uses = gateway.services.identity.api_key_verifier._uses
        await status(key_client(made["secret"]))
        await uses.write()
        first = (await ada.http.get(f"{BASE}/{made['id']}")).json()["last_used_at"]
        assert first is not None
        await status(key_client(made["secret"]))
        assert uses._used == {}

    async def test_is_written_once_a_minute_by_all(self, gateway, ada):
        made = await make(ada)
        uses = gateway.services.identity.api_key_verifier._uses
        [row] = await sql(gateway, "SELECT hash FROM api_keys WHERE id = :id", id=key_id(made))
        seen = []
        for _ in range(2):
            uses.note_use(key_id(made), row["hash"], account_id=ada.account_id, address=None)
            await uses.write()
            seen.append((await ada.http.get(f"{BASE}/{made['id']}")).json()["last_used_at"])
        assert seen[0] == seen[1]
        await sql(gateway, "UPDATE api_keys SET last_used_at = now() - interval '61 s' WHERE id = :id", id=key_id(made))
        uses.note_use(key_id(made), row["hash"], account_id=ada.account_id, address=None)
        await uses.write()
        assert (await ada.http.get(f"{BASE}/{made['id']}")).json()["last_used_at"] >= seen[0]

    async def test_database_failure_keeps_the_notes(self, gateway, ada, monkeypatch):
        made = await make(ada)
        uses = gateway.services.identity.api_key_verifier._uses

        async def fail(*_, **__):
            raise OSError

        uses.note_use(key_id(made), bytes(36), account_id=ada.account_id, address=None)
        with monkeypatch.context() as patch:
            patch.setattr(rows, "note_use", fail)
            with pytest.raises(Unavailable):
                await uses.write()
        assert list(uses._used) == [key_id(made)]
        uses._used.clear()


class TestPeppers:
    async def test_key_is_hashed_again_at_its_use(self, gateway, ada, key_client):
        made = await make(ada)
        verifier = gateway.services.identity.api_key_verifier
        version = await asyncio.to_thread(verifier._peppers.rotate)
        verifier.forget(ada.account_id)
        assert await status(key_client(made["secret"])) == ACCEPTED
        await verifier._uses.write()
        [row] = await sql(gateway, "SELECT hash FROM api_keys WHERE id = :id", id=key_id(made))
        assert row["hash"][:4] == version.to_bytes(4)
        verifier.forget(ada.account_id)
        assert await status(key_client(made["secret"])) == ACCEPTED

    async def test_new_pepper_is_seen_by_others(self, gateway, gateway_settings, ada):
        async with opened(gateway_settings()) as other:
            version = await asyncio.to_thread(gateway.services.identity.api_key_verifier._peppers.rotate)
            made = await make(ada)
            [row] = await sql(gateway, "SELECT hash FROM api_keys WHERE id = :id", id=key_id(made))
            assert row["hash"][:4] == version.to_bytes(4)
            assert await status(other.client(**{"X-API-Key": made["secret"]})) == ACCEPTED


class TestRevocation:
    async def test_key_is_refused_at_once(self, ada, key_client):
        made = await make(ada)
        http = key_client(made["secret"])
        assert await status(http) == ACCEPTED
        assert (await ada.http.delete(f"{BASE}/{made['id']}")).status_code == 204
        assert await status(http) == REFUSED
        assert (await ada.http.get(f"{BASE}/{made['id']}")).status_code == 404
        assert (await ada.http.delete(f"{BASE}/{made['id']}")).status_code == 404

    async def test_other_gateway_refuses_within_a_second(self, gateway_settings, ada):
        made = await make(ada)
        async with opened(gateway_settings()) as other:
            http = other.client(**{"X-API-Key": made["secret"]})
            assert await status(http) == ACCEPTED
            await ada.http.delete(f"{BASE}/{made['id']}")
            began = time.monotonic()
            await until(http, REFUSED)
            assert time.monotonic() - began < 1

    async def test_read_before_revocation_is_not_kept(self, gateway, ada, key_client, monkeypatch):
        made = await make(ada)
        by_hashes = rows.by_hashes

        async def late(*arguments):
            found = await by_hashes(*arguments)
            gateway.services.identity.api_key_verifier.forget(key_id(made))
            return found

        monkeypatch.setattr(rows, "by_hashes", late)
        await status(key_client(made["secret"]))
        assert not any(
            known.key_id == key_id(made) for known in gateway.services.identity.api_key_verifier._known.values()
        )

    async def test_open_socket_is_closed(self, server, wired):
        made = await make(wired)
        job_id = await wired.encrypt()
        async with socket(server, job_id, token=made["secret"]) as opened_socket:
            assert json.loads(await opened_socket.recv())["type"] == "snapshot"
            await wired.http.delete(f"{BASE}/{made['id']}")
            _, code = await rest(opened_socket)
        assert code == 4401
        assert await refusal(server, job_id, token=made["secret"]) == REFUSED

    async def test_open_event_stream_is_closed(self, server, wired):
        made = await make(wired)
        job_id = await wired.encrypt()
        listening = asyncio.create_task(all_events(wired, job_id, Authorization=f"Bearer {made['secret']}"))
        await eventually(lambda: ids.from_wire("job", job_id) in server.services.resources.bus.listened_to)
        await wired.http.delete(f"{BASE}/{made['id']}")
        received = await listening
        assert "ended" in received[-1].comment


class TestMakers:
    @pytest.fixture
    async def team(self, ada, bob):
        """Let Bob be an admin of an account of Ada, and act for it."""
        team = await make_team(ada)
        await join(ada, team, bob, "admin")
        bob.http.headers["X-Account"] = team
        return team

    @pytest.mark.parametrize("end", ["left", "removed"])
    async def test_keys_of_gone_member_are_refused(self, *, ada, bob, team, key_client, gateway_settings, end):
        bobs, adas = await make(bob), await make(ada)
        client = key_client(bobs["secret"])
        assert await status(client) == ACCEPTED
        async with opened(gateway_settings()) as other:
            elsewhere = other.client(**{"X-API-Key": bobs["secret"]})
            assert await status(elsewhere) == ACCEPTED
            member = "me" if end == "left" else user_id(bob)
            http = bob.http if end == "left" else ada.http
            (await http.delete(f"{ACCOUNTS}/{team}/members/{member}")).raise_for_status()
            assert await status(client) == REFUSED
            await until(elsewhere, REFUSED)
        assert await status(key_client(adas["secret"])) == ACCEPTED
        assert (await ada.http.get(BASE, headers={"X-Account": team})).json()["data"] == []

    async def test_lowered_role_ends_what_exceeds_it(self, gateway, ada, bob, team, key_client):
        within, beyond = await make(bob), await make(bob, scopes=["jobs:read", "webhooks:write"])
        place = f"{ACCOUNTS}/{team}/members/{user_id(bob)}"
        (await ada.http.patch(place, json={"role": "member"})).raise_for_status()
        assert await status(key_client(within["secret"])) == ACCEPTED
        assert await status(key_client(beyond["secret"])) == REFUSED
        events = await sql(
            gateway,
            "SELECT object_id, details FROM audit_events WHERE account_id = :id AND action = 'api_key.revoked'",
            id=ids.from_wire("acc", team),
        )
        assert events == [{"object_id": key_id(beyond), "details": {"maker": user_id(bob)}}]

    async def test_rotated_key_has_another_maker(self, ada, bob, team, key_client):
        made = await make(bob)
        headers = {"X-Account": team}
        rotated = (await ada.http.post(f"{BASE}/{made['id']}/rotate", headers=headers)).raise_for_status().json()
        (await ada.http.delete(f"{ACCOUNTS}/{team}/members/{user_id(bob)}")).raise_for_status()
        assert await status(key_client(made["secret"])) == REFUSED
        assert await status(key_client(rotated["secret"])) == ACCEPTED

    async def test_suspension_holds_until_its_end(self, gateway, gateway_settings, bob, key_client):
        made = await make(bob)
        users, caller = gateway.services.administration.users, Caller.operator()
        client = key_client(made["secret"])
        async with opened(gateway_settings()) as other:
            elsewhere = other.client(**{"X-API-Key": made["secret"]})
            assert [await status(one) for one in (client, elsewhere)] == [ACCEPTED] * 2
            await users.change(caller, bob.account_id, UserChange(suspended=True))
            assert await status(client) == REFUSED
            await until(elsewhere, REFUSED)
            await users.change(caller, bob.account_id, UserChange(suspended=False))
            assert await status(client) == ACCEPTED
            await until(elsewhere, ACCEPTED)

    async def test_socket_closes_with_its_maker(self, server, gateway, wired):
        made = await make(wired)
        job_id = await wired.encrypt()
        async with socket(server, job_id, token=made["secret"]) as opened_socket:
            change = UserChange(suspended=True)
            await gateway.services.administration.users.change(Caller.operator(), wired.account_id, change)
            _, close_code = await rest(opened_socket)
        assert close_code == 4401

    async def test_key_made_in_mid_removal_is_none(self, ada, bob, team, gateway):
        """The maker is removed after the request was admitted."""
        async with gateway.services.resources.database.transaction() as session:
            await accounts.lock(session, ids.from_wire("acc", team))
            making = asyncio.create_task(bob.http.post(BASE, json=NEW))
            done, _ = await asyncio.wait([making], timeout=0.3)
            assert not done
            await memberships.remove(session, ids.from_wire("acc", team), bob.account_id)
        response = await making
        assert (response.status_code, response.json()["code"]) == (403, "role-changed")


class TestSockets:
    async def test_own_header_opens_a_socket(self, server, wired):
        made = await make(wired)
        headers = {"X-API-Key": made["secret"]}
        async with socket(server, await wired.encrypt(), headers=headers) as opened_socket:
            assert json.loads(await opened_socket.recv())["type"] == "snapshot"

    async def test_two_credentials_are_refused(self, server, wired):
        made = await make(wired)
        job_id = await wired.encrypt()
        headers = {"X-API-Key": made["secret"]}
        assert await refusal(server, job_id, token=wired.token, headers=headers) == REFUSED

    async def test_foreign_job_is_404(self, server, wired, bob):
        made = await make(wired)
        assert await refusal(server, await bob.encrypt(), token=made["secret"]) == (404, "not-found")

    async def test_missing_scope_is_403(self, server, wired):
        made = await make(wired, scopes=["jobs:write"])
        assert await refusal(server, await wired.encrypt(), token=made["secret"]) == (403, "insufficient-scope")


class TestChange:
    async def test_given_fields_change(self, ada):
        made = await make(ada, networks=["192.0.2.0/24"], rate_per_hour=5)
        address = f"{BASE}/{made['id']}"
        changed = (await ada.http.patch(address, json={"name": "weekly", "networks": None})).json()
        assert (changed["name"], changed["networks"], changed["rate_per_hour"]) == ("weekly", None, 5)
        assert (await ada.http.patch(address, json={"name": None, "rate_per_hour": None})).json()["name"] == "weekly"
        assert (await ada.http.get(address)).json()["rate_per_hour"] is None

    @pytest.mark.parametrize("change", [{}, {"scopes": ["jobs:read"]}, {"expires_at": None}, {"name": ""}])
    async def test_other_changes_are_refused(self, ada, change):
        made = await make(ada)
        assert (await ada.http.patch(f"{BASE}/{made['id']}", json=change)).status_code == 422

    async def test_network_counts_at_once_everywhere(self, gateway_settings, ada, key_client):
        made = await make(ada)
        async with opened(gateway_settings()) as other:
            there = other.client(**{"X-API-Key": made["secret"]})
            assert await status(there) == await status(key_client(made["secret"])) == ACCEPTED
            await ada.http.patch(f"{BASE}/{made['id']}", json={"networks": ["192.0.2.0/24"]})
            assert await status(key_client(made["secret"])) == REFUSED
            await until(there, REFUSED)
            await ada.http.patch(f"{BASE}/{made['id']}", json={"networks": None})
            await until(there, ACCEPTED)

    async def test_other_account_is_404(self, ada, bob):
        made = await make(ada)
        address = f"{BASE}/{made['id']}"
        for response in (
            await bob.http.get(address),
            await bob.http.patch(address, json={"name": "x"}),
            await bob.http.post(f"{address}/rotate", json={}),
            await bob.http.delete(address),
        ):
            assert (response.status_code, response.json()["code"]) == (404, "not-found")


class TestList:
    async def test_revoked_keys_are_asked_for(self, ada, bob):
        revoked, kept = await make(ada, name="old"), await make(ada, name="new")
        await make(bob)
        await ada.http.delete(f"{BASE}/{revoked['id']}")
        [only] = (await ada.http.get(BASE)).json()["data"]
        assert (only["id"], only["revoked_at"]) == (kept["id"], None)
        both = (await ada.http.get(BASE, params={"revoked": "true"})).json()["data"]
        assert [(one["id"], one["status"]) for one in both] == [(kept["id"], "active"), (revoked["id"], "revoked")]
        assert both[1]["revoked_at"] is not None
        assert (await ada.http.get(f"{BASE}/{revoked['id']}")).status_code == 404

    async def test_valid_keys_are_first(self, gateway, ada):
        valid, expired = await make(ada), await make(ada, expires_in_days=1)
        await sql(gateway, "UPDATE api_keys SET expires_at = now() WHERE id = :id", id=key_id(expired))
        listed = (await ada.http.get(BASE)).json()["data"]
        assert [one["id"] for one in listed] == [valid["id"], expired["id"]]

    async def test_it_is_bounded(self, ada, monkeypatch):
        monkeypatch.setattr("backplane.db.repositories.api_keys.MOST", 2)
        first = await make(ada)
        for _ in range(2):
            await ada.http.delete(f"{BASE}/{(await make(ada))['id']}")
        listed = (await ada.http.get(BASE, params={"revoked": "true"})).json()["data"]
        assert [one["id"] for one in listed][:1] == [first["id"]]
        assert len(listed) == 2

    @pytest.mark.parametrize("query", [{"revoked": "perhaps"}, {"status": "revoked"}])
    async def test_other_filters_are_refused(self, ada, query):
        assert (await ada.http.get(BASE, params=query)).status_code == 422


class TestRotation:
    async def test_both_are_valid_for_the_grace_time(self, gateway, ada, key_client):
        made = await make(ada, networks=[HERE], rate_per_hour=7)
        response = await ada.http.post(f"{BASE}/{made['id']}/rotate", json={"grace_hours": 2})
        new = response.json()
        assert response.status_code == 201
        assert new["secret"] != made["secret"]
        assert {name: new[name] for name in ("name", "scopes", "networks", "rate_per_hour")} == {
            name: made[name] for name in ("name", "scopes", "networks", "rate_per_hour")
        }
        old = (await ada.http.get(f"{BASE}/{made['id']}")).json()
        assert (old["status"], old["replaced_by"]) == ("replaced", new["id"])
        assert await status(key_client(made["secret"])) == await status(key_client(new["secret"])) == ACCEPTED
        await sql(gateway, "UPDATE api_keys SET grace_until = now() WHERE id = :id", id=key_id(made))
        gateway.services.identity.api_key_verifier.forget(ada.account_id)
        assert await status(key_client(made["secret"])) == REFUSED
        assert await status(key_client(new["secret"])) == ACCEPTED

    async def test_no_grace_ends_it_at_once(self, ada, key_client):
        made = await make(ada)
        assert await status(key_client(made["secret"])) == ACCEPTED
        new = (await ada.http.post(f"{BASE}/{made['id']}/rotate", json={"grace_hours": 0})).json()
        assert await status(key_client(made["secret"])) == REFUSED
        assert await status(key_client(new["secret"])) == ACCEPTED

    async def test_body_may_be_missing(self, ada):
        made = await make(ada)
        assert (await ada.http.post(f"{BASE}/{made['id']}/rotate")).status_code == 201
        old = (await ada.http.get(f"{BASE}/{made['id']}")).json()
        assert old["grace_until"] is not None

    @pytest.mark.parametrize("hours", [-1, 169, "2", None, 1.5])
    async def test_other_grace_times_are_refused(self, ada, hours):
        made = await make(ada)
        response = await ada.http.post(f"{BASE}/{made['id']}/rotate", json={"grace_hours": hours})
        assert response.status_code == 422

    async def test_same_request_again_brings_same_secret(self, ada):
        made = await make(ada)
        key = {"Idempotency-Key": str(uuid.uuid4())}
        address = f"{BASE}/{made['id']}/rotate"
        first, second = [await ada.http.post(address, json={"grace_hours": 1}, headers=key) for _ in range(2)]
        assert first.json() == second.json()

    async def test_replaced_key_is_not_rotated_again(self, ada):
        made = await make(ada)
        address = f"{BASE}/{made['id']}"
        await ada.http.post(f"{address}/rotate", json={})
        for response in (
            await ada.http.post(f"{address}/rotate", json={}),
            await ada.http.patch(address, json={"name": "x"}),
        ):
            assert (response.status_code, response.json()["code"]) == (409, "api-key-ended")
        assert (await ada.http.delete(address)).status_code == 204

    async def test_parallel_rotations_make_one_key(self, ada):
        made = await make(ada)
        answers = await asyncio.gather(*(ada.http.post(f"{BASE}/{made['id']}/rotate", json={}) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]

    async def test_new_one_lasts_as_long(self, gateway, ada):
        made = await make(ada, expires_in_days=10)
        await sql(
            gateway,
            "UPDATE api_keys SET created_at = created_at - interval '9 days', "
            "expires_at = expires_at - interval '9 days' WHERE id = :id",
            id=key_id(made),
        )
        new = (await ada.http.post(f"{BASE}/{made['id']}/rotate", json={})).json()
        assert new["expires_at"][:10] == made["expires_at"][:10]


class TestEscalation:
    """No key makes, changes or renews a key that may do more than itself."""

    @pytest.fixture
    async def bound(self, ada, key_client):
        """Give a client of a key that may write keys, and is bound in every way."""
        made = await make(
            ada,
            scopes=["api-keys:read", "api-keys:write", "jobs:read"],
            expires_in_days=10,
            networks=["127.0.0.0/8"],
            rate_per_hour=100,
        )
        http = key_client(made["secret"])
        http.made = made
        return http

    async def test_what_lies_within_is_made(self, ada, bound):
        response = await bound.post(BASE, json=WITHIN)
        assert response.status_code == 201, response.text
        assert response.json()["created_by"] == f"usr_{ada.account_id.hex}"

    @pytest.mark.parametrize(
        "more",
        [
            {"scopes": ["jobs:read", "jobs:write"]},
            {"expires_in_days": None},
            {"expires_in_days": 11},
            {"networks": None},
            {"networks": ["126.0.0.0/7"]},
            {"networks": ["127.0.0.1", "192.0.2.1"]},
            {"networks": ["::/0"]},
            {"rate_per_hour": None},
            {"rate_per_hour": 101},
        ],
    )
    async def test_what_goes_beyond_is_403(self, bound, more):
        response = await bound.post(BASE, json=WITHIN | more)
        assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")

    @pytest.mark.parametrize("change", [{"networks": None}, {"networks": ["0.0.0.0/0"]}, {"rate_per_hour": None}])
    async def test_key_does_not_unbind_itself(self, bound, change):
        address = f"{BASE}/{bound.made['id']}"
        response = await bound.patch(address, json=change)
        assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")
        found = (await bound.get(address)).json()
        assert (found["networks"], found["rate_per_hour"]) == (["127.0.0.0/8"], 100)

    async def test_key_binds_itself_more(self, bound):
        response = await bound.patch(f"{BASE}/{bound.made['id']}", json={"networks": [HERE], "rate_per_hour": 5})
        assert response.status_code == 200

    async def test_key_rotates_itself_without_prolonging(self, bound):
        response = await bound.post(f"{BASE}/{bound.made['id']}/rotate", json={})
        assert response.status_code == 201
        assert response.json()["expires_at"] == bound.made["expires_at"]

    async def test_stronger_key_is_not_rotated_or_changed(self, ada, bound):
        strong = await make(ada, scopes=EVERYTHING)
        address = f"{BASE}/{strong['id']}"
        for response in (
            await bound.post(f"{address}/rotate", json={}),
            await bound.patch(address, json={"name": "x"}),
        ):
            assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")

    async def test_stronger_key_may_be_revoked(self, ada, bound):
        """Taking rights away gives nobody any."""
        strong = await make(ada, scopes=EVERYTHING)
        assert (await bound.delete(f"{BASE}/{strong['id']}")).status_code == 204

    async def test_keys_need_their_scopes(self, ada, key_client):
        reader = key_client((await make(ada, scopes=["api-keys:read"]))["secret"])
        assert (await reader.get(BASE)).status_code == 200
        assert (await reader.post(BASE, json=WITHIN)).status_code == 403
        other = key_client((await make(ada, scopes=["jobs:read"]))["secret"])
        assert (await other.get(BASE)).status_code == 403
