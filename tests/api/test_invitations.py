"""Invitations to accounts: mailed links that work once, for one address."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from backplane import ids
from backplane.db.repositories import invitations as rows
from backplane.services.mail.contents import unseal
from backplane.services.organizations import invitations
from tests.api.conftest import PASSWORD, opened
from tests.support.teams import ACCOUNTS, code_of, invite, join, make_team, token_of, user_id

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
ACCEPT, SHOW = "/api/v1/invitations/accept", "/api/v1/invitations/show"


@pytest.fixture
async def team(ada):
    return await make_team(ada)


@pytest.fixture
def open_ones(team):
    return f"{ACCOUNTS}/{team}/invitations"


@pytest.fixture
async def carol(gateway):
    async with AsyncExitStack() as stack:
        user = await gateway.user()
        await stack.enter_async_context(user.http)
        yield user


@pytest.fixture
def sql(gateway):
    async def execute(statement, **values):
        async with gateway.services.resources.database.transaction() as session:
            return await session.execute(text(statement), values)

    return execute


async def accept(user, token):
    return await user.http.post(ACCEPT, json={"token": token})


class TestAccept:
    async def test_user_of_the_address_joins(self, ada, bob, team, client):
        made = await invite(ada, team, bob.email.upper(), "auditor")
        assert (made["email"], made["role"], made["invited_by"]) == (bob.email, "auditor", user_id(ada))
        shown = (await client.post(SHOW, json={"token": token_of(made)})).json()
        assert shown == {
            "account_name": "Radiology",
            "inviter": ada.email,
            "email": bob.email,
            "role": "auditor",
            "expires_at": made["expires_at"],
        }
        joined = (await accept(bob, token_of(made))).json()
        assert (joined["account_id"], joined["role"], joined["name"]) == (team, "auditor", "Radiology")
        assert (await bob.http.get("/api/v1/jobs", headers={"X-Account": team})).status_code == 200

    async def test_stranger_registers_first(self, ada, team, client, gateway):
        made = await invite(ada, team, "newcomer@example.org")
        login = {"email": "newcomer@example.org", "password": "a password of mine"}
        (await client.post("/api/v1/auth/register", json=login)).raise_for_status()
        form = {"grant_type": "password", "username": login["email"], "password": login["password"]}
        token = (await client.post("/api/v1/auth/token", data=form)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        joined = await client.post(ACCEPT, json={"token": token_of(made)}, headers=headers)
        assert joined.json()["account_id"] == team

    async def test_other_user_is_refused(self, ada, bob, carol, team):
        made = await invite(ada, team, bob.email)
        assert code_of(await accept(carol, token_of(made))) == (403, "invitation-for-other")
        assert (await accept(bob, token_of(made))).status_code == 200

    async def test_link_works_once(self, ada, bob, team):
        token = token_of(await invite(ada, team, bob.email))
        answers = await asyncio.gather(*(accept(bob, token) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200, 410, 410, 410, 410]
        assert {answer.json()["code"] for answer in answers if answer.is_error} == {"invitation-used"}

    async def test_expired_one_is_refused(self, ada, bob, team, client, sql):
        token = token_of(await invite(ada, team, bob.email))
        await sql(
            "UPDATE invitations SET expires_at = now() - interval '1 second' WHERE email = :email", email=bob.email
        )
        assert code_of(await accept(bob, token)) == (410, "invitation-expired")
        assert code_of(await client.post(SHOW, json={"token": token})) == (410, "invitation-expired")

    async def test_revoked_one_is_refused(self, ada, bob, team, open_ones):
        made = await invite(ada, team, bob.email)
        assert (await ada.http.delete(f"{open_ones}/{made['id']}")).status_code == 204
        assert code_of(await accept(bob, token_of(made))) == (410, "invitation-revoked")
        assert code_of(await ada.http.delete(f"{open_ones}/{made['id']}")) == (404, "not-found")

    async def test_demoted_inviter_gives_no_role(self, ada, bob, carol, team):
        bobs = await join(ada, team, bob, "admin")
        token = token_of(await invite(bob, team, carol.email))
        (await ada.http.patch(f"{ACCOUNTS}/{team}/members/{bobs}", json={"role": "member"})).raise_for_status()
        assert code_of(await accept(carol, token)) == (410, "invitation-revoked")

    async def test_inviter_demoted_by_hand_gives_no_role(self, ada, bob, carol, team, sql):
        """Without the revocation that a change over the API makes."""
        await join(ada, team, bob, "admin")
        token = token_of(await invite(bob, team, carol.email))
        await sql(
            "UPDATE memberships SET role = 'auditor' WHERE user_id = :id AND account_id <> :id", id=bob.account_id
        )
        assert code_of(await accept(carol, token)) == (410, "invitation-revoked")

    @pytest.mark.parametrize("token", ["", "x", "x" * 128, "\u00fc"])
    async def test_unknown_token_is_404(self, bob, token):
        assert code_of(await accept(bob, token)) == (404, "not-found")

    @pytest.mark.parametrize("body", [b'{"token": "\\u0000"}', b'{"token": "\\ud800"}', b'{"token": ["x"]}', b"{}"])
    async def test_malformed_token_is_refused(self, bob, body):
        response = await bob.http.post(ACCEPT, content=body, headers={"Content-Type": "application/json"})
        assert code_of(response) == (422, "validation-failed")

    async def test_get_uses_nothing(self, ada, bob, team, client):
        """A mail scanner opens the link, whose token stays in its fragment, and every address it can think of."""
        token = token_of(await invite(ada, team, bob.email))
        for method in ("GET", "HEAD"):
            for path in (ACCEPT, SHOW, "/invitation"):
                response = await client.request(method, path)
                assert response.status_code in {200, 404, 405}, path
        await client.post(SHOW, json={"token": token})
        assert (await accept(bob, token)).status_code == 200

    async def test_token_is_not_stored(self, ada, bob, team, sql):
        token = token_of(await invite(ada, team, bob.email))
        [row] = (await sql("SELECT * FROM invitations WHERE email = :email", email=bob.email)).mappings()
        assert bytes(row["token_sha256"]) == invitations.digest_of(token)
        assert token not in str(dict(row))


class TestInvite:
    async def test_own_address_is_refused(self, ada, open_ones):
        response = await ada.http.post(open_ones, json={"email": ada.email.upper(), "role": "member"})
        assert code_of(response) == (409, "self-invitation")

    async def test_member_is_refused(self, ada, bob, team, open_ones):
        await join(ada, team, bob)
        response = await ada.http.post(open_ones, json={"email": bob.email, "role": "admin"})
        assert code_of(response) == (409, "already-member")

    async def test_second_invitation_is_refused(self, ada, open_ones):
        new = {"email": "dora@example.org", "role": "member"}
        answers = await asyncio.gather(*(ada.http.post(open_ones, json=new) for _ in range(4)))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
        assert {answer.json()["code"] for answer in answers if answer.is_error} == {"already-invited"}

    async def test_same_key_invites_once(self, ada, open_ones):
        new, once = {"email": "emil@example.org", "role": "member"}, {"Idempotency-Key": "one"}
        answers = [await ada.http.post(open_ones, json=new, headers=once) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert answers[0].headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize("email", ["nobody", "a@b@c", "x@example.org\r\nBcc: y@example.org", "a\x00@example.org"])
    async def test_malformed_address_is_refused(self, ada, open_ones, email):
        response = await ada.http.post(open_ones, json={"email": email, "role": "member"})
        assert code_of(response) == (422, "validation-failed")
        assert email not in response.text

    async def test_member_and_auditor_may_not(self, ada, bob, carol, team, open_ones):
        for user, role in ((bob, "member"), (carol, "auditor")):
            await join(ada, team, user, role)
            response = await user.http.post(open_ones, json={"email": "x@example.org", "role": "auditor"})
            assert code_of(response) == (403, "insufficient-role")


class TestLimits:
    async def test_open_ones_have_a_limit(self, ada, open_ones, monkeypatch):
        monkeypatch.setattr(invitations, "MAX_OPEN", 3)
        made = await asyncio.gather(
            *(
                ada.http.post(open_ones, json={"email": f"u{number}@example.org", "role": "member"})
                for number in range(6)
            )
        )
        assert sorted(answer.status_code for answer in made) == [201] * 3 + [409] * 3
        assert {answer.json()["code"] for answer in made if answer.is_error} == {"too-many-invitations"}

    async def test_open_ones_hold_room_of_tier(self, ada, gateway, team, open_ones, sql):
        await sql("UPDATE accounts SET tier = 'pro' WHERE id = :id", id=ids.from_wire("acc", team))
        answers = await asyncio.gather(
            *(
                ada.http.post(open_ones, json={"email": f"tier{number}@example.org", "role": "member"})
                for number in range(15)
            )
        )
        refused = [one.json() for one in answers if one.is_error]
        limit = {"name": "members", "limit": 10, "used": 10, "reset": None, "tier": "pro"}
        assert [(one["status"], one["code"], one["limit"]) for one in refused] == [(409, "too-many-members", limit)] * 6
        first = (await ada.http.get(open_ones)).json()["data"][0]["id"]
        await sql(
            "UPDATE invitations SET expires_at = now(), sent_at = now() - interval '8 days' WHERE email LIKE 'tier%'"
        )
        made = await ada.http.post(open_ones, json={"email": "another@example.org", "role": "member"})
        assert made.status_code == 201
        assert (await ada.http.post(f"{open_ones}/{first}/resend")).status_code == 200

    async def test_parallel_acceptances_at_limit_are_exact(self, ada, gateway, team, sql):
        """The tier was lowered while the invitations were open."""
        users = [await gateway.user() for _ in range(14)]
        tokens = [token_of(await invite(ada, team, user.email)) for user in users]
        await sql("UPDATE accounts SET tier = 'pro' WHERE id = :id", id=ids.from_wire("acc", team))
        answers = await asyncio.gather(*(accept(user, token) for user, token in zip(users, tokens, strict=True)))
        for user in users:
            await user.http.aclose()
        assert sorted(answer.status_code for answer in answers) == [200] * 9 + [409] * 5
        assert {one.json()["code"] for one in answers if one.is_error} == {"too-many-members"}
        assert len((await ada.http.get(f"{ACCOUNTS}/{team}/members")).json()["data"]) == 10

    async def test_mails_of_a_user_have_a_limit(self, ada, monkeypatch):
        """Over all accounts of the user, and counting what was revoked."""
        monkeypatch.setattr(invitations, "MAILS_OF_USER", 4)
        for number in range(2):
            team = await make_team(ada, f"Team {number}")
            for name in ("f", "g"):
                made = await invite(ada, team, f"{name}{number}@example.org")
                await ada.http.delete(f"{ACCOUNTS}/{team}/invitations/{made['id']}")
        response = await ada.http.post(
            f"{ACCOUNTS}/{await make_team(ada)}/invitations", json={"email": "h@example.org", "role": "member"}
        )
        assert code_of(response) == (429, "invitation-limit")
        assert response.headers["Retry-After"] == "3600"

    async def test_mails_to_an_address_have_a_limit(self, ada, bob, monkeypatch):
        monkeypatch.setattr(invitations, "MAILS_TO_ADDRESS", 2)
        for user in (ada, bob):
            await invite(user, await make_team(user), "victim@example.org")
        response = await ada.http.post(
            f"{ACCOUNTS}/{await make_team(ada)}/invitations", json={"email": "victim@example.org", "role": "member"}
        )
        assert code_of(response) == (429, "invitation-limit")

    async def test_resending_waits_a_minute(self, ada, bob, team, open_ones, sql):
        made = await invite(ada, team, bob.email)
        response = await ada.http.post(f"{open_ones}/{made['id']}/resend")
        assert code_of(response) == (429, "invitation-limit")
        assert 55 <= int(response.headers["Retry-After"]) <= 60
        await sql(
            "UPDATE invitations SET sent_at = now() - interval '61 seconds' WHERE email = :email", email=bob.email
        )
        again = (await ada.http.post(f"{open_ones}/{made['id']}/resend")).json()
        assert again["id"] == made["id"]
        assert code_of(await accept(bob, token_of(made))) == (404, "not-found")
        assert (await accept(bob, token_of(again))).status_code == 200


class TestList:
    async def test_shows_open_ones_without_links(self, ada, bob, carol, team, open_ones):
        await join(ada, team, carol, "auditor")
        made = await invite(ada, team, bob.email)
        listed = (await carol.http.get(open_ones)).json()["data"]
        assert listed == [{name: value for name, value in made.items() if name != "link"}]

    async def test_other_accounts_invitation_is_404(self, ada, bob, team):
        made = await invite(ada, team, "someone@example.org")
        other = f"{ACCOUNTS}/{await make_team(bob)}/invitations/{made['id']}"
        assert code_of(await bob.http.delete(other)) == (404, "not-found")
        assert code_of(await bob.http.post(f"{other}/resend")) == (404, "not-found")


class TestRegistration:
    async def test_open_invitation_admits_its_address(self, ada, team, gateway, open_ones):
        """What registration by invitation asks."""

        async def is_invited(email):
            async with gateway.services.resources.database.reading() as session:
                return await rows.is_invited(session, email)

        assert not await is_invited("greta@example.org")
        made = await invite(ada, team, "greta@example.org")
        assert await is_invited("Greta@Example.org")
        await ada.http.delete(f"{open_ones}/{made['id']}")
        assert not await is_invited("greta@example.org")

    @pytest.fixture
    def own_database(self, stack):
        """Lent before the event loop runs: the pool runs one of its own."""
        with stack.databases.lend() as url:
            yield url

    async def test_invited_stranger_registers_and_joins(self, gateway_settings, own_database, tmp_path):
        """By the API alone, on an installation that confirms addresses; nobody else may register."""
        settings = gateway_settings(
            database_url=own_database, registration="invitation", mail_verification=True, mail_outbox_directory=tmp_path
        )
        async with opened(settings) as gateway, gateway.client() as stranger:
            owner = await gateway.user()
            team = await make_team(owner)
            person = {"email": "greta@example.org", "password": PASSWORD}
            refused = await stranger.post("/api/v1/auth/register", json=person)
            assert code_of(refused) == (403, "invitation-required")
            invitation = await invite(owner, team, person["email"], "auditor")
            assert invitation["link"] is None
            token = await mailed_token(gateway, "invitation")
            offer = (await stranger.post(SHOW, json={"token": token})).raise_for_status().json()
            assert (offer["email"], offer["role"]) == (person["email"], "auditor")
            other = await stranger.post("/api/v1/auth/register", json=person | {"email": "eve@example.org"})
            assert code_of(other) == (403, "invitation-required")
            assert (await stranger.post("/api/v1/auth/register", json=person)).status_code == 202
            confirmed = {"token": await mailed_token(gateway, "verify-address")}
            (await stranger.post("/api/v1/auth/verify-email", json=confirmed)).raise_for_status()
            form = {"grant_type": "password", "username": person["email"], "password": PASSWORD}
            pair = (await stranger.post("/api/v1/auth/token", data=form)).raise_for_status().json()
            stranger.headers["Authorization"] = f"Bearer {pair['access_token']}"
            assert (await stranger.post(ACCEPT, json={"token": token})).json()["role"] == "auditor"
            assert (await stranger.get("/api/v1/jobs", headers={"X-Account": team})).status_code == 200
            await owner.http.aclose()


async def mailed_token(gateway, kind):
    """Read the token in the newest mail of a kind."""
    resources = gateway.services.resources
    async with resources.database.transaction() as session:
        query = text("SELECT id, sealed FROM mails WHERE kind = :kind ORDER BY id DESC LIMIT 1")
        row = (await session.execute(query, {"kind": kind})).one()
    return unseal(resources.vault, row.id, row.sealed).text.partition("#token=")[2].split()[0]
