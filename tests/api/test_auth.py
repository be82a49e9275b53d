"""Registration, and the token route with its password grant and refresh grant."""

import asyncio
import re

import pytest

from api.schemas.problems import Problem
from backplane.errors import Overloaded
from backplane.services.identity.permissions import PERMISSIONS
from tests.api.conftest import PASSWORD

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

REGISTER, TOKEN = "/api/v1/auth/register", "/api/v1/auth/token"
CANARY = "canary-Zx9!-secret"
FORM = "application/x-www-form-urlencoded"


async def register(client, email, password=PASSWORD):
    return await client.post(REGISTER, json={"email": email, "password": password})


async def log_in(client, email, password=PASSWORD):
    return await client.post(TOKEN, data={"grant_type": "password", "username": email, "password": password})


async def refresh(client, token):
    return await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token})


class TestRegister:
    async def test_account_email_is_lower_case(self, client):
        response = await register(client, "New.Person@Example.ORG")
        assert response.status_code == 201
        assert response.json()["email"] == "new.person@example.org"
        assert response.json()["account_id"].startswith("acc_")

    async def test_local_domain_is_a_valid_email(self, client):
        assert (await register(client, "admin@nas.local")).status_code == 201

    async def test_email_in_other_case_is_taken(self, client, ada):
        response = await register(client, ada.email.upper())
        assert (response.status_code, response.json()["code"]) == (409, "email-taken")

    @pytest.mark.parametrize(
        "email",
        ["", "nobody", "a@b@c.org", "a b@c.org", "a@c.org\x00", "a@c.org\r\nX: y", "x" * 300 + "@c.org", "a@\ud800"],
    )
    async def test_invalid_email_is_refused(self, client, email):
        response = await client.post(
            REGISTER, content=json_of(email=email, password=PASSWORD), headers={"Content-Type": "application/json"}
        )
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")

    @pytest.mark.parametrize("password", ["elevenchars", "x" * 1025, "", 123456789012, None, ["correct horse battery"]])
    async def test_a_password_has_12_to_1024_characters(self, client, password):
        response = await register(client, "somebody@example.org", password)
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")

    async def test_unknown_fields_are_refused(self, client):
        body = {"email": "mass@example.org", "password": PASSWORD, "operator": True, "tier": "enterprise"}
        response = await client.post(REGISTER, json=body)
        assert response.status_code == 422
        assert response.json()["errors"][0]["code"] == "unknown_field"

    @pytest.mark.parametrize(
        "body",
        [
            {"password": CANARY},
            {"email": CANARY, "password": CANARY},
            {"email": "a@example.org", "password": "short", CANARY: CANARY},
            {"email": {"a": CANARY}, "password": [CANARY]},
            [CANARY],
            CANARY,
        ],
    )
    async def test_a_refusal_repeats_nothing_that_was_sent(self, client, body):
        response = await client.post(REGISTER, json=body)
        assert response.status_code == 422
        assert CANARY not in response.text

    @pytest.mark.parametrize("body", ['{"email": "canary-Zx9!-secret', "[" * 5000, "canary-Zx9!-secret", "", "\xff"])
    async def test_invalid_json_is_refused_and_not_repeated(self, client, body):
        response = await client.post(REGISTER, content=body.encode(), headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "canary" not in response.text

    async def test_a_body_of_another_type_is_refused(self, client):
        response = await client.post(REGISTER, content=f"password={CANARY}", headers={"Content-Type": "text/plain"})
        assert (response.status_code, response.json()["code"]) == (415, "unsupported-media-type")
        assert CANARY not in response.text


class TestPasswordGrant:
    async def test_the_password_brings_both_tokens(self, client, ada):
        response = await log_in(client, ada.email)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "no-store"
        body = response.json()
        assert (body["token_type"], body["expires_in"]) == ("bearer", 900)
        assert body["scope"] == " ".join(sorted(PERMISSIONS))
        jobs = await client.get("/api/v1/jobs", headers={"Authorization": f"Bearer {body['access_token']}"})
        assert jobs.status_code == 200

    async def test_unknown_email_answers_like_wrong_password(self, client, ada):
        wrong = [await log_in(client, ada.email, "wrong horse battery"), await log_in(client, "nobody@example.org")]
        assert [response.status_code for response in wrong] == [400, 400]
        assert wrong[0].json() | {"request_id": ""} == wrong[1].json() | {"request_id": ""}
        assert refused_as(wrong[0], "invalid_grant")

    @pytest.mark.parametrize(
        "form",
        [
            {},
            {"grant_type": "password"},
            {"grant_type": "password", "username": "a@example.org"},
            {"grant_type": "refresh_token"},
            {"grant_type": "client_credentials", "client_secret": CANARY},
            {"grant_type": "password", "username": "a\x00b", "password": CANARY},
            {"grant_type": "password", "username": "x" * 300, "password": CANARY},
            {"grant_type": "refresh_token", "username": CANARY, "password": CANARY, "admin": CANARY},
        ],
    )
    async def test_unfit_form_is_refused_and_not_repeated(self, client, form):
        response = await client.post(TOKEN, data=form)
        unsupported = form.get("grant_type") == "client_credentials"
        assert refused_as(response, "unsupported_grant_type" if unsupported else "invalid_request")
        assert response.json()["errors"]
        assert CANARY not in response.text

    @pytest.mark.parametrize(
        ("content", "kind"),
        [
            ("{}", "application/json"),
            ("\x00", FORM),
            ("a=1&a=2", FORM),
            ("--x\r\nbroken", "multipart/form-data; boundary=x"),
        ],
    )
    async def test_other_body_is_an_oauth_invalid_request(self, client, content, kind):
        response = await client.post(TOKEN, content=content, headers={"Content-Type": kind})
        assert refused_as(response, "invalid_request")

    async def test_an_overload_is_a_problem(self, gateway, client, ada, monkeypatch):
        async def busy(*arguments, **named):
            raise Overloaded

        monkeypatch.setattr(type(gateway.services.identity.accounts), "authenticate", busy)
        response = await log_in(client, ada.email)
        assert (response.status_code, response.headers["Content-Type"]) == (503, "application/problem+json")

    async def test_fields_of_oauth_clients_are_accepted(self, client, ada):
        form = {"grant_type": "password", "username": ada.email, "password": PASSWORD}
        response = await client.post(TOKEN, data=form | {"scope": "jobs:read", "client_id": "x", "client_secret": "y"})
        assert response.status_code == 200

    async def test_unknown_fields_are_ignored(self, client, ada):
        """RFC 6749, section 3.2; twice they are refused all the same."""
        form = {"grant_type": "password", "username": ada.email, "password": PASSWORD, "audience": "x"}
        assert (await client.post(TOKEN, data=form)).status_code == 200
        assert refused_as(await client.post(TOKEN, data=form | {"resource": ["x", "y"]}), "invalid_request")


class TestRefreshGrant:
    async def test_each_refresh_token_brings_the_next_pair(self, client, ada):
        first = (await log_in(client, ada.email)).json()
        second = (await refresh(client, first["refresh_token"])).json()
        third = await refresh(client, second["refresh_token"])
        assert third.status_code == 200
        assert len({first["refresh_token"], second["refresh_token"], third.json()["refresh_token"]}) == 3

    async def test_reused_refresh_token_ends_its_family(self, client, ada):
        """Another login of the same account is not affected."""
        first = (await log_in(client, ada.email)).json()
        other = (await log_in(client, ada.email)).json()
        second = (await refresh(client, first["refresh_token"])).json()
        assert refused_as(await refresh(client, first["refresh_token"]), "invalid_grant")
        assert refused_as(await refresh(client, second["refresh_token"]), "invalid_grant")
        assert (await refresh(client, other["refresh_token"])).status_code == 200

    async def test_concurrent_refreshes_succeed_at_most_once(self, client, ada):
        token = (await log_in(client, ada.email)).json()["refresh_token"]
        answers = await asyncio.gather(*(refresh(client, token) for _ in range(8)))
        assert sorted(response.status_code for response in answers)[1:] == [400] * 7

    @pytest.mark.parametrize("token", ["unknown", "x" * 256, "ü"])
    async def test_an_unknown_one_is_an_invalid_grant(self, client, token):
        assert refused_as(await refresh(client, token), "invalid_grant")


def refused_as(response, error):
    """Whether a refusal is one of RFC 6749, section 5.2, and a problem beside."""
    body = response.json()
    return (
        (response.status_code, response.headers["Content-Type"]) == (400, "application/json")
        and response.headers["Cache-Control"] == "no-store"
        and re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", body["error_description"]) is not None
        and (body["error"], body["code"].replace("-", "_"), body["status"]) == (error, error, 400)
        and Problem.model_validate({name: body[name] for name in Problem.model_fields.keys() & body.keys()}) is not None
    )


def json_of(**values):
    import json

    return json.dumps(values)
