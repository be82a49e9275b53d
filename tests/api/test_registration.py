"""Registration by mail, proof of work, passwords and addresses over HTTP, and the links of their mails."""

import re

import altcha
import pytest
from sqlalchemy import text

from backplane.services.identity.one_time_tokens import VERIFY_ADDRESS
from backplane.services.mail.contents import unseal
from backplane.services.requests.caller import Caller
from backplane.wiring.operator import issue_operator_code
from tests.api.conftest import PASSWORD, opened

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

AUTH = "/api/v1/auth"
NEW = "another horse battery"
TOKEN = re.compile(r"#token=([\w-]{43})$", re.MULTILINE)
CONFIRMATIONS = {
    "/verify-email": {},
    "/email/confirm": {},
    "/password/reset/confirm": {"password": NEW},
}


@pytest.fixture
def mail_settings(stack, gateway_settings, tmp_path):
    with stack.databases.lend() as url:
        yield gateway_settings(
            database_url=url, mail_outbox_directory=tmp_path, mail_verification=True, proof_of_work=True
        )


@pytest.fixture
async def mailing(mail_settings):
    """A gateway that confirms addresses and wants a proof of work, with an account of Ada's."""
    async with opened(mail_settings) as gateway:
        gateway.ada = await gateway.user()
        yield gateway


@pytest.fixture
async def client(mailing):
    async with mailing.client() as opened_client:
        yield opened_client


@pytest.fixture
def token_of(mailing):
    """Read the token in the newest mail of a kind."""

    async def newest(kind):
        resources = mailing.services.resources
        async with resources.database.transaction() as session:
            query = text("SELECT id, sealed FROM mails WHERE kind = :kind ORDER BY id DESC LIMIT 1")
            row = (await session.execute(query, {"kind": kind})).one()
        return TOKEN.search(unseal(resources.vault, row.id, row.sealed).text)[1]

    return newest


async def solve(client):
    challenge = altcha.Challenge.from_dict((await client.get(f"{AUTH}/challenge")).json())
    return altcha.Payload(challenge, altcha.solve_challenge(challenge)).to_base64()


async def register(client, email, **changes):
    body = {"email": email, "password": PASSWORD, "proof_of_work": await solve(client)} | changes
    return await client.post(f"{AUTH}/register", json=body)


def refusal(response):
    return response.status_code, response.json()["code"]


@pytest.fixture
def empty(stack, gateway_settings):
    """Settings of an installation without an account, that wants a proof of work."""
    with stack.databases.lend() as url:
        yield gateway_settings(database_url=url, proof_of_work=True)


class TestFirstOperator:
    async def test_needs_no_proof_of_work(self, empty):
        """A new installation has no keys to sign a challenge with; later the code is no way around it."""
        new = {"email": "root@example.org", "password": PASSWORD, "operator_code": await issue_operator_code(empty)}
        async with opened(empty) as gateway, gateway.client() as client:
            assert (await client.post(f"{AUTH}/register", json=new)).status_code == 201
            again = await client.post(f"{AUTH}/register", json=new | {"email": "eve@example.org"})
        assert refusal(again) == (422, "proof-of-work-refused")


class TestRegister:
    async def test_taken_and_free_address_get_one_answer(self, mailing, client, token_of):
        answers = [await register(client, email) for email in (mailing.ada.email, "new@example.org")]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert [answer.json() for answer in answers] == [{"email": mailing.ada.email}, {"email": "new@example.org"}]
        made = await client.post(f"{AUTH}/verify-email", json={"token": await token_of(VERIFY_ADDRESS)})
        assert (made.status_code, made.json()["email"]) == (200, "new@example.org")
        form = {"grant_type": "password", "username": "new@example.org", "password": PASSWORD}
        assert (await client.post(f"{AUTH}/token", data=form)).status_code == 200

    async def test_proof_of_work_is_needed_once(self, client):
        proof = await solve(client)
        assert refusal(await register(client, "a@example.org", proof_of_work=None)) == (422, "proof-of-work-refused")
        assert (await register(client, "a@example.org", proof_of_work=proof)).status_code == 202
        written_otherwise = altcha.Payload.from_base64(proof)
        for again in (proof, written_otherwise.to_base64() + "\n"):
            answer = await register(client, "b@example.org", proof_of_work=again)
            assert refusal(answer) == (422, "proof-of-work-refused")
            assert answer.json()["errors"][0]["field"] == "proof_of_work"

    @pytest.mark.parametrize("proof", ["", "x", "e30=", "bnVsbA==", "W10=", "A" * 4000])
    async def test_forged_proof_is_refused(self, client, proof):
        assert refusal(await register(client, "a@example.org", proof_of_work=proof)) == (422, "proof-of-work-refused")

    async def test_own_challenge_is_refused(self, client):
        easy = altcha.create_challenge("PBKDF2/SHA-256", 1, hmac_secret="mine")
        proof = altcha.Payload(easy, altcha.solve_challenge(easy)).to_base64()
        assert refusal(await register(client, "a@example.org", proof_of_work=proof)) == (422, "proof-of-work-refused")

    @pytest.mark.parametrize(
        ("email", "code"),
        [
            ("ada@ex\u0430mple.org", "address_mixes_scripts"),
            ("\u0430da@example.org", "address_not_ascii"),
            ("ada@example.org\x00", "not_text"),
            ("ada@example.org\r\nBcc: eve@example.org", "not_an_email"),
        ],
    )
    async def test_lookalike_address_is_refused(self, client, email, code):
        answer = await register(client, email)
        assert refusal(answer) == (422, "validation-failed")
        assert [error["code"] for error in answer.json()["errors"]] == [code]

    async def test_common_password_names_the_field(self, client):
        answer = await register(client, "new@example.org", password="passwordpassword")
        assert refusal(answer) == (422, "password-too-common")
        [error] = answer.json()["errors"]
        assert (error["field"], error["code"]) == ("password", "password_too_common")


class TestLinks:
    @pytest.mark.parametrize("path", CONFIRMATIONS)
    async def test_get_changes_nothing(self, client, path):
        """A mail scanner opens each link."""
        for method in ("GET", "HEAD"):
            answer = await client.request(method, AUTH + path, params={"token": "A" * 43})
            assert answer.status_code == 405

    @pytest.mark.parametrize("path", CONFIRMATIONS)
    @pytest.mark.parametrize("token", ["A" * 43, "", "é", "x" * 99])
    async def test_unknown_token_404(self, client, path, token):
        assert refusal(await client.post(AUTH + path, json=CONFIRMATIONS[path] | {"token": token})) == (
            404,
            "link-unknown",
        )

    async def test_token_has_one_purpose(self, mailing, client, token_of):
        await client.post(f"{AUTH}/password/reset", json={"email": mailing.ada.email})
        token = await token_of("password-reset")
        for path in ("/verify-email", "/email/confirm"):
            assert refusal(await client.post(AUTH + path, json={"token": token})) == (404, "link-unknown")


class TestReset:
    async def test_known_and_unknown_address_get_one_answer(self, mailing, client):
        for email in (mailing.ada.email, "nobody@example.org"):
            answer = await client.post(f"{AUTH}/password/reset", json={"email": email})
            assert (answer.status_code, answer.json()) == (202, {"email": email})

    async def test_link_works_once_and_ends_sessions(self, mailing, client, token_of):
        await client.post(f"{AUTH}/password/reset", json={"email": mailing.ada.email})
        body = {"token": await token_of("password-reset"), "password": NEW}
        assert (await client.post(f"{AUTH}/password/reset/confirm", json=body)).status_code == 204
        assert refusal(await client.post(f"{AUTH}/password/reset/confirm", json=body)) == (410, "link-used")
        assert (await mailing.ada.http.get("/api/v1/me")).status_code == 401


class TestPassword:
    async def test_change_keeps_this_session_only(self, mailing, client):
        ada = mailing.ada
        other = await mailing.services.identity.tokens.issue(caller_of(ada), ada.account_id)
        body = {"current_password": PASSWORD, "password": NEW}
        assert (await ada.http.post(f"{AUTH}/password", json=body)).status_code == 204
        assert (await ada.http.get("/api/v1/me")).status_code == 200
        headers = {"Authorization": f"Bearer {other.access_token}"}
        assert (await client.get("/api/v1/me", headers=headers)).status_code == 401
        assert refusal(await ada.http.post(f"{AUTH}/password", json=body)) == (403, "wrong-password")

    async def test_needs_a_log_in(self, client):
        body = {"current_password": PASSWORD, "password": NEW}
        assert refusal(await client.post(f"{AUTH}/password", json=body)) == (401, "unauthenticated")


class TestAddress:
    async def test_change_is_confirmed_by_mail(self, mailing, client, token_of):
        ada = mailing.ada
        answer = await ada.http.post(f"{AUTH}/email", json={"email": "New@example.org"})
        assert (answer.status_code, answer.json()) == (202, {"email": "new@example.org"})
        assert (await ada.http.get("/api/v1/me")).json()["email"] == ada.email
        token = await token_of("address-change")
        confirmed = await client.post(f"{AUTH}/email/confirm", json={"token": token})
        assert (confirmed.status_code, confirmed.json()) == (200, {"email": "new@example.org"})
        assert (await ada.http.get("/api/v1/me")).json()["email"] == "new@example.org"


class TestDelay:
    async def test_wrong_passwords_429(self, mailing, client):
        form = {"grant_type": "password", "username": mailing.ada.email, "password": "wrong horse battery"}
        answers = [await client.post(f"{AUTH}/token", data=form) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [400] * 5 + [429]
        assert answers[-1].json()["code"] == "too-many-attempts"
        assert answers[-1].headers["Retry-After"] == "1"


def caller_of(user):
    return Caller(user.account_id, user_id=user.account_id)
