"""The rules on the audit trail: synthetic attacks through the API, the real steps of the relay, and their events."""

from dataclasses import replace

import httpx
import pyotp
import pytest
from sqlalchemy import text

from api.schemas.security_events import RuleName
from api.schemas.webhooks import Event
from backplane import ids
from backplane.metrics import SECURITY_EVENTS
from backplane.services.identity.lockout import Lockout
from backplane.services.security import misses
from backplane.services.security.rules import RULES
from backplane.wiring.audit import Sealing
from backplane.wiring.security import wire_watch
from backplane.wiring.worker import open_claims
from tests.api.conftest import PASSWORD, Engine, opened
from tests.api.factors import APP
from tests.support import teams

pytestmark = [pytest.mark.stack, pytest.mark.anyio]

EVENTS, OF_INSTALLATION, TOKEN = "/api/v1/security-events", "/api/v1/admin/security-events", "/api/v1/auth/token"
HOME, ELSEWHERE = "192.0.2.17", "203.0.113.9"
FIREFOX, OTHER = "Mozilla/5.0 Firefox/130.0", "curl/8.9"
THRESHOLDS = {
    "security_failed_log_ins": 3,
    "security_failed_log_ins_by_address": 4,
    "security_failed_unlocks": 3,
    "security_mass_download": 3,
    "security_id_scraping": 15,
}
"""Below the first delay of a log-in, so that the tests need not wait."""


@pytest.fixture(scope="module")
def guarded_settings(stack):
    with stack.databases.lend() as url:
        yield stack.settings(
            database_url=url, redis_url=stack.redis_url(), webhook_allow_networks="127.0.0.0/8", **THRESHOLDS
        )


@pytest.fixture(scope="module")
async def gateway(guarded_settings):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(misses, "WRITE_SECONDS", 3600)  # `relay` writes
        async with opened(guarded_settings) as running:
            yield running


@pytest.fixture(scope="module")
async def engine(guarded_settings):
    async with open_claims(guarded_settings) as claims:
        yield Engine(claims, guarded_settings)


@pytest.fixture
def sql(gateway):
    async def run(statement, **values):
        async with gateway.services.resources.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    return run


@pytest.fixture
def relay(gateway, sql, tmp_path):
    """Play the relay: seal, and show the rules what was sealed, as if it had happened so many days from now."""
    resources = gateway.services.resources
    # Only the watch sends mails: without them, the links of invitations are in the answers.
    mailing = resources.settings.model_copy(update={"mail_outbox_directory": tmp_path})
    sealing, watch = Sealing.wire(resources), wire_watch(replace(resources, settings=mailing))

    async def run(days=0):
        await gateway.services.security.misses.write()
        await gateway.services.identity.api_key_verifier._uses.write()
        await sealing.sealer.seal_all()
        await sql("UPDATE security_observations SET at = at + make_interval(days => :days)", days=days)
        await watch.watch_all()

    return run


@pytest.fixture
async def operator(gateway, sql):
    user = await gateway.user()
    await sql("UPDATE users SET operator = true WHERE id = :id", id=user.account_id)
    async with user.http:
        yield user
    await sql("UPDATE users SET operator = false WHERE id = :id", id=user.account_id)


def at(gateway, address, user_agent=FIREFOX, **headers):
    """Return a client at a network address."""
    transport = httpx.ASGITransport(gateway.app, raise_app_exceptions=False, client=(address, 4711))
    return httpx.AsyncClient(
        transport=transport, base_url="http://gateway", headers={"User-Agent": user_agent, **headers}
    )


async def log_in(gateway, email, password=PASSWORD, *, address=HOME, user_agent=FIREFOX):
    async with at(gateway, address, user_agent) as http:
        return await http.post(TOKEN, data={"grant_type": "password", "username": email, "password": password})


async def found(user, place=EVENTS, **wanted):
    return (await user.http.get(place, params=wanted)).raise_for_status().json()["data"]


async def rules_of(user, place=EVENTS):
    return [(event["rule"], event["count"]) for event in await found(user, place)]


async def scrape(user):
    for _ in range(16):
        assert (await user.http.get(f"/api/v1/jobs/job_{ids.new().hex}")).status_code == 404


AGAIN = """
INSERT INTO security_observations (at, signal, account_id, user_id, address, network, device, facts)
SELECT at, signal, account_id, user_id, address, network, device, facts
FROM security_observations, generate_series(1, 4) WHERE signal = 'logged_in'
"""


@pytest.fixture
def settle(gateway, relay, sql):
    """Let a user log in from home for some time: once through the API, because each log-in costs a hash."""

    async def run(user):
        assert (await log_in(gateway, user.email)).status_code == 200
        await Sealing.wire(gateway.services.resources).sealer.seal_all()
        await sql(AGAIN)
        await relay(days=-10)

    return run


class TestFailedLogIns:
    async def test_burst_at_one_user(self, gateway, relay, ada):
        for number in range(3):
            await relay()
            assert await rules_of(ada) == []
            await log_in(gateway, ada.email, "wrong", address=f"198.51.{number}.7")
        await relay()
        [event] = await found(ada)
        assert (event["rule"], event["count"], event["severity"]) == ("failed_log_ins", 3, "medium")
        assert event["user_id"] == f"usr_{ada.account_id.hex}"
        assert "3 failed log-ins" in event["what"]
        assert "password" in event["advice"]

    async def test_slow_ones_are_none(self, gateway, relay, ada):
        for number in range(3):
            await log_in(gateway, ada.email, "wrong", address=f"198.51.{number}.7")
            await relay(days=number)
        assert await rules_of(ada) == []

    async def test_burst_from_one_address(self, gateway, relay, operator):
        """It counts users and strangers, and is for operators."""
        for number in range(4):
            await log_in(gateway, f"nobody{number}@example.org", "wrong", address=ELSEWHERE)
        await relay()
        assert await rules_of(operator, OF_INSTALLATION) == [("failed_log_ins_by_address", 4)]
        assert await rules_of(operator) == []
        [event] = await found(operator, OF_INSTALLATION)
        assert (event["account_id"], event["audit_url"]) == (None, None)
        done = await operator.http.post(f"{OF_INSTALLATION}/{event['id']}/acknowledge")
        assert done.json()["acknowledged_by"] == f"usr_{operator.account_id.hex}"


class TestFailedUnlocks:
    async def test_wrong_passwords(self, relay, engine, ada):
        for code in ("decryption-failed", "image-corrupt", "decryption-failed", "decryption-failed"):
            await engine.fail(await ada.decrypt(), code=code)
        await relay()
        assert await rules_of(ada) == [("failed_unlocks", 3)]


class TestNewNetwork:
    async def test_alone_is_none(self, gateway, relay, settle, ada):
        await settle(ada)
        await log_in(gateway, ada.email, address=ELSEWHERE)
        await log_in(gateway, ada.email, address="198.51.100.4", user_agent=OTHER)
        await relay()
        assert await rules_of(ada) == []

    async def test_after_failed_log_ins(self, gateway, relay, settle, ada):
        await settle(ada)
        for number in range(5):
            await log_in(gateway, ada.email, "wrong", address=f"198.51.{number}.7")
        await Lockout(gateway.services.resources.bus).forget(ada.email)
        await log_in(gateway, ada.email, address=ELSEWHERE, user_agent=OTHER)
        await relay()
        assert ("new_network", 1) in await rules_of(ada)

    async def test_with_a_changed_credential(self, gateway, relay, settle, ada):
        await settle(ada)
        token = (await log_in(gateway, ada.email, address=ELSEWHERE, user_agent=OTHER)).json()["access_token"]
        async with at(gateway, ELSEWHERE, OTHER, Authorization=f"Bearer {token}") as http:
            made = await http.post("/api/v1/auth/keys", json={"name": "x", "scopes": ["jobs:read"]})
            assert made.status_code == 201
        await relay()
        [event] = await found(ada)
        assert event["rule"] == "new_network"
        assert "new device" in event["what"]

    async def test_of_an_api_key(self, gateway, relay, ada):
        made = (await ada.http.post("/api/v1/auth/keys", json={"name": "x", "scopes": ["jobs:read"]})).json()
        uses = gateway.services.identity.api_key_verifier._uses
        for day in range(-12, 0, 2):
            async with at(gateway, HOME, **{"X-API-Key": made["secret"]}) as http:
                assert (await http.get("/api/v1/jobs")).status_code == 200
            await relay(days=day)
            uses._places.clear()
            gateway.services.identity.api_key_verifier.forget(ada.account_id)
        async with at(gateway, ELSEWHERE, **{"X-API-Key": made["secret"]}) as http:
            assert (await http.get("/api/v1/jobs")).status_code == 200
        await relay()
        [event] = await found(ada)
        assert (event["rule"], event["facts"]) == ("new_network", {"api_key_id": made["id"]})


class TestMassDownload:
    @pytest.fixture
    async def jobs(self, engine, ada):
        found = []
        for _ in range(4):
            found.append(await ada.encrypt())
            await engine.complete_encrypt(found[-1])
        return found

    async def test_older_files(self, relay, ada, jobs):
        for job_id in jobs:
            assert (await ada.http.get(f"/api/v1/jobs/{job_id}/result")).status_code == 200
        await relay(days=2)
        assert await rules_of(ada) == [("mass_download", 3)]

    async def test_new_files_are_none(self, relay, ada, jobs):
        for job_id in jobs:
            await ada.http.get(f"/api/v1/jobs/{job_id}/result")
        await relay()
        assert await rules_of(ada) == []

    async def test_parts_of_a_file_are_one(self, relay, ada, jobs):
        for _ in range(5):
            await ada.http.get(f"/api/v1/jobs/{jobs[0]}/result", headers={"Range": "bytes=0-9"})
        await relay(days=2)
        assert await rules_of(ada) == []

    async def test_usual_number_is_none(self, relay, ada, jobs):
        for day in (2, 3):
            for job_id in jobs[:2]:
                await ada.http.get(f"/api/v1/jobs/{job_id}/result")
            await relay(days=day)
        for job_id in jobs:
            await ada.http.get(f"/api/v1/jobs/{job_id}/result")
        await relay(days=4)
        assert await rules_of(ada) == []


class TestIdScraping:
    async def test_many_ids(self, relay, ada):
        await scrape(ada)
        await relay()
        [event] = await found(ada)
        assert (event["rule"], event["count"]) == ("id_scraping", 16)

    async def test_other_accounts(self, relay, ada):
        for _ in range(16):
            headers = {"X-Account": f"acc_{ids.new().hex}"}
            assert (await ada.http.get("/api/v1/jobs", headers=headers)).status_code == 404
        await relay()
        assert await rules_of(ada) == [("id_scraping", 16)]

    async def test_one_id_again_and_again(self, relay, ada):
        missing = f"/api/v1/jobs/job_{ids.new().hex}"
        for _ in range(20):
            await ada.http.get(missing)
        await relay()
        assert await rules_of(ada) == []


class TestDormantApiKey:
    async def test_wakes(self, gateway, relay, ada, sql):
        made = (await ada.http.post("/api/v1/auth/keys", json={"name": "x", "scopes": ["jobs:read"]})).json()
        slept = "UPDATE api_keys SET last_used_at = now() - interval '{} days' WHERE account_id = :id"
        for days, expected in ((119, []), (121, [("dormant_api_key", 1)])):
            await sql(slept.format(days), id=ada.account_id)
            gateway.services.identity.api_key_verifier.forget(ada.account_id)
            await gateway.client(**{"X-API-Key": made["secret"]}).get("/api/v1/jobs")
            await relay()
            assert await rules_of(ada) == expected
        [event] = await found(ada)
        assert event["facts"] == {"api_key_id": made["id"], "days": 121}


class TestPrivilegeChange:
    async def test_role_is_raised(self, relay, ada, bob):
        team = await teams.make_team(ada)
        member = await teams.join(ada, team, bob)
        await relay()
        role = f"/api/v1/accounts/{team}/members/{member}"
        assert (await ada.http.patch(role, json={"role": "admin"})).status_code == 200
        await relay(days=2)
        [event] = (await ada.http.get(EVENTS, headers={"X-Account": team})).json()["data"]
        assert (event["what"], event["facts"]["member_id"]) == ("A member became admin of the account", member)
        assert await rules_of(bob) == []

    async def test_lower_role_is_none(self, relay, ada, bob):
        team = await teams.make_team(ada)
        member = await teams.join(ada, team, bob, "admin")
        await relay()
        await ada.http.patch(f"/api/v1/accounts/{team}/members/{member}", json={"role": "auditor"})
        await relay(days=2)
        assert (await ada.http.get(EVENTS, headers={"X-Account": team})).json()["data"] == []

    async def test_operator_is_made(self, relay, operator, bob, sql):
        place = f"/api/v1/admin/users/usr_{bob.account_id.hex}"
        assert (await operator.http.patch(place, json={"operator": True})).status_code == 200
        await relay()
        [event] = await found(operator, OF_INSTALLATION, rule="privilege_change")
        assert event["user_id"] == f"usr_{bob.account_id.hex}"
        sent = await sql("SELECT user_id FROM mails WHERE kind = 'security-event'")
        assert operator.account_id in {mail["user_id"] for mail in sent}
        assert bob.account_id not in {mail["user_id"] for mail in sent}

    async def test_last_factor_is_removed(self, relay, ada):
        secret = (await ada.http.post(APP)).json()["secret"]
        code = pyotp.TOTP(secret).now()
        assert (await ada.http.post(f"{APP}/confirm", json={"code": code})).status_code == 200
        assert (await ada.http.delete(APP)).status_code == 204
        await relay()
        [event] = await found(ada)
        assert event["what"] == "A user removed the last second factor"


class TestEvents:
    @pytest.fixture
    async def event(self, relay, ada):
        await scrape(ada)
        await relay()
        [event] = await found(ada)
        return event

    async def test_repetition_updates(self, relay, ada, event):
        raised = SECURITY_EVENTS.labels(rule="id_scraping")._value.get()
        await scrape(ada)
        await relay()
        [again] = await found(ada)
        assert (again["id"], again["count"]) == (event["id"], 32)
        assert again["last_at"] > event["last_at"]
        assert SECURITY_EVENTS.labels(rule="id_scraping")._value.get() == raised

    async def test_acknowledged_one_is_closed(self, relay, ada, event):
        for _ in range(2):
            done = await ada.http.post(f"{EVENTS}/{event['id']}/acknowledge")
            assert done.status_code == 200
            assert done.json()["acknowledged_by"] == f"usr_{ada.account_id.hex}"
        assert await found(ada, open="true") == []
        assert len(await found(ada, open="false")) == 1
        await scrape(ada)
        await relay()
        assert len(await found(ada, open="true")) == 1

    async def test_audit_link_shows_why(self, ada, event):
        shown = (await ada.http.get(event["audit_url"])).raise_for_status().json()["data"]
        assert [(entry["action"], entry["details"]) for entry in shown] == [("ids.not_found", {"count": 16})]

    async def test_filters_and_pages(self, ada, event):
        assert len(await found(ada, rule="id_scraping", severity="medium")) == 1
        assert await found(ada, rule="mass_download") == await found(ada, severity="high") == []
        assert await found(ada, created_after="2999-01-01T00:00:00Z") == []
        assert await found(ada, cursor=event["id"]) == []

    async def test_other_account_404(self, ada, bob, event):
        assert await found(bob) == []
        assert (await bob.http.post(f"{EVENTS}/{event['id']}/acknowledge")).status_code == 404

    async def test_installation_is_for_operators(self, ada):
        assert (await ada.http.get(OF_INSTALLATION)).status_code == 403
        assert (await ada.http.post(f"{OF_INSTALLATION}/sec_{'0' * 32}/acknowledge")).status_code == 403

    async def test_owner_gets_one_mail(self, *, relay, ada, sql, event):
        await ada.http.post(f"{EVENTS}/{event['id']}/acknowledge")
        await scrape(ada)
        await relay()
        sent = await sql("SELECT once FROM mails WHERE user_id = :id AND kind = 'security-event'", id=ada.account_id)
        assert len(sent) == 1
        assert len(await found(ada)) == 2

    async def test_erased_account_leaves_nothing(self, gateway, relay, ada, sql):
        await scrape(ada)
        await gateway.services.security.misses.write()
        await Sealing.wire(gateway.services.resources).sealer.seal_all()
        await sql("DELETE FROM memberships WHERE user_id = :id", id=ada.account_id)
        await sql("DELETE FROM accounts WHERE id = :id", id=ada.account_id)
        await relay()
        assert await sql("SELECT id FROM security_events WHERE account_id = :id", id=ada.account_id) == []


class TestWebhooks:
    async def test_subscribed_endpoint_gets_the_event(self, relay, ada, sql):
        hook = await ada.http.post(
            "/api/v1/webhooks", json={"url": "http://127.0.0.1:9/hook", "events": ["security.id_scraping"]}
        )
        assert hook.status_code == 201, hook.text
        await scrape(ada)
        await relay()
        [event] = await found(ada)
        [sent] = await sql("SELECT type, data FROM webhook_events WHERE account_id = :id", id=ada.account_id)
        assert sent["type"] == "security.id_scraping"
        assert sent["data"]["security_event_id"] == event["id"]
        assert {sent["data"][name] for name in ("what", "advice")} == {event["what"], event["advice"]}
        deliveries = await ada.http.get(f"/api/v1/webhooks/{hook.json()['id']}/deliveries")
        assert deliveries.raise_for_status().json()["data"][0]["subject_id"] == event["id"]


class TestRules:
    def test_schemas_name_every_rule(self):
        assert set(RuleName.__args__) == set(RULES)
        subscribable = {name.partition(".")[2] for name in Event.__args__ if name.startswith("security.")}
        assert subscribable == set(RULES)

    def test_each_has_a_setting(self, guarded_settings):
        assert {rule.setting for rule in RULES.values()} == {
            name for name in type(guarded_settings).model_fields if name.startswith("security_")
        } - {"security_contact"}

    @pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.name)
    def test_advice_is_one_sentence(self, rule):
        for words in rule.words.values():
            assert words.advice.endswith(".")
            assert words.advice.count(". ") == 0
            assert not words.what.endswith(".")
