"""What an installation says before anybody has logged in: whether it is new, and its tiers."""

import pytest

from backplane.db.repositories import accounts
from backplane.services.usage.tiers import TiersInvalid
from tests.api.conftest import PASSWORD, opened

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

SETUP, TIERS = "/api/v1/setup", "/api/v1/tiers"
NEW = {
    "empty": True,
    "operator": False,
    "registration": "open",
    "mail": False,
    "outbox": False,
    "mail_verification": False,
    "proof_of_work": False,
}
OWN_TABLE = """\
currency = "EUR"

[[tiers]]
id = "enterprise"
name = "Archive"
price_per_month = 19.5
encryptions_per_month = "unlimited"
file_bytes = 20_000_000
purities = ["fast"]
analytics = "basic"
api_calls_per_hour = "unlimited"
"""


@pytest.fixture
def empty(stack, gateway_settings):
    """Settings of an installation without an account."""
    with stack.databases.lend() as url:
        yield gateway_settings(database_url=url)


class TestSetup:
    async def test_is_empty_until_somebody_registers(self, empty, monkeypatch):
        """Afterwards no request asks the database."""
        async with opened(empty) as gateway, gateway.client() as client:
            assert [(await client.get(SETUP)).json() for _ in range(2)] == [NEW] * 2
            account = {"email": "ada@example.org", "password": PASSWORD}
            assert (await client.post("/api/v1/auth/register", json=account)).status_code == 201
            assert (await client.get(SETUP)).json() == NEW | {"empty": False}
            monkeypatch.setattr(accounts, "any_exists", None)
            response = await client.get(SETUP)
            assert (response.status_code, response.json()) == (200, NEW | {"empty": False})

    async def test_other_process_notices_the_account(self, empty):
        async with opened(empty) as first, opened(empty) as second, second.client() as client:
            assert (await client.get(SETUP)).json() == NEW
            await first.user()
            assert (await client.get(SETUP)).json() == NEW | {"empty": False}


class TestTiers:
    async def test_shows_the_table_of_the_package(self, client):
        response = await client.get(TIERS)
        assert response.headers["Cache-Control"] == "public, max-age=300"
        body = response.json()
        assert body["currency"] == "USD"
        assert [tier["id"] for tier in body["tiers"]] == ["free", "pro", "enterprise"]
        assert body["tiers"][0] == {
            "id": "free",
            "name": "Free",
            "price_per_month": 0,
            "encryptions_per_month": 10,
            "file_bytes": 5_000_000,
            "purities": ["balanced"],
            "analytics": "basic",
            "api_calls_per_hour": 10,
            "stored_bytes": 1_000_000_000,
            "uploads_at_once": 4,
            "sockets_at_once": 20,
            "streams_at_once": 20,
            "webhook_endpoints": 2,
            "members": 1,
            "api_keys": 2,
            "account_requests_per_minute": 1200,
            "user_requests_per_minute": 1200,
            "api_key_requests_per_minute": 300,
        }
        assert body["default"] == "enterprise"
        assert [tier["price_per_month"] for tier in body["tiers"]] == [0, 29, None]
        assert [tier["encryptions_per_month"] for tier in body["tiers"]] == [10, 500, None]

    async def test_shows_the_table_of_the_operator(self, gateway_settings, tmp_path):
        file = tmp_path / "tiers.toml"
        file.write_text(OWN_TABLE)
        async with opened(gateway_settings(tiers_file=file)) as gateway, gateway.client() as client:
            body = (await client.get(TIERS)).json()
        assert (body["currency"], body["tiers"][0]["name"], body["tiers"][0]["price_per_month"]) == (
            "EUR",
            "Archive",
            19.5,
        )

    async def test_default_is_the_tier_of_new_accounts(self, empty, tmp_path):
        file = tmp_path / "tiers.toml"
        file.write_text('default = "archive"\n' + OWN_TABLE.replace("enterprise", "archive"))
        settings = empty.model_copy(update={"tiers_file": file})
        async with opened(settings) as gateway, gateway.client() as client:
            account = {"email": "ada@example.org", "password": PASSWORD}
            await client.post("/api/v1/auth/register", json=account)
            form = {"grant_type": "password", "username": account["email"], "password": PASSWORD}
            token = (await client.post("/api/v1/auth/token", data=form)).json()["access_token"]
            found = await client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        assert found.json()["tier"] == "archive"

    async def test_unfit_table_stops_the_start(self, gateway_settings, tmp_path):
        file = tmp_path / "tiers.toml"
        file.write_text(OWN_TABLE.replace("enterprise", "archive"))
        with pytest.raises(TiersInvalid, match='lacks the tier "enterprise"'):
            async with opened(gateway_settings(tiers_file=file)):
                pass
