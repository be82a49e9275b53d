"""Members of accounts: roles that change, members who go, and what happens in the middle of it."""

import asyncio
import itertools
import json
import time
from contextlib import AsyncExitStack

import httpx
import pytest
from sqlalchemy import text

from backplane import ids
from backplane.db.repositories import accounts, memberships
from tests.api.listening import refusal, rest, socket
from tests.support import pictures
from tests.support.teams import ACCOUNTS, code_of, invite, join, make_team, token_of, user_id

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
TRAIL = "SELECT action, object_id FROM audit_events WHERE account_id = :id ORDER BY id"


@pytest.fixture
async def people(gateway):
    """Make users, as many as a test needs."""
    async with AsyncExitStack() as stack:

        async def make(number):
            made = [await gateway.user() for _ in range(number)]
            for user in made:
                await stack.enter_async_context(user.http)
            return made

        yield make


@pytest.fixture
async def team(ada):
    return await make_team(ada)


@pytest.fixture
def members(team):
    return f"{ACCOUNTS}/{team}/members"


async def roles(user, members):
    return {one["email"]: one["role"] for one in (await user.http.get(members)).raise_for_status().json()["data"]}


class TestRoles:
    async def test_change_holds_at_once(self, ada, bob, team, members):
        bobs = await join(ada, team, bob, "admin")
        assert (await bob.http.patch(f"{ACCOUNTS}/{team}", json={"name": "New"})).status_code == 200
        changed = await ada.http.patch(f"{members}/{bobs}", json={"role": "auditor"})
        assert (changed.json()["role"], changed.json()["email"]) == ("auditor", bob.email)
        refused = await bob.http.patch(f"{ACCOUNTS}/{team}", json={"name": "Newer"})
        assert code_of(refused) == (403, "insufficient-role")

    async def test_admin_neither_makes_nor_changes_owners(self, ada, bob, people, team, members):
        carol, dan = await people(2)
        bobs, carols = await join(ada, team, bob, "admin"), await join(ada, team, carol)
        await join(ada, team, dan, "owner")
        for response in (
            await bob.http.patch(f"{members}/{carols}", json={"role": "owner"}),
            await bob.http.patch(f"{members}/{bobs}", json={"role": "owner"}),
            await bob.http.patch(f"{members}/{user_id(ada)}", json={"role": "member"}),
            await bob.http.delete(f"{members}/{user_id(dan)}"),
            await bob.http.post(f"{ACCOUNTS}/{team}/invitations", json={"email": "x@example.org", "role": "owner"}),
            await bob.http.post(f"{ACCOUNTS}/{team}/hand-over", json={"user_id": carols}),
        ):
            assert code_of(response) == (403, "insufficient-role")
        assert (await bob.http.patch(f"{members}/{carols}", json={"role": "admin"})).status_code == 200
        assert (await roles(ada, members))[ada.email] == "owner"

    async def test_last_owner_stays(self, ada, bob, team, members):
        await join(ada, team, bob, "admin")
        for response in (
            await ada.http.patch(f"{members}/{user_id(ada)}", json={"role": "admin"}),
            await ada.http.delete(f"{members}/me"),
            await ada.http.delete(f"{members}/{user_id(ada)}"),
        ):
            assert code_of(response) == (409, "last-owner")

    async def test_unknown_role_is_refused(self, ada, bob, team, members):
        bobs = await join(ada, team, bob)
        response = await ada.http.patch(f"{members}/{bobs}", json={"role": "root"})
        assert code_of(response) == (422, "validation-failed")

    async def test_personal_account_has_one_member(self, ada, bob):
        personal = f"{ACCOUNTS}/acc_{ada.account_id.hex}"
        for response in (
            await ada.http.post(f"{personal}/invitations", json={"email": bob.email, "role": "member"}),
            await ada.http.delete(f"{personal}/members/me"),
            await ada.http.patch(f"{personal}/members/{user_id(ada)}", json={"role": "member"}),
            await ada.http.post(f"{personal}/hand-over", json={"user_id": user_id(bob)}),
        ):
            assert code_of(response) == (409, "personal-account")


class TestHandOver:
    async def test_owner_becomes_admin(self, ada, bob, team, members):
        bobs = await join(ada, team, bob)
        assert (await ada.http.post(f"{ACCOUNTS}/{team}/hand-over", json={"user_id": bobs})).status_code == 204
        assert await roles(ada, members) == {ada.email: "admin", bob.email: "owner"}
        again = await ada.http.post(f"{ACCOUNTS}/{team}/hand-over", json={"user_id": bobs})
        assert code_of(again) == (403, "insufficient-role")

    @pytest.mark.parametrize("heir", ["nobody", "herself", "stranger"])
    async def test_goes_to_other_members_only(self, ada, bob, team, members, heir):
        wanted = {"nobody": "usr_" + "0" * 32, "herself": user_id(ada), "stranger": user_id(bob)}[heir]
        response = await ada.http.post(f"{ACCOUNTS}/{team}/hand-over", json={"user_id": wanted})
        assert code_of(response) == (404, "not-found")
        assert await roles(ada, members) == {ada.email: "owner"}


class TestEnd:
    async def test_who_leaves_is_a_stranger(self, ada, bob, team, members):
        await join(ada, team, bob, "auditor")
        assert (await bob.http.delete(f"{members}/me")).status_code == 204
        assert code_of(await bob.http.get(members)) == (404, "not-found")
        assert code_of(await bob.http.get("/api/v1/jobs", headers={"X-Account": team})) == (404, "not-found")
        assert await roles(ada, members) == {ada.email: "owner"}

    async def test_invitations_of_the_removed_end(self, ada, bob, people, team, members):
        [carol] = await people(1)
        bobs = await join(ada, team, bob, "admin")
        token = token_of(await invite(bob, team, carol.email))
        assert (await ada.http.delete(f"{members}/{bobs}")).status_code == 204
        accepted = await carol.http.post("/api/v1/invitations/accept", json={"token": token})
        assert code_of(accepted) == (410, "invitation-revoked")

    async def test_socket_closes_within_a_second(self, wired, server, gateway, bob):
        """The member's socket is on another gateway than the request that removes the member."""
        team = await make_team(wired)
        bobs = await join(wired, team, bob)
        wired.http.headers["X-Account"] = team
        job_id = await wired.encrypt()
        headers = {"Authorization": f"Bearer {bob.token}", "X-Account": team}
        elsewhere = gateway.client(Authorization=f"Bearer {wired.token}")
        async with socket(server, job_id, headers=headers) as opened, elsewhere:
            assert json.loads(await opened.recv())["type"] == "snapshot"
            (await elsewhere.delete(f"{ACCOUNTS}/{team}/members/{bobs}")).raise_for_status()
            started = time.monotonic()
            _, close_code = await rest(opened)
            assert close_code == 4401
            assert time.monotonic() - started < 1.5
        assert await refusal(server, job_id, headers=headers) == (404, "not-found")


class TestTrail:
    async def test_account_and_member_have_the_entries(self, ada, bob, team, members, gateway):
        bobs = await join(ada, team, bob)
        (await ada.http.patch(f"{members}/{bobs}", json={"role": "auditor"})).raise_for_status()
        (await bob.http.delete(f"{members}/me")).raise_for_status()
        async with gateway.services.resources.database.reading() as session:
            account_id = ids.from_wire("acc", team)
            in_account = list((await session.execute(text(TRAIL), {"id": account_id})).all())
            of_bob = list((await session.execute(text(TRAIL), {"id": bob.account_id})).all())
        expected = ["member.joined", "member.role_changed", "member.left"]
        assert [action for action, _ in in_account] == ["account.created", "invitation.made", *expected]
        assert [one for one in of_bob if one[0] in expected] == [(action, account_id) for action in expected]


class Upload:
    """A request whose body stops in the middle until it may go on."""

    def __init__(self, path):
        self.half_read, self.go_on = asyncio.Event(), asyncio.Event()
        field = "image" if path == "encrypt" else "images"
        picture = pictures.as_png(pictures.make(8, 6))
        self.request = httpx.Request("POST", f"http://gateway/api/v1/{path}", files={field: ("scan.png", picture)})

    async def send(self, client):
        headers = {"Content-Type": self.request.headers["Content-Type"]}
        return await client.post(self.request.url, content=self._body(), headers=headers)

    async def _body(self):
        data = self.request.read()
        yield data[: len(data) // 2]
        self.half_read.set()
        await self.go_on.wait()
        yield data[len(data) // 2 :]


class TestRaces:
    @pytest.mark.parametrize("acts", list(itertools.product(["leave", "demote", "remove"], repeat=2)))
    async def test_two_owners_at_once_leave_one(self, ada, bob, team, gateway, acts):
        """Each ends the other's ownership or the own."""
        members = f"{ACCOUNTS}/{team}/members"
        await join(ada, team, bob, "owner")

        async def end(user, other, act):
            if act == "leave":
                return await user.http.delete(f"{members}/me")
            if act == "remove":
                return await user.http.delete(f"{members}/{user_id(other)}")
            return await user.http.patch(f"{members}/{user_id(other)}", json={"role": "member"})

        answers = await asyncio.gather(end(ada, bob, acts[0]), end(bob, ada, acts[1]))
        async with gateway.services.resources.database.reading() as session:
            assert await memberships.count(session, ids.from_wire("acc", team), role="owner") == 1
        refused = {answer.json()["code"] for answer in answers if not answer.is_success}
        assert len(refused) < 2
        assert refused <= {"last-owner", "role-changed", "insufficient-role", "not-found"}

    @pytest.mark.parametrize("path", ["encrypt", "batch/encrypt"])
    @pytest.mark.parametrize("change", ["lowered", "removed", "closed"])
    async def test_upload_ends_with_its_rights(self, ada, bob, team, change, path):
        """The rights end after the request was admitted, while its picture arrives."""
        members = f"{ACCOUNTS}/{team}/members"
        bobs = await join(ada, team, bob)
        bob.http.headers["X-Account"] = team
        upload = Upload(path)
        request = asyncio.create_task(upload.send(bob.http))
        await upload.half_read.wait()
        if change == "lowered":
            (await ada.http.patch(f"{members}/{bobs}", json={"role": "auditor"})).raise_for_status()
        elif change == "removed":
            (await ada.http.delete(f"{members}/{bobs}")).raise_for_status()
        else:
            (await ada.http.post(f"{ACCOUNTS}/{team}/close")).raise_for_status()
        upload.go_on.set()
        response = await request
        assert code_of(response) == (403, "account-closed" if change == "closed" else "role-changed")


class TestRights:
    async def test_account_cannot_change_while_it_is_held(self, ada, bob, team, members, gateway):
        """From the check of a submission to its commit no role changes."""
        bobs = await join(ada, team, bob)
        database, account_id = gateway.services.resources.database, ids.from_wire("acc", team)
        async with database.transaction() as session:
            await accounts.hold(session, account_id)
            change = asyncio.create_task(ada.http.patch(f"{members}/{bobs}", json={"role": "auditor"}))
            done, _ = await asyncio.wait([change], timeout=0.3)
            assert not done
            assert await memberships.role(session, bob.account_id, account_id) == "member"
        assert (await change).json()["role"] == "auditor"
