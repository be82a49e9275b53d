"""Unsubscribe links: only a POST changes something, and only what the link names."""

import pytest

from backplane.services.mail.kinds import CATEGORIES
from backplane.services.mail.preferences import UNSUBSCRIBE, make_token

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PREFERENCES = "/api/v1/me/mail-preferences"


@pytest.fixture
async def user(gateway):
    return await gateway.user()


@pytest.fixture
def token(gateway, user):
    return make_token(gateway.services.resources.vault, user.account_id, "limits")


@pytest.fixture
def chosen(gateway, user):
    return lambda: gateway.services.mail.preferences.of_user(user.account_id)


class TestUnsubscribe:
    async def test_get_shows_a_page_and_changes_nothing(self, gateway, token, chosen):
        for method in ("GET", "HEAD"):
            answer = await gateway.client().request(method, UNSUBSCRIBE, params={"token": token})
            assert answer.status_code == 200
        page = await gateway.client().get(UNSUBSCRIBE, params={"token": token})
        assert '<form method="post">' in page.text
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert await chosen() == CATEGORIES

    @pytest.mark.parametrize(
        "body",
        [
            {"data": {"List-Unsubscribe": "One-Click"}},
            {"files": {"List-Unsubscribe": (None, "One-Click")}},
            {},
        ],
    )
    async def test_one_click_ends_the_category(self, gateway, token, chosen, body):
        for _ in range(2):
            answer = await gateway.client().post(UNSUBSCRIBE, params={"token": token}, **body)
            assert answer.status_code == 200
        assert await chosen() == CATEGORIES | {"limits": False}

    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_forged_token_404(self, gateway, token, chosen, method):
        for forged in (token[:-1], "A" * 60, "ü"):
            answer = await gateway.client().request(method, UNSUBSCRIBE, params={"token": forged})
            assert (answer.status_code, answer.json()["code"]) == (404, "not-found")
        answer = await gateway.client().request(method, UNSUBSCRIBE)
        assert answer.status_code == 422
        assert await chosen() == CATEGORIES


class TestPreferences:
    async def test_named_categories_change(self, user, chosen):
        assert (await user.http.get(PREFERENCES)).json() == CATEGORIES
        answer = await user.http.patch(PREFERENCES, json={"batches": True, "keys": False})
        assert (answer.status_code, answer.json()) == (200, CATEGORIES | {"batches": True, "keys": False})
        assert await chosen() == answer.json()

    @pytest.mark.parametrize("body", [{"security": False}, {"limits": "no"}, [], {"limits": None, "x": 1}])
    async def test_other_body_422(self, user, chosen, body):
        assert (await user.http.patch(PREFERENCES, json=body)).status_code == 422
        assert await chosen() == CATEGORIES

    async def test_needs_a_log_in(self, gateway):
        assert (await gateway.client().get(PREFERENCES)).status_code == 401
