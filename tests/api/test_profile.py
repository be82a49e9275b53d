"""The route of the caller itself."""

import pytest

from backplane import ids
from backplane.db.repositories import accounts
from backplane.services.identity.permissions import PERMISSIONS

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ME = "/api/v1/me"


class TestMe:
    async def test_says_whose_token_it_is(self, ada, gateway):
        response = await ada.http.get(ME)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        body = response.json()
        async with gateway.services.resources.database.reading() as session:
            account = await accounts.by_id(session, ada.account_id)
        assert body == {
            "user_id": ids.to_wire("usr", ada.account_id),
            "account_id": ids.to_wire("acc", ada.account_id),
            "email": ada.email,
            "tier": "enterprise",
            "operator": False,
            "scopes": sorted(PERMISSIONS),
            "created_at": account.created_at.isoformat().replace("+00:00", "Z"),
        }

    async def test_other_account_sees_itself(self, ada, bob):
        assert (await bob.http.get(ME)).json()["email"] == bob.email != ada.email

    async def test_without_token_401(self, client):
        assert (await client.get(ME)).status_code == 401

    async def test_token_of_a_vanished_account_401(self, gateway, client):
        """A backup from before the registration was restored."""
        access = gateway.services.identity.tokens._access.issue(ids.new(), ids.new())
        response = await client.get(ME, headers={"Authorization": f"Bearer {access}"})
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
