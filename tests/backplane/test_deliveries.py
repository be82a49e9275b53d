"""Webhook deliveries: claims, failures, retries and replays; nothing is sent here."""

import asyncio

import pytest

from backplane.errors import (
    WebhookDisabled,
)
from backplane.services.webhooks.deliveries import BACK_OFF_SECONDS, MAX_RETRY_AFTER, Answer
from tests.support.hooks import DELIVERED, FAILED, Hooks, as_received

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


@pytest.fixture
def hooks(resources, account, claims, submit, sql):
    return Hooks(resources, account, claims, submit, sql)


class TestClaim:
    async def test_one_sender_has_it_and_no_other(self, hooks):
        await hooks.make()
        await hooks.end()
        taken = await asyncio.gather(*(hooks.take() for _ in range(4)))
        assert len([one for one in taken if one is not None]) == 1

    async def test_the_signature_is_right(self, hooks):
        made = await hooks.make()
        await hooks.end()
        message = await hooks.take()
        assert as_received(message).signatures(made.secret) == [True]
        assert message.headers["user-agent"].startswith("ImageShield/")
        assert message.headers["webhook-id"].startswith("evt_")

    async def test_dead_senders_message_keeps_its_id(self, hooks, sql):
        await hooks.make()
        await hooks.end()
        first = await hooks.take()
        assert await hooks.take() is None
        await hooks.make_due()
        second = await hooks.take()
        assert (second.headers["webhook-id"], second.body) == (first.headers["webhook-id"], first.body)
        rows = await sql("SELECT number, outcome FROM webhook_attempts ORDER BY number")
        assert rows == [{"number": 1, "outcome": "interrupted"}, {"number": 2, "outcome": None}]

    async def test_a_dead_sender_that_wakes_up_changes_nothing(self, hooks, sql):
        await hooks.make()
        await hooks.end()
        first = await hooks.take()
        await hooks.make_due()
        await hooks.take()
        await hooks.deliveries.finish(first.due, DELIVERED)
        assert await sql("SELECT status, attempts FROM webhook_deliveries") == [{"status": "sending", "attempts": 2}]

    async def test_busy_endpoint_does_not_delay_others(self, hooks):
        slow, other = await hooks.make(), await hooks.make()
        await hooks.end()
        assert (await hooks.take(busy_endpoints={slow.endpoint.id})).endpoint_id == other.endpoint.id
        assert await hooks.take(busy_endpoints={slow.endpoint.id}) is None
        assert await hooks.take(busy_accounts={hooks.caller.account_id}) is None

    async def test_disabled_endpoint_gets_messages_once_enabled(self, hooks):
        name = await hooks.name()
        await hooks.end()
        await hooks.owner.change(hooks.caller, name, {"enabled": False})
        assert await hooks.take() is None
        await hooks.owner.change(hooks.caller, name, {"enabled": True})
        assert await hooks.take() is not None

    async def test_message_that_crashes_senders_is_given_up(self, hooks, sql):
        await hooks.make()
        await hooks.end()
        for _ in range(len(BACK_OFF_SECONDS) + 1):
            assert await hooks.take() is not None
            await hooks.make_due()
        assert await hooks.take() is None
        assert await sql("SELECT status FROM webhook_deliveries") == [{"status": "failed"}]


class TestFailure:
    async def test_backs_off_over_a_day_and_gives_up(self, hooks, sql):
        await hooks.make()
        await hooks.end()
        ids = set()
        for seconds in BACK_OFF_SECONDS:
            ids.add((await hooks.try_once(FAILED)).headers["webhook-id"])
            wait = await hooks.wait()
            assert 0.75 * seconds < wait < 1.25 * seconds
            await hooks.make_due()
        await hooks.try_once(FAILED)
        assert await sql("SELECT status, attempts FROM webhook_deliveries") == [{"status": "failed", "attempts": 7}]
        assert len(ids) == 1
        assert await hooks.take() is None

    @pytest.mark.parametrize(
        ("answer", "low", "high"),
        [
            (Answer("status", 503, retry_after=120.0), 118, 121),
            (Answer("status", 429, retry_after=1e9), MAX_RETRY_AFTER - 2, MAX_RETRY_AFTER + 1),
            (Answer("status", 429, retry_after=0.0), 3, 7),
            (Answer("status", 500, retry_after=120.0), 3, 7),
        ],
    )
    async def test_waits_for_retry_after(self, hooks, sql, answer, low, high):
        await hooks.make()
        await hooks.end()
        await hooks.try_once(answer)
        wait = await hooks.wait()
        assert low < wait < high

    async def test_410_disables_the_endpoint(self, hooks, sql):
        made = await hooks.make()
        await hooks.end()
        await hooks.try_once(Answer("status", 410))
        facts = await hooks.owner.get(hooks.caller, f"whk_{made.endpoint.id.hex}")
        assert (facts.enabled, facts.disabled_reason) == (False, "gone")
        assert await sql("SELECT status FROM webhook_deliveries") == [{"status": "failed"}]
        assert len(await sql("SELECT 1 FROM audit_events WHERE action = 'webhook.disabled'")) == 1

    async def test_five_days_without_success_disable_it(self, hooks, sql):
        name = await hooks.name()
        await hooks.end()
        await hooks.try_once(FAILED)
        assert (await hooks.owner.get(hooks.caller, name)).enabled
        await sql("UPDATE webhook_endpoints SET failing_since = now() - interval '121 hours'")
        await hooks.make_due()
        await hooks.try_once(FAILED)
        facts = await hooks.owner.get(hooks.caller, name)
        assert (facts.enabled, facts.disabled_reason) == (False, "failing")
        enabled = await hooks.owner.change(hooks.caller, name, {"enabled": True})
        assert (enabled.failing_since, enabled.disabled_reason) == (None, None)

    async def test_one_success_forgives_all(self, hooks, sql):
        await hooks.make()
        await hooks.end()
        await hooks.try_once(FAILED)
        await hooks.make_due()
        await hooks.try_once(DELIVERED)
        assert await sql("SELECT failing_since, enabled FROM webhook_endpoints") == [
            {"failing_since": None, "enabled": True}
        ]

    async def test_job_url_failure_does_not_count_for_endpoint(self, hooks, sql):
        await hooks.end_with_url()
        await hooks.try_once(Answer("status", 410))
        (kept,) = await sql("SELECT enabled, failing_since FROM webhook_endpoints")
        assert kept == {"enabled": True, "failing_since": None}
        assert await sql("SELECT status FROM webhook_deliveries") == [{"status": "failed"}]

    async def test_missing_account_key_is_an_ordinary_failure(self, hooks, resources, sql):
        await hooks.make()
        await hooks.end()
        for path in resources.vault._directory.glob("accounts/*/*"):
            path.unlink()
        assert await hooks.take() is None
        assert await sql("SELECT outcome FROM webhook_attempts") == [{"outcome": "unavailable"}]


class TestRotation:
    async def test_both_secrets_sign_for_a_day(self, hooks, sql):
        made = await hooks.make()
        rotated = await hooks.owner.rotate_secret(hooks.submission, f"whk_{made.endpoint.id.hex}")
        await hooks.end()
        message = as_received(await hooks.take())
        assert message.signatures(rotated.secret) == [True, False]
        assert message.signatures(made.secret) == [False, True]
        await sql("UPDATE webhook_endpoints SET previous_until = now() - interval '1 second'")
        await hooks.make_due()
        assert as_received(await hooks.take()).signatures(rotated.secret) == [True]

    async def test_rotated_twice_the_first_is_worth_nothing(self, hooks):
        made = await hooks.make()
        for _ in range(2):
            await hooks.owner.rotate_secret(hooks.submission, f"whk_{made.endpoint.id.hex}")
        await hooks.end()
        assert as_received(await hooks.take()).signatures(made.secret) == [False, False]


class TestLog:
    async def test_tells_every_attempt(self, hooks):
        name = await hooks.name()
        await hooks.end()
        await hooks.try_once(Answer("timeout", duration_ms=10_000))
        await hooks.make_due()
        await hooks.try_once(DELIVERED)
        ((facts,), has_more) = await hooks.logs.page(hooks.caller, name, limit=10, before=None, status="delivered")
        assert not has_more
        assert [(one.number, one.outcome, one.status_code, one.duration_ms) for one in facts.attempts] == [
            (1, "timeout", None, 10_000),
            (2, "delivered", 204, 3),
        ]

    async def test_replay_sends_same_message_with_fresh_backoff(self, hooks, sql):
        name = await hooks.name()
        await hooks.end()
        first = await hooks.take()
        await hooks.deliveries.finish(first.due, Answer("status", 404))
        await sql("UPDATE webhook_deliveries SET status = 'failed', attempts = 7")
        await hooks.logs.replay(hooks.submission, name, first.due.delivery.id)
        again = await hooks.take()
        assert (again.headers["webhook-id"], again.body) == (first.headers["webhook-id"], first.body)
        await hooks.deliveries.finish(again.due, FAILED)
        assert await sql("SELECT status, attempts FROM webhook_deliveries") == [{"status": "pending", "attempts": 8}]

    async def test_disabled_endpoint_gets_no_test_message(self, hooks):
        name = await hooks.name()
        assert (await hooks.logs.test(hooks.submission, name)).event_type == "webhook.test"
        await hooks.owner.change(hooks.caller, name, {"enabled": False})
        with pytest.raises(WebhookDisabled):
            await hooks.logs.test(hooks.submission, name)

    async def test_is_forgotten_after_its_time(self, hooks, sql):
        await hooks.make()
        await hooks.end()
        await hooks.end()
        oldest, _ = await sql("SELECT id FROM webhook_events ORDER BY id")
        await sql("UPDATE webhook_events SET created_at = now() - interval '31 days' WHERE id = :id", **oldest)
        await hooks.deliveries.forget()
        assert len(await sql("SELECT 1 FROM webhook_events")) == len(await sql("SELECT 1 FROM webhook_deliveries")) == 1

    async def test_the_oldest_due_is_measured(self, hooks, sql):
        from backplane.metrics import WEBHOOK_OLDEST_DUE

        await hooks.make()
        await hooks.end()
        await sql("UPDATE webhook_deliveries SET due_at = now() - interval '90 seconds'")
        await hooks.deliveries.measure()
        assert 89 < WEBHOOK_OLDEST_DUE._value.get() < 120
