"""`imageshield admin dead-letters`."""

import asyncio
import json

import pytest

from backplane import ids
from backplane.errors import POISON
from backplane.services.jobs.submissions import Picture
from backplane.services.pictures.encryptions import EncryptRequest
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.wiring.gateway import open_gateway
from backplane.wiring.worker import open_claims
from imageshield.__main__ import run
from tests.support import pictures
from tests.support.accounts import add_account
from tests.support.databases import query

pytestmark = pytest.mark.stack


@pytest.fixture
def given_up(settings):
    """A job that failed in every attempt."""

    async def make():
        async with open_gateway(settings) as gateway:
            account = await add_account(gateway.resources, "ada@example.org")
            upload = Picture(pictures.as_png(pictures.make(8, 6)), "scan.png")
            job = await gateway.pictures.encryptions.submit(Submission(Caller(account.id)), upload, EncryptRequest())
        async with open_claims(settings) as claims:
            await claims.fail(await claims.claim(), code=POISON.code, title=POISON.title)
        return ids.to_wire("job", job.id)

    return asyncio.run(make())


@pytest.fixture
def dead_letters(stack, settings, monkeypatch, capsys, tmp_path):
    """Run the command in the environment of the service."""
    variables = stack.variables | {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "ENVIRONMENT": "test",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def call(*arguments, expect=0):
        code = run(["admin", "dead-letters", *arguments, "--json", "--data-dir", str(tmp_path / "none")])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return json.loads(printed.out)

    return call


class TestDeadLetters:
    def test_one_is_listed_and_sent_again(self, given_up, dead_letters, settings):
        [letter] = dead_letters("list")["data"]
        assert (letter["job_id"], letter["image"], letter["can_be_redriven"]) == (given_up, "PNG 8x6", True)
        assert dead_letters("redrive", given_up) == {"job_id": given_up, "status": "pending", "retries": 1}
        assert dead_letters("list") == {"data": [], "has_more": False}
        url = settings.database_url.get_secret_value().replace("+asyncpg", "")
        events = query(url, "SELECT account_id FROM audit_events WHERE action = 'job.redrive'")
        assert len(events) == 2
        assert None in {event["account_id"] for event in events}

    def test_other_job_is_refused(self, given_up, dead_letters):
        dead_letters("redrive", given_up)
        assert dead_letters("redrive", given_up, expect=1)["error"]["code"] == "not-found"

    def test_malformed_id_is_refused(self, dead_letters):
        assert dead_letters("redrive", "nonsense", expect=1)["error"]["code"] == "not-found"
