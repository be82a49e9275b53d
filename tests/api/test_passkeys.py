"""Passkeys: registration, log-in with them and alone, and what is refused. tests/flows has a real browser."""

import asyncio
import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backplane.errors.factors import PasskeyRefused
from backplane.services.identity.ceremonies import RelyingParty, challenge_of
from backplane.services.identity.passkeys import AT_MOST
from tests.api.conftest import opened
from tests.api.factors import (
    ALONE,
    ALONE_OPTIONS,
    FACTORS,
    OWN,
    PAGE,
    PASSKEYS,
    SESSIONS,
    Person,
    code_of,
)
from tests.support.authenticator import Authenticator, b64

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

REFUSED = (403, "passkey-refused")
PARTY = RelyingParty("localhost", (PAGE,))


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
async def other(gateway, bob):
    async with gateway.client() as http:
        person = Person(bob, gateway, http)
        assert (await person.give_password()).status_code == 200
        yield person


async def register(person, authenticator, *, options=None, name="Phone", **changes):
    options = options or (await person.post(f"{PASSKEYS}/options")).json()["options"]
    return await person.post(PASSKEYS, json={"name": name, "credential": authenticator.create(options, **changes)})


class TestRelyingParty:
    @pytest.mark.parametrize(
        ("public_url", "allowed", "party"),
        [
            ("http://localhost:8000", "", ("localhost", ("http://localhost:8000",))),
            ("https://images.example", "", ("images.example", ("https://images.example",))),
            (None, "https://a.example", ("a.example", ("https://a.example",))),
            (
                "https://images.example",
                "https://beta.images.example,https://other.example,https://notimages.example",
                ("images.example", ("https://images.example", "https://beta.images.example")),
            ),
            ("http://images.example", "", None),
            ("http://192.0.2.7:8000", "", None),
            ("https://192.0.2.7", "", None),
            ("https://[2001:db8::1]", "", None),
            (None, "", None),
        ],
    )
    def test_follows_the_addresses(self, gateway_settings, public_url, allowed, party):
        found = RelyingParty.from_settings(gateway_settings(public_url=public_url, allowed_origins=allowed))
        assert (found and (found.id, found.origins)) == party

    async def test_without_one_there_are_no_passkeys(self, gateway_settings, ada):
        async with opened(gateway_settings(public_url="http://192.0.2.7:8000")) as running, running.client() as http:
            person = Person(ada, running, http, token=ada.token)
            assert (await person.request("GET", FACTORS)).json()["passkeys_available"] is False
            assert code_of(await person.post(f"{PASSKEYS}/options")) == (409, "passkeys-unavailable")
            asked = await http.post(ALONE_OPTIONS, json={}, headers={"Origin": "http://192.0.2.7:8000", "X-CSRF": "1"})
            assert code_of(asked) == (409, "passkeys-unavailable")


class TestRegistration:
    async def test_options(self, person):
        options = (await person.post(f"{PASSKEYS}/options")).json()["options"]
        assert options["rp"] == {"id": "localhost", "name": "ImageShield (localhost)"}
        assert options["attestation"] == "none"
        assert options["authenticatorSelection"]["residentKey"] == "preferred"
        assert options["user"]["name"] == person.user.email
        assert person.user.account_id.bytes not in (handle := options["user"]["id"].encode())
        again = (await person.post(f"{PASSKEYS}/options")).json()["options"]
        assert again["user"]["id"].encode() == handle
        assert again["challenge"] != options["challenge"]

    async def test_handles_tell_users_apart(self, person, other):
        handles = {(await one.post(f"{PASSKEYS}/options")).json()["options"]["user"]["id"] for one in (person, other)}
        assert len(handles) == 2

    async def test_several_have_names(self, person):
        first = await register(person, Authenticator(), name=" Ada's \n phone ")
        second = await register(person, Authenticator(), name="Key")
        assert (first.status_code, second.status_code) == (201, 201)
        assert len(first.json()["recovery_codes"]) == 10
        assert second.json()["recovery_codes"] is None
        overview = (await person.request("GET", FACTORS)).json()
        assert [one["name"] for one in overview["passkeys"]] == ["Ada's phone", "Key"]
        assert overview["second_factor"] is True
        kinds = [details for _, details in await person.events("factor.added")]
        assert kinds == [{"kind": "passkey"}] * 2

    async def test_known_ones_are_excluded(self, person):
        authenticator = await person.add_passkey()
        options = (await person.post(f"{PASSKEYS}/options")).json()["options"]
        [excluded] = options["excludeCredentials"]
        assert excluded["id"] == b64(authenticator.credential_id)

    async def test_same_credential_is_taken_once(self, person, other):
        authenticator = await person.add_passkey()
        for one in (person, other):
            assert code_of(await register(one, authenticator)) == (409, "passkey-known")

    async def test_challenge_is_good_once(self, person):
        options = (await person.post(f"{PASSKEYS}/options")).json()["options"]
        assert (await register(person, Authenticator(), options=options)).status_code == 201
        assert code_of(await register(person, Authenticator(), options=options)) == REFUSED

    async def test_challenge_of_another_session_is_refused(self, person, other):
        options = (await other.post(f"{PASSKEYS}/options")).json()["options"]
        assert code_of(await register(person, Authenticator(), options=options)) == REFUSED
        options = (await person.post(f"{PASSKEYS}/options")).json()["options"]
        await person.give_password()
        assert code_of(await register(person, Authenticator(), options=options)) == REFUSED

    async def test_challenge_of_a_log_in_is_refused(self, person):
        options = (await person.post(f"{PASSKEYS}/options")).json()["options"]
        options["challenge"] = (await person.options())["challenge"]
        assert code_of(await register(person, Authenticator(), options=options)) == REFUSED

    @pytest.mark.parametrize(
        "wrong",
        [
            {"origin": "http://localhost:8001"},
            {"origin": "https://evil.example"},
            {"rp_id": "evil.example"},
            {"cross_origin": True},
        ],
    )
    async def test_of_another_place_is_refused(self, person, wrong):
        assert code_of(await register(person, Authenticator(**wrong))) == REFUSED

    @pytest.mark.parametrize("attestation", ["", "oA", "AAAA", "-w"])
    async def test_malformed_is_refused(self, person, attestation):
        answer = code_of(await register(person, Authenticator(), attestationObject=attestation))
        assert answer == (REFUSED if attestation else (422, "validation-failed"))

    @pytest.mark.parametrize("name", ["", " ", "a\u0007b", "x" * 65, "\u202egnp"])
    async def test_unfit_names_are_422(self, person, name):
        assert code_of(await register(person, Authenticator(), name=name)) == (422, "validation-failed")

    async def test_at_most_twenty(self, person):
        for _ in range(AT_MOST):
            assert (await register(person, Authenticator())).status_code == 201
        assert code_of(await register(person, Authenticator())) == (409, "too-many-passkeys")


class TestChanges:
    async def test_rename_and_remove(self, person):
        passkey = (await register(person, Authenticator())).json()["id"]
        renamed = await person.request("PATCH", f"{PASSKEYS}/{passkey}", json={"name": "Tablet"})
        assert (renamed.status_code, renamed.json()["name"]) == (200, "Tablet")
        assert (await person.request("DELETE", f"{PASSKEYS}/{passkey}")).status_code == 204
        assert code_of(await person.request("DELETE", f"{PASSKEYS}/{passkey}")) == (404, "not-found")
        overview = (await person.request("GET", FACTORS)).json()
        assert (overview["second_factor"], overview["recovery_codes"]["left"]) == (False, 0)

    @pytest.mark.parametrize(("method", "content"), [("PATCH", {"json": {"name": "Mine"}}), ("DELETE", {})])
    async def test_those_of_others_are_404(self, person, other, method, content):
        passkey = (await register(other, Authenticator())).json()["id"]
        assert code_of(await person.request(method, f"{PASSKEYS}/{passkey}", **content)) == (404, "not-found")


class TestSecondFactor:
    async def test_finishes_a_log_in(self, person):
        authenticator = await person.add_passkey(Authenticator(verifies=False))
        response = await person.give_password()
        assert response.json()["methods"] == ["hwk", "rec"]
        pending = response.json()["pending"]
        options = await person.options(pending)
        assert [one["id"] for one in options["allowCredentials"]] == [b64(authenticator.credential_id)]
        finished = await person.finish(pending, passkey=authenticator.get(options, names_user=False))
        assert finished.status_code == 200, finished.text
        [current] = [one for one in (await person.request("GET", SESSIONS)).json()["data"] if one["current"]]
        assert current["methods"] == ["hwk", "pwd"]

    async def test_challenge_of_another_log_in_is_refused(self, person):
        authenticator = await person.add_passkey()
        first, second = await person.pending(), await person.pending()
        credential = authenticator.get(await person.options(first))
        assert code_of(await person.finish(second, passkey=credential)) == REFUSED

    async def test_one_of_another_user_is_refused(self, person, other):
        await person.add_passkey()
        foreign = await other.add_passkey()
        pending = await person.pending()
        credential = foreign.get(await person.options(pending), names_user=False)
        assert code_of(await person.finish(pending, passkey=credential)) == REFUSED

    async def test_expired_log_in_has_no_options(self, client):
        response = await client.post(ALONE_OPTIONS, json={"pending": "x" * 43}, headers=OWN)
        assert code_of(response) == (401, "log-in-expired")


class TestAlone:
    async def test_logs_in(self, person):
        authenticator = await person.add_passkey()
        options = await person.options()
        assert (options["allowCredentials"], options["userVerification"], options["rpId"]) == (
            [],
            "required",
            "localhost",
        )
        response = await person.log_in_by_passkey(authenticator.get(options))
        assert response.status_code == 200, response.text
        assert "HttpOnly" in response.headers["Set-Cookie"]
        [current] = [one for one in (await person.request("GET", SESSIONS)).json()["data"] if one["current"]]
        assert current["methods"] == ["hwk"]
        [passkey] = (await person.request("GET", FACTORS)).json()["passkeys"]
        assert passkey["last_used_at"] is not None

    async def test_must_verify_the_user(self, person):
        authenticator = await person.add_passkey(Authenticator(verifies=False))
        assert code_of(await person.log_in_by_passkey(authenticator.get(await person.options()))) == REFUSED
        assert ("failure", {"method": "hwk"}) in await person.events("account.login")

    async def test_must_name_the_user(self, person):
        authenticator = await person.add_passkey()
        credential = authenticator.get(await person.options(), names_user=False)
        assert code_of(await person.log_in_by_passkey(credential)) == REFUSED

    async def test_handle_of_another_user_is_refused(self, person, other):
        authenticator, foreign = await person.add_passkey(), await other.add_passkey()
        authenticator.handle = foreign.handle
        assert code_of(await person.log_in_by_passkey(authenticator.get(await person.options()))) == REFUSED

    async def test_replay_is_refused(self, person):
        authenticator = await person.add_passkey()
        credential = authenticator.get(await person.options())
        assert (await person.log_in_by_passkey(credential)).status_code == 200
        assert code_of(await person.log_in_by_passkey(credential)) == REFUSED

    async def test_of_one_sent_at_once_one_counts(self, person):
        authenticator = await person.add_passkey()
        credential = authenticator.get(await person.options())
        answers = await asyncio.gather(*(person.log_in_by_passkey(credential) for _ in range(6)))
        assert sorted(one.status_code for one in answers) == [200, *[403] * 5]

    async def test_challenge_of_nobody_is_refused(self, person):
        authenticator = await person.add_passkey()
        assert code_of(await person.log_in_by_passkey(authenticator.get({"challenge": b64(bytes(32))}))) == REFUSED

    async def test_challenge_of_a_second_factor_is_refused(self, person):
        authenticator = await person.add_passkey()
        options = await person.options(await person.pending())
        assert code_of(await person.log_in_by_passkey(authenticator.get(options))) == REFUSED

    @pytest.mark.parametrize(
        "wrong",
        [{"origin": "http://localhost:8001"}, {"rp_id": "evil.example"}, {"cross_origin": True}],
    )
    async def test_of_another_place_is_refused(self, person, wrong):
        authenticator = await person.add_passkey()
        for name, value in wrong.items():
            setattr(authenticator, name, value)
        assert code_of(await person.log_in_by_passkey(authenticator.get(await person.options()))) == REFUSED

    async def test_signature_of_another_key_is_refused(self, person):
        authenticator = await person.add_passkey()
        authenticator.private = Authenticator().private
        assert code_of(await person.log_in_by_passkey(authenticator.get(await person.options()))) == REFUSED

    async def test_unknown_one_is_refused_alike(self, person, other):
        known, unknown = await other.add_passkey(), Authenticator(handle=bytes(64))
        known.private = unknown.private
        answers = [await person.log_in_by_passkey(one.get(await person.options())) for one in (known, unknown)]
        first, second = (one.json() | {"request_id": None} for one in answers)
        assert first == second

    async def test_removed_one_is_refused(self, person):
        authenticator = Authenticator()
        passkey = (await register(person, authenticator)).json()["id"]
        await person.request("DELETE", f"{PASSKEYS}/{passkey}")
        assert code_of(await person.log_in_by_passkey(authenticator.get(await person.options()))) == REFUSED

    async def test_counter_that_goes_back_is_refused_and_audited(self, person):
        authenticator = await person.add_passkey()
        clone = copy.copy(authenticator)
        for _ in range(2):
            assert (await person.log_in_by_passkey(authenticator.get(await person.options()))).status_code == 200
        assert code_of(await person.log_in_by_passkey(clone.get(await person.options()))) == REFUSED
        assert await person.events("passkey.counter_back") == [("failure", {})]

    async def test_one_that_does_not_count_is_accepted(self, person):
        authenticator = await person.add_passkey(Authenticator(counts=False))
        for _ in range(2):
            assert (await person.log_in_by_passkey(authenticator.get(await person.options()))).status_code == 200

    async def test_options_tell_nothing_of_users(self, client):
        options = [(await client.post(ALONE_OPTIONS, json={}, headers=OWN)).json()["options"] for _ in range(2)]
        assert [one | {"challenge": None} for one in options[:1]] == [options[1] | {"challenge": None}]

    async def test_other_pages_are_refused(self, client):
        for path, body in ((ALONE, {"passkey": {}}), (ALONE_OPTIONS, {})):
            response = await client.post(path, json=body, headers={"Origin": "http://evil.example", "X-CSRF": "1"})
            assert code_of(response) == (403, "origin-not-allowed")


CHALLENGE = bytes(range(32))
HONEST = Authenticator()
CREATED = HONEST.create({"user": {"id": b64(b"handle")}, "challenge": b64(CHALLENGE)})
ASSERTED = HONEST.get({"challenge": b64(CHALLENGE)})


@settings(max_examples=300)
@given(st.data())
def test_hostile_answers_are_refused_in_one_way(data):
    """Whatever an authenticator sends, only `PasskeyRefused` comes out of the library."""
    for credential, check in (
        (CREATED, lambda one: PARTY.verify_new(one, CHALLENGE)),
        (ASSERTED, lambda one: PARTY.verify_use(one, CHALLENGE, public_key=HONEST.public_key_map())),
        (ASSERTED, challenge_of),
    ):
        changed = copy.deepcopy(credential)
        name = data.draw(st.sampled_from(sorted(changed["response"].keys() - {"transports"})))
        text = changed["response"][name]
        at = data.draw(st.integers(0, len(text)))
        cut = data.draw(st.text("AZaz09-_", max_size=40))
        changed["response"][name] = text[:at] + cut + text[at + data.draw(st.integers(0, 40)) :]
        try:
            check(changed)
        except PasskeyRefused:
            continue
