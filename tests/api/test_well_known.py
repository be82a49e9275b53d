"""security.txt and the address of the password page."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from tests.api.conftest import opened

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ADDRESS = "/.well-known/security.txt"


class TestSecurityTxt:
    @pytest.mark.parametrize(
        ("contact", "written"),
        [
            ("security@images.example", "mailto:security@images.example"),
            ("https://images.example/report?x=1", "https://images.example/report?x=1"),
        ],
    )
    async def test_has_contact_and_expiry(self, gateway_settings, contact, written):
        settings = gateway_settings(security_contact=contact, public_url="https://images.example")
        async with opened(settings) as gateway, gateway.client() as client:
            response = await client.get(ADDRESS)
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        fields = dict(line.split(": ", 1) for line in response.text.splitlines())
        assert fields["Contact"] == written
        assert fields["Canonical"] == "https://images.example" + ADDRESS
        expires = datetime.fromisoformat(fields["Expires"])
        assert timedelta(days=170) < expires - datetime.now(UTC) < timedelta(days=365)

    async def test_without_contact_is_missing(self, client):
        response = await client.get(ADDRESS)
        assert (response.status_code, response.json()["code"]) == (404, "not-found")

    @pytest.mark.parametrize(
        "contact", ["x", "http://a.example", "a@b\nContact: c@d", "https://a b", "mailto:a@b", "a@b@c"]
    )
    def test_other_contact_is_refused(self, gateway_settings, contact):
        with pytest.raises(ValidationError):
            gateway_settings(security_contact=contact)


class TestChangePassword:
    async def test_leads_to_the_settings(self, client):
        response = await client.get("/.well-known/change-password")
        assert (response.status_code, response.headers["Location"]) == (302, "/settings/security#password")

    async def test_unknown_well_known_is_missing(self, client):
        """What a password manager asks for to learn whether this server answers everything with 200."""
        path = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200"
        assert (await client.get(path)).status_code == 404
