"""Webhook endpoints and events as rows; nothing is sent here."""

import asyncio
import base64
import time
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError
from standardwebhooks import Webhook, WebhookVerificationError

from backplane.addresses import Guard
from backplane.db.models import WebhookEvent
from backplane.errors import (
    NotFound,
    Unavailable,
    ValidationFailed,
    WebhookUrlRefused,
)
from backplane.errors.limits import TooManyWebhooks
from backplane.services.requests.submission import Submission
from backplane.services.usage.tiers import PACKAGED, read_tiers
from backplane.services.webhooks import secrets as webhook_secrets
from backplane.services.webhooks.endpoints import Webhooks
from tests.support.hooks import ALL, URL, Hooks, as_received, resolve

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


@pytest.fixture
def hooks(resources, account, claims, submit, sql):
    return Hooks(resources, account, claims, submit, sql)


class TestSignature:
    def test_is_that_of_the_specifications_own_example(self):
        """The vector of the Standard Webhooks libraries, which all of them test."""
        assert (
            webhook_secrets.sign(
                ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
                message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
                timestamp=1614265330,
                body=b'{"test": 2432232314}',
            )
            == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        )

    @pytest.mark.parametrize("signer", [0, 1])
    def test_public_library_accepts_each_of_two_secrets(self, signer):
        pair, body = [webhook_secrets.new_secret() for _ in range(2)], '{"reference":"é"}'.encode()
        now = int(time.time())
        headers = {
            "webhook-id": "evt_1",
            "webhook-timestamp": str(now),
            "webhook-signature": webhook_secrets.sign(pair, message_id="evt_1", timestamp=now, body=body),
        }
        assert Webhook(pair[signer]).verify(body, headers) == {"reference": "é"}
        with pytest.raises(WebhookVerificationError):
            Webhook(pair[signer]).verify(body + b" ", headers)
        with pytest.raises(WebhookVerificationError):
            Webhook(webhook_secrets.new_secret()).verify(body, headers)

    def test_secret_is_32_random_bytes(self):
        one, other = webhook_secrets.new_secret(), webhook_secrets.new_secret()
        assert one != other
        assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 32


class TestSecrets:
    async def test_address_and_secret_are_stored_sealed(self, hooks, sql):
        made = await hooks.make()
        rotated = await hooks.owner.rotate_secret(hooks.submission, "default")
        kept = str(await sql("SELECT * FROM webhook_endpoints")) + str(await sql("SELECT * FROM audit_events"))
        assert "webhook.created" in kept
        for secret in (made.secret, rotated.secret, base64.b64decode(made.secret[6:]), b"canary-path-4711", "canary"):
            assert str(secret).strip("b'") not in kept
        assert made.secret not in repr(made)
        assert "canary" not in repr(made)

    async def test_a_value_opens_only_where_it_belongs(self, hooks, resources, account, sql):
        await hooks.make()
        (row,) = await sql("SELECT id, secret, url FROM webhook_endpoints")
        place = {"account_id": account.id, "owner_id": row["id"]}
        assert webhook_secrets.unseal(resources.vault, row["url"], **place, field="url") == URL
        for value, field in ((row["url"], "secret"), (row["secret"], "url")):
            with pytest.raises(Unavailable):
                webhook_secrets.unseal(resources.vault, value, **place, field=field)


class TestEndpoints:
    async def test_a_tier_limits_their_number(self, hooks):
        hooks.caller = replace(hooks.caller, tier="free")  # it has two
        hooks.submission = Submission(hooks.caller)
        made = await asyncio.gather(*(hooks.make() for _ in range(5)), return_exceptions=True)
        assert sorted(type(one).__name__ for one in made) == ["MadeSecret"] * 2 + ["TooManyWebhooks"] * 3
        await hooks.owner.rotate_secret(hooks.submission, "default")
        assert len(await hooks.owner.page(hooks.caller)) == 3
        with pytest.raises(TooManyWebhooks):
            await hooks.make()

    async def test_an_address_that_is_not_called_makes_none(self, hooks, resources):
        strict = Webhooks(resources.database, resources.vault, Guard((), resolve=resolve), read_tiers(PACKAGED))
        with pytest.raises(WebhookUrlRefused):
            await strict.create(hooks.submission, url=URL, events=ALL, description=None)
        assert await strict.page(hooks.caller) == []

    async def test_what_is_not_named_stays(self, hooks):
        made = await hooks.make("job.failed")
        name = f"whk_{made.endpoint.id.hex}"
        changed = await hooks.owner.change(hooks.caller, name, {"description": "mine"})
        assert (changed.url, changed.events, changed.description) == (URL, ["job.failed"], "mine")
        moved = await hooks.owner.change(hooks.caller, name, {"url": "https://other.example/"})
        assert (moved.url, moved.description) == ("https://other.example/", "mine")

    async def test_default_endpoint_is_made_on_demand(self, hooks):
        with pytest.raises(NotFound):
            await hooks.owner.get(hooks.caller, "default")
        made = await asyncio.gather(*(hooks.owner.rotate_secret(hooks.submission, "default") for _ in range(3)))
        assert len({one.endpoint.id for one in made}) == 1
        with pytest.raises(ValidationFailed):
            await hooks.owner.change(hooks.caller, "default", {"url": URL})

    async def test_every_act_is_in_the_audit_log(self, hooks, sql):
        name = await hooks.name()
        await hooks.owner.change(hooks.caller, name, {"enabled": False})
        await hooks.owner.rotate_secret(hooks.submission, name)
        await hooks.owner.remove(hooks.caller, name)
        rows = await sql("SELECT action, request_id FROM audit_events WHERE action LIKE 'webhook.%' ORDER BY id")
        assert [row["action"] for row in rows] == [
            "webhook.created",
            "webhook.changed",
            "webhook.secret_rotated",
            "webhook.deleted",
        ]
        assert {row["request_id"] for row in rows} == {"req_test"}


class TestEvents:
    async def test_job_end_is_written_per_subscriber(self, hooks, sql):
        wanted = {
            (await hooks.make("job.failed")).endpoint.id,
            (await hooks.make("job.cancelled", "job.failed")).endpoint.id,
        }
        await hooks.make("job.completed")
        job_id = await hooks.end()
        (event,) = await sql("SELECT * FROM webhook_events")
        assert (event["type"], event["subject_id"], event["seq"]) == ("job.failed", job_id, 2)
        assert {row["endpoint_id"] for row in await sql("SELECT * FROM webhook_deliveries")} == wanted

    async def test_where_nobody_listens_nothing_is_written(self, hooks, sql):
        await hooks.make("job.completed")
        off = await hooks.make("job.failed")
        await hooks.owner.change(hooks.caller, f"whk_{off.endpoint.id.hex}", {"enabled": False})
        await hooks.end()
        assert await sql("SELECT 1 FROM webhook_events") == []

    async def test_it_is_there_or_not_with_the_end(self, *, hooks, resources, claims, submit, sql, endings):
        await hooks.make()
        await submit()
        claim = await claims.claim()

        async def end_and_break():
            async with resources.database.transaction() as session:
                await endings.fail(session, claim.job, code="internal", title="x")
                raise RuntimeError

        with pytest.raises(RuntimeError):
            await end_and_break()
        assert await sql("SELECT 1 FROM webhook_events") == []
        assert (await sql("SELECT status FROM jobs"))[0]["status"] == "processing"

    async def test_job_end_has_one_event_forever(self, hooks, resources, account, sql):
        await hooks.make()
        job_id = await hooks.end()
        again = WebhookEvent(account_id=account.id, type="job.failed", subject_id=job_id, seq=2, data={}, id=job_id)

        async def add():
            async with resources.database.transaction() as session:
                session.add(again)

        with pytest.raises(IntegrityError):
            await add()
        assert len(await sql("SELECT 1 FROM webhook_events")) == 1

    async def test_message_describes_only_the_outcome(self, hooks):
        await hooks.make()
        job_id = await hooks.end()
        body = as_received(await hooks.take()).message
        wire = f"job_{job_id.hex}"
        data = body["data"]
        assert body["type"] == "job.failed"
        assert body["timestamp"].endswith("Z")
        assert (data["job_id"], data["status"], data["kind"]) == (wire, "failed", "decrypt")
        assert data["error"] == {"code": "image-corrupt", "title": "Damaged", "detail": None}
        assert data["job_url"] == f"/api/v1/jobs/{wire}"
        assert data["result_url"] is data["key_file_url"] is None
        assert not {"secret", "key", "password"} & set(data)

    async def test_job_url_uses_default_endpoint(self, hooks):
        sealed = await hooks.end_with_url()
        message = await hooks.take()
        assert message.url == URL
        assert "canary" not in repr(message)
        assert b"canary" not in sealed

    async def test_batch_end_comes_with_its_last_job(self, hooks, account, submit, claims, sql):
        await hooks.make("batch.completed")
        batch_id = (
            await sql(
                "INSERT INTO batches (id, account_id) VALUES (gen_random_uuid(), :id) RETURNING id", id=account.id
            )
        )[0]["id"]
        for index in range(2):
            job_id = await submit()
            await sql("UPDATE jobs SET batch_id = :batch WHERE id = :job", batch=batch_id, job=job_id)
            await sql(
                "INSERT INTO batch_items (batch_id, index, job_id) VALUES (:batch, :index, :job)",
                batch=batch_id,
                index=index,
                job=job_id,
            )
        await claims.fail(await claims.claim(), code="internal", title="x")
        assert await sql("SELECT 1 FROM webhook_events") == []
        await claims.fail(await claims.claim(), code="internal", title="x")
        (event,) = await sql("SELECT type, subject_id, seq FROM webhook_events")
        assert event == {"type": "batch.completed", "subject_id": batch_id, "seq": 1}
        data = as_received(await hooks.take()).message["data"]
        assert data["counts"] == {"total": 2, "completed": 0, "failed": 2, "cancelled": 0}
        assert (data["batch_id"], data["result_url"]) == (f"bat_{batch_id.hex}", None)

    async def test_deleted_endpoint_does_not_block_job_end(self, *, hooks, resources, claims, submit, sql, endings):
        made = await hooks.make()
        await submit()
        claim = await claims.claim()
        async with resources.database.transaction() as session:
            await endings.fail(session, claim.job, code="internal", title="x")
            removing = asyncio.create_task(hooks.owner.remove(hooks.caller, f"whk_{made.endpoint.id.hex}"))
            await asyncio.wait({removing}, timeout=0.2)
            assert not removing.done(), "the end holds the endpoint in its place"
        await removing
        assert (await sql("SELECT status FROM jobs"))[0]["status"] == "failed"
        assert await sql("SELECT 1 FROM webhook_deliveries") == []
