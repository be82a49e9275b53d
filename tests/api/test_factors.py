"""Second factors: authenticator apps, recovery codes, log-ins with them, and what ends them."""

import asyncio
import re
import time

import pyotp
import pytest
from sqlalchemy import text

from backplane.services.identity import codes
from backplane.services.identity.tries import TRY_ONCE
from tests.api.conftest import PASSWORD, opened
from tests.api.factors import APP, FACTORS, FINISH, OWN, PAGE, RECOVERY, SESSIONS, TOKEN, UNUSED, Person, code_of

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

CHANGE_PASSWORD = "/api/v1/auth/password"
CHANGE = {"current_password": PASSWORD, "password": "a wholly different sentence"}


@pytest.fixture(scope="module")
async def gateway(gateway_settings):
    async with opened(gateway_settings(public_url=PAGE)) as running:
        yield running


@pytest.fixture
async def person(gateway, ada, client):
    person = Person(ada, gateway, client)
    assert (await person.give_password()).status_code == 200
    return person


@pytest.fixture
async def protected(person):
    """A person with an authenticator app."""
    await person.add_app()
    return person


class TestSteps:
    """RFC 6238, appendix B: the codes of SHA-1, of which authenticator apps show the last six digits."""

    SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # "12345678901234567890" in Base32

    @pytest.mark.parametrize(
        ("at", "code"),
        [
            (59, "287082"),
            (1111111109, "081804"),
            (1111111111, "050471"),
            (1234567890, "005924"),
            (2000000000, "279037"),
        ],
    )
    def test_vectors_of_the_rfc(self, at, code):
        assert codes.find_step(self.SECRET, code, now=at) == (at // 30, True)

    @pytest.mark.parametrize(
        ("wrong_by", "accepted"), [(-300, False), (-60, False), (-30, True), (30, True), (60, False), (300, False)]
    )
    def test_clock_may_be_wrong_by_one_step(self, wrong_by, accepted):
        now = 1_700_000_010
        code = pyotp.TOTP(self.SECRET).at(now + wrong_by)
        assert codes.find_step(self.SECRET, code, now=now) == ((now + wrong_by) // 30, accepted)

    @pytest.mark.parametrize("wrong_by", [-330, 330])
    def test_farther_ones_are_of_no_step(self, wrong_by):
        now = 1_700_000_010
        assert codes.find_step(self.SECRET, pyotp.TOTP(self.SECRET).at(now + wrong_by), now=now) is None


class TestAuthenticatorApp:
    async def test_secret_is_shown_as_text_uri_and_picture(self, person):
        made = (await person.post(APP)).json()
        found = pyotp.parse_uri(made["uri"])
        assert (found.secret, found.name, found.issuer) == (
            made["secret"],
            person.user.email,
            "ImageShield (localhost)",
        )
        assert (found.digits, found.interval, found.digest().name) == (6, 30, "sha1")
        assert re.fullmatch(r"[A-Z2-7]{32}", made["secret"])
        assert made["qr_svg"].startswith("<svg")

    async def test_is_no_factor_before_its_confirmation(self, person):
        await person.post(APP)
        assert (await person.give_password()).status_code == 200
        assert (await person.request("GET", FACTORS)).json()["second_factor"] is False

    async def test_first_factor_brings_ten_recovery_codes(self, protected):
        assert len(set(protected.codes)) == 10
        assert all(re.fullmatch(r"([A-Z2-7]{4}-){3}[A-Z2-7]{4}", code) for code in protected.codes)

    async def test_second_setup_is_refused(self, protected):
        assert code_of(await protected.post(APP)) == (409, "factor-exists")
        assert code_of(await protected.post(f"{APP}/confirm", json={"code": protected.otp()})) == (409, "factor-exists")

    async def test_confirmation_without_a_beginning(self, person):
        assert code_of(await person.post(f"{APP}/confirm", json={"code": "123456"})) == (409, "factor-not-begun")

    async def test_second_beginning_replaces_the_secret(self, person):
        first, second = [(await person.post(APP)).json()["secret"] for _ in range(2)]
        old = await person.post(f"{APP}/confirm", json={"code": pyotp.TOTP(first).now()})
        assert code_of(old) == (403, "code-wrong")
        assert (await person.post(f"{APP}/confirm", json={"code": pyotp.TOTP(second).now()})).status_code == 200

    async def test_wrong_clock_is_told(self, person):
        person.secret = (await person.post(APP)).json()["secret"]
        response = await person.post(f"{APP}/confirm", json={"code": person.otp(90)})
        assert code_of(response) == (403, "clock-wrong")

    @pytest.mark.parametrize("code", ["12345", "1234567", "١٢٣٤٥٦", "abcdef", "", "12345\u0000"])
    async def test_unfit_codes_are_422(self, person, code):
        assert code_of(await person.post(f"{APP}/confirm", json={"code": code})) == (422, "validation-failed")

    async def test_secret_rests_sealed(self, protected, gateway):
        [row] = await protected.sql(text("SELECT secret FROM one_time_passwords WHERE user_id = :user"))
        assert protected.secret.encode() not in row.secret
        assert len(row.secret) == 20 + 12 + 32 + 16  # name of the account key, nonce, secret, tag

    async def test_removal_takes_the_recovery_codes_along(self, protected):
        assert (await protected.request("DELETE", APP)).status_code == 204
        assert (await protected.request("GET", FACTORS)).json() == {
            "second_factor": False,
            "authenticator_app": None,
            "passkeys": [],
            "recovery_codes": {"left": 0, "low": False},
            "passkeys_available": True,
        }
        assert (await protected.give_password()).status_code == 200
        assert code_of(await protected.request("DELETE", APP)) == (404, "not-found")
        assert await protected.events("factor.removed") == [("success", {"kind": "authenticator-app", "last": True})]

    async def test_programs_may_change_factors(self, ada):
        """Re-authentication binds browsers only."""
        assert (await ada.http.post(APP)).status_code == 201


class TestLogIn:
    async def test_password_leads_to_the_second_step(self, protected):
        response = await protected.give_password()
        assert code_of(response) == (403, "second-factor-required")
        assert response.json()["methods"] == ["otp", "rec"]
        assert "Set-Cookie" not in response.headers
        assert response.headers["Cache-Control"] == "no-store"
        finished = await protected.finish(response.json()["pending"], otp=protected.otp())
        assert finished.status_code == 200, finished.text
        listed = (await protected.request("GET", SESSIONS)).json()["data"]
        assert [one["methods"] for one in listed if one["current"]] == [["otp", "pwd"]]

    async def test_pending_log_in_is_good_once(self, protected):
        pending = await protected.pending()
        assert (await protected.finish(pending, otp=protected.otp())).status_code == 200
        assert code_of(await protected.finish(pending, recovery_code=protected.codes[0])) == (401, "log-in-expired")

    async def test_of_two_at_once_one_finishes(self, protected):
        pending = await protected.pending()
        answers = await asyncio.gather(*(protected.finish(pending, recovery_code=code) for code in protected.codes[:4]))
        assert sorted(one.status_code for one in answers) == [200, 401, 401, 401]

    async def test_unknown_pending_is_401(self, person):
        assert code_of(await person.finish("x" * 43, otp="123456")) == (401, "log-in-expired")

    async def test_wrong_code_does_not_end_it(self, protected):
        pending = await protected.pending()
        assert code_of(await protected.finish(pending, otp="000000")) == (403, "code-wrong")
        assert (await protected.finish(pending, otp=protected.otp())).status_code == 200
        assert await protected.events("account.second_factor") == [
            ("failure", {"code": "code-wrong"}),
            ("success", {"method": "otp"}),
        ]

    async def test_code_works_once(self, protected):
        code = protected.otp()
        assert (await protected.finish(await protected.pending(), otp=code)).status_code == 200
        assert code_of(await protected.finish(await protected.pending(), otp=code)) == (403, "code-wrong")

    async def test_of_a_code_sent_at_once_one_counts(self, protected):
        pending = [await protected.pending() for _ in range(4)]
        code = protected.otp()
        answers = await asyncio.gather(*(protected.finish(one, otp=code) for one in pending))
        assert sorted(one.status_code for one in answers) == [200, 403, 403, 403]

    async def test_earlier_code_ends_with_a_later_one(self, protected):
        earlier, later = protected.otp(-30), protected.otp()
        assert (await protected.finish(await protected.pending(), otp=later)).status_code == 200
        assert code_of(await protected.finish(await protected.pending(), otp=earlier)) == (403, "code-wrong")

    async def test_clock_wrong_by_a_minute_is_told(self, protected):
        pending = await protected.pending()
        for seconds in (-90, 90):
            await protected.sql(UNUSED)
            assert code_of(await protected.finish(pending, otp=protected.otp(seconds))) == (403, "clock-wrong")

    async def test_code_of_a_later_time_is_used_up(self, protected):
        """Otherwise a guess would tell when it becomes right."""
        later = protected.otp(90)
        pending = await protected.pending()
        assert code_of(await protected.finish(pending, otp=later)) == (403, "clock-wrong")
        assert code_of(await protected.finish(pending, otp=later)) == (403, "code-wrong")

    @pytest.mark.parametrize("proof", [{}, {"otp": "123456", "recovery_code": "x"}, {"code": "123456"}])
    async def test_one_factor_is_demanded(self, person, proof):
        assert code_of(await person.finish("x" * 43, **proof)) == (422, "validation-failed")

    async def test_other_pages_are_refused(self, client):
        response = await client.post(FINISH, json={"pending": "x", "otp": "123456"}, headers={"Origin": "http://evil"})
        assert code_of(response) == (403, "origin-not-allowed")

    async def test_wrong_password_says_nothing_of_factors(self, protected, client):
        answers = [
            (
                await client.post(
                    "/api/v1/auth/session", json={"email": email, "password": "wrong horse battery"}, headers=OWN
                )
            )
            for email in (protected.user.email, "nobody@example.org")
        ]
        bodies = [one.json() | {"request_id": None} for one in answers]
        assert bodies[0] == bodies[1]
        assert bodies[0]["code"] == "unauthenticated"


class TestTries:
    async def test_five_and_then_a_wait(self, protected):
        pending = await protected.pending()
        answers = await asyncio.gather(*(protected.finish(pending, otp="000000") for _ in range(40)))
        assert sorted(map(code_of, answers)) == [(403, "code-wrong")] * 5 + [(429, "too-many-attempts")] * 35
        response = await protected.finish(pending, otp=protected.otp())
        assert code_of(response) == (429, "too-many-attempts"), "the right one has to wait as well"
        assert 0 < int(response.headers["Retry-After"]) <= 30

    async def test_recovery_codes_are_not_blocked_by_codes(self, protected):
        pending = await protected.pending()
        for _ in range(6):
            await protected.finish(pending, otp="000000")
        assert (await protected.finish(pending, recovery_code=protected.codes[3])).status_code == 200

    async def test_right_code_forgets_the_wrong_ones(self, protected):
        for _ in range(3):
            pending = await protected.pending()
            for _ in range(3):
                assert code_of(await protected.finish(pending, otp="000000")) == (403, "code-wrong")
            await protected.sql(UNUSED)
            assert (await protected.finish(pending, otp=protected.otp())).status_code == 200

    async def test_waits_grow(self, gateway):
        """Each further try doubles the wait, to an hour at most."""
        bus = gateway.services.resources.bus
        waits = []
        for _ in range(12):
            name = f"imageshield:tries:test:{len(waits)}"
            for _ in range(len(waits)):
                await bus._redis.hincrby(name, "tries", 1)
            await bus.evaluate(TRY_ONCE, [name], (5, 30, 3600, 60))
            waits.append(await bus.evaluate(TRY_ONCE, [name], (5, 30, 3600, 60)))
        assert waits[:4] == [0] * 4
        # A second may pass in between.
        assert [round(wait, -1) for wait in waits[4:]] == [30, 60, 120, 240, 480, 960, 1920, 3600]

    async def test_without_redis_nothing_is_tried(self, gateway_settings, ada):
        async with (
            opened(gateway_settings(public_url=PAGE, redis_url="redis://127.0.0.1:1/0")) as alone,
            alone.client() as http,
        ):
            response = await http.post(FINISH, json={"pending": "x" * 43, "otp": "123456"}, headers=OWN)
            assert code_of(response) == (503, "unavailable")


class TestTokenEndpoint:
    @pytest.fixture
    def log_in(self, protected, client):
        form = {"grant_type": "password", "username": protected.user.email, "password": PASSWORD}
        return lambda **more: client.post(TOKEN, data=form | more)

    async def test_otp_is_demanded(self, log_in):
        response = await log_in()
        assert code_of(response) == (403, "second-factor-required")
        assert response.json()["methods"] == ["otp", "rec"]
        assert "pending" not in response.json()

    async def test_otp_logs_in(self, log_in, protected):
        assert (await log_in(otp=protected.otp())).status_code == 200

    async def test_recovery_code_logs_in_once(self, log_in, protected):
        code = protected.codes[0]
        assert [(await log_in(otp=code)).status_code for _ in range(2)] == [200, 400]

    async def test_wrong_otp_is_an_invalid_grant(self, log_in):
        response = await log_in(otp="000000")
        assert (response.status_code, response.json()["error"]) == (400, "invalid_grant")

    async def test_otp_without_a_factor_is_ignored(self, ada, client):
        form = {"grant_type": "password", "username": ada.email, "password": PASSWORD, "otp": "123456"}
        assert (await client.post(TOKEN, data=form)).status_code == 200

    async def test_refresh_needs_none(self, log_in, protected, client):
        token = (await log_in(otp=protected.otp())).json()["refresh_token"]
        assert (await client.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token})).is_success

    async def test_wrong_otps_have_to_wait(self, log_in, protected):
        answers = [await log_in(otp="000000") for _ in range(6)]
        assert [one.status_code for one in answers] == [400] * 5 + [429]
        assert answers[5].json()["code"] == "too-many-attempts"
        assert (await log_in(otp=protected.otp())).status_code == 429


class TestPassword:
    """Who knows the password, and has a session or a token, changes it only with the second factor."""

    async def test_browser_has_to_confirm(self, protected, gateway):
        sessions = await protected.sql(text("SELECT id FROM login_sessions WHERE user_id = :user AND browser"))
        issue = gateway.services.identity.tokens._access.issue
        for age, expected in ((601, (403, "reauthentication-required")), (0, None)):
            proved = int(time.time()) - age
            protected.token = issue(protected.user.account_id, sessions[0].id, auth_time=proved, browser=True)
            response = await protected.post(CHANGE_PASSWORD, json=CHANGE)
            assert (code_of(response) if response.content else None) == expected
        assert response.status_code == 204

    async def test_program_needs_its_second_factor(self, protected):
        change = protected.user.http.post
        refused = await change(CHANGE_PASSWORD, json=CHANGE)
        assert code_of(refused) == (403, "second-factor-required")
        assert refused.json()["methods"] == ["otp", "rec"]
        wrong = await change(CHANGE_PASSWORD, json=CHANGE | {"otp": "000000"})
        assert code_of(wrong) == (403, "code-wrong")
        assert code_of(await change(CHANGE_PASSWORD, json=CHANGE | {"otp": protected.otp(60)})) == (
            403,
            "clock-wrong",
        )
        assert (await change(CHANGE_PASSWORD, json=CHANGE | {"otp": protected.codes[0]})).status_code == 204

    async def test_wrong_password_uses_no_code_up(self, protected):
        change = protected.user.http.post
        bad = CHANGE | {"current_password": "wrong", "otp": protected.otp()}
        assert code_of(await change(CHANGE_PASSWORD, json=bad)) == (403, "wrong-password")
        good = CHANGE | {"otp": bad["otp"]}
        assert (await change(CHANGE_PASSWORD, json=good)).status_code == 204

    async def test_without_a_factor_none_is_asked(self, ada):
        assert (await ada.http.post(CHANGE_PASSWORD, json=CHANGE)).status_code == 204


class TestRecoveryCodes:
    async def test_spelling_does_not_matter(self, protected):
        code = protected.codes[0].replace("-", " ").lower()
        assert (await protected.finish(await protected.pending(), recovery_code=code)).status_code == 200

    async def test_of_one_sent_at_once_one_counts(self, protected):
        pending = [await protected.pending() for _ in range(4)]
        answers = await asyncio.gather(*(protected.finish(one, recovery_code=protected.codes[0]) for one in pending))
        assert sorted(one.status_code for one in answers) == [200, 403, 403, 403]

    async def test_new_ones_end_the_old(self, protected):
        old = protected.codes[0]
        response = await protected.post(RECOVERY)
        assert (response.status_code, len(response.json()["codes"])) == (201, 10)
        assert code_of(await protected.finish(await protected.pending(), recovery_code=old)) == (403, "code-wrong")
        new = response.json()["codes"][9]
        assert (await protected.finish(await protected.pending(), recovery_code=new)).status_code == 200

    async def test_few_left_are_told(self, protected):
        for code in protected.codes[:7]:
            assert (await protected.finish(await protected.pending(), recovery_code=code)).status_code == 200
        left = (await protected.request("GET", FACTORS)).json()["recovery_codes"]
        assert left == {"left": 3, "low": True}

    async def test_without_a_factor_are_refused(self, person):
        assert code_of(await person.post(RECOVERY)) == (409, "no-second-factor")

    async def test_of_another_user_open_nothing(self, protected, gateway, bob):
        async with gateway.client() as http:
            other = Person(bob, gateway, http)
            await other.give_password()
            await other.add_app()
            wrong = await other.finish(await other.pending(), recovery_code=protected.codes[0])
        assert code_of(wrong) == (403, "code-wrong")


async def test_no_secret_is_in_redis_or_the_audit(protected, gateway):
    """A canary: codes, secret and pending log-in are kept as digests or not at all."""
    pending = await protected.pending()
    await protected.finish(pending, recovery_code=protected.codes[0])
    pending = await protected.pending()
    redis = gateway.services.resources.bus._redis
    kept = [key + (await redis.get(key) or b"") async for key in redis.scan_iter(match="imageshield:*", _type="string")]
    assert kept
    rows = await protected.sql(text("SELECT audit_events::text FROM audit_events WHERE account_id = :user"))
    seen = b"".join(kept) + "".join(row[0] for row in rows).encode()
    for secret in (pending, protected.secret, *protected.codes, protected.user.email):
        assert secret.encode() not in seen
