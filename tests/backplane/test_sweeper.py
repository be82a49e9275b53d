import asyncio
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from backplane.errors import Gone, Unavailable
from backplane.services.jobs.endings import Endings
from backplane.services.mail.deliveries import MailDeliveries
from backplane.services.upkeep import sweeper as sweeper_module
from backplane.wiring.relay import wire_sweeper

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

EXPIRE = "UPDATE jobs SET lease_until = now() - interval '1 second'"


class TestRecovery:
    async def test_silent_workers_job_is_enqueued_and_worker_fenced(self, sweeper, claims, begin, sql):
        claim = await begin()
        await sql("DELETE FROM outbox")
        await sql(EXPIRE)
        await sweeper.recover_jobs()
        assert await sql("SELECT job_id FROM outbox") == [{"job_id": claim.job.id}]
        assert not await claims.heartbeat(claim)
        assert (await claims.claim()).job.attempts == 2

    async def test_a_living_lease_is_left_alone(self, sweeper, claims, begin, sql):
        claim = await begin()
        await sql("DELETE FROM outbox")
        await sweeper.recover_jobs()
        assert await sql("SELECT 1 FROM outbox") == []
        assert await claims.heartbeat(claim)

    async def test_job_lost_three_times_is_poison(self, sweeper, claims, submit, sql):
        await submit()
        for _ in range(3):
            assert await claims.claim() is not None
            await sql(EXPIRE)
            await sweeper.recover_jobs()
        assert await sql("SELECT status, error_code FROM jobs") == [{"status": "failed", "error_code": "poison"}]
        assert [row["type"] for row in await sql("SELECT type FROM job_events ORDER BY seq")] == ["progress", "error"]

    async def test_unclaimed_job_is_enqueued_again(self, sweeper, submit, sql):
        await submit()
        await sql("DELETE FROM outbox")
        await sql("UPDATE jobs SET published_at = now() - interval '31 seconds', publications = 1")
        await sweeper.recover_jobs()
        await sweeper.recover_jobs()
        assert len(await sql("SELECT 1 FROM outbox")) == 1

    async def test_wait_for_unclaimed_job_doubles(self, sweeper, submit, sql):
        await submit()
        await sql("DELETE FROM outbox")
        await sql("UPDATE jobs SET published_at = now() - interval '39 seconds', publications = 2")
        await sweeper.recover_jobs()
        assert await sql("SELECT 1 FROM outbox") == []


class TestCancelled:
    async def test_silent_workers_cancelled_job_ends_cancelled(self, sweeper, begin, sql):
        await begin()
        await sql("DELETE FROM outbox")
        await sql(EXPIRE)
        await sql("UPDATE jobs SET cancel_requested_at = now()")
        await sweeper.recover_jobs()
        assert await sql("SELECT status, error_code FROM jobs") == [{"status": "cancelled", "error_code": None}]
        assert await sql("SELECT 1 FROM outbox") == []

    async def test_cancelled_last_attempt_is_no_poison(self, sweeper, begin, sql):
        await begin()
        await sql(EXPIRE)
        await sql("UPDATE jobs SET cancel_requested_at = now(), attempts = 3")
        await sweeper.recover_jobs()
        assert await sql("SELECT status FROM jobs") == [{"status": "cancelled"}]

    async def test_a_worker_that_is_heard_ends_it_itself(self, sweeper, begin, sql):
        await begin()
        await sql("UPDATE jobs SET cancel_requested_at = now()")
        await sweeper.recover_jobs()
        assert await sql("SELECT status FROM jobs") == [{"status": "processing"}]


class TestInvitations:
    async def test_old_ones_are_deleted(self, sweeper, account, sql):
        """One that has just expired stays, and says so."""
        row = """
            INSERT INTO invitations (id, account_id, email, role, invited_by, token_sha256, expires_at)
            VALUES (gen_random_uuid(), :id, :email, 'member', :id, :token, now() - :days * interval '1 day')
        """
        for email, days in (("old@example.org", 31), ("new@example.org", 1)):
            await sql(row, id=account.id, email=email, token=email.encode(), days=days)
        await sweeper.forget_invitations()
        assert await sql("SELECT email FROM invitations") == [{"email": "new@example.org"}]


NEW_TOKEN = """
INSERT INTO one_time_tokens (id, purpose, token_sha256, sealed, expires_at, used_at)
VALUES (gen_random_uuid(), 'verify-address', :mark, '\\x00', :expires, :used)
"""
ROWS = {
    "api_keys": """
        INSERT INTO api_keys (id, account_id, name, prefix, hash, scopes, revoked_at)
        VALUES (gen_random_uuid(), :id, 'x', 'qis_', :mark, '[]', :at)""",
    "idempotency_keys": """
        INSERT INTO idempotency_keys (id, account_id, fingerprint, holder, lease_until, expires_at)
        VALUES (:mark, :id, '', gen_random_uuid(), now(), CAST(:at AS timestamptz) + interval '24 hours')""",
    "known_devices": "INSERT INTO known_devices (user_id, sha256, last_seen_at) VALUES (:id, :mark, :at)",
    "login_sessions": """
        WITH session AS (
            INSERT INTO login_sessions (id, user_id, methods) VALUES (gen_random_uuid(), :id, '[]') RETURNING id
        )
        INSERT INTO refresh_tokens (token_sha256, account_id, family_id, expires_at) SELECT :mark, :id, id, :at
        FROM session""",
    "mails": """
        INSERT INTO mails (id, kind, awaited, message_id, status, expires_at, created_at)
        VALUES (gen_random_uuid(), 'new-device', false, encode(:mark, 'escape'), 'sent', :at, :at)""",
    "one_time_tokens": """
        INSERT INTO one_time_tokens (id, purpose, token_sha256, expires_at)
        VALUES (gen_random_uuid(), 'verify-address', :mark, :at)""",
    "revocations": """
        INSERT INTO revocations (id, holder_id, created_at)
        VALUES (gen_random_uuid(), encode(sha256(:mark), 'hex')::varchar(32)::uuid, :at)""",
    "usage_entries": """
        INSERT INTO usage_entries (job_id, run, entry, account_id, kind, quantity, calls, period, created_at)
        VALUES (gen_random_uuid(), 0, 'charge', :id, encode(:mark, 'escape'), 1, 0, current_date, :at)""",
}
KEPT = {
    "api_keys": timedelta(days=90),
    "idempotency_keys": timedelta(hours=24),
    "known_devices": timedelta(days=400),
    "login_sessions": timedelta(),
    "mails": timedelta(days=60),
    "one_time_tokens": timedelta(days=30),
    "revocations": timedelta(hours=24),
}
"""As the data map says. Jobs, webhook events and invitations have tests of their own."""


class TestRetention:
    @pytest.mark.parametrize("table", ROWS)
    async def test_row_past_its_time_goes(self, *, resources, settings, sweeper, account, sql, table):
        kept = KEPT.get(table, timedelta(days=settings.usage_days))
        for mark, margin in ((b"past", -timedelta(minutes=1)), (b"kept", timedelta(minutes=1))):
            await sql(ROWS[table], id=account.id, mark=mark, at=datetime.now(UTC) - kept + margin)
        await sweeper.forget_expired()
        await sweeper.forget_login_sessions()
        await MailDeliveries(resources.database, resources.vault, sender="x").forget()
        assert len(await sql(f"SELECT * FROM {table}")) == 1  # noqa: S608 - a name of the table above
        [row] = await sql(f"SELECT {table}::text AS row FROM {table}")  # noqa: S608
        shown = {"login_sessions": None, "revocations": sha256(b"kept").hexdigest()[:8]}.get(table, b"kept".hex())
        assert shown is None or shown in row["row"] or "kept" in row["row"]

    async def test_unconfirmed_registration_is_erased(self, sweeper, sql):
        """Its link still says that it has expired; address and password hash are gone."""
        now = datetime.now(UTC)
        await sql(NEW_TOKEN, mark=b"expired", expires=now - timedelta(minutes=1), used=None)
        await sql(NEW_TOKEN, mark=b"used", expires=now + timedelta(hours=1), used=now)
        await sql(NEW_TOKEN, mark=b"open", expires=now + timedelta(hours=1), used=None)
        await sweeper.forget_registrations()
        rows = await sql("SELECT token_sha256 AS mark, sealed IS NULL AS erased FROM one_time_tokens")
        assert {row["mark"]: row["erased"] for row in rows} == {b"expired": True, b"used": True, b"open": False}


class TestTwoSweepers:
    async def test_each_repair_is_made_once(self, resources, claims, submit, sql):
        for _ in range(20):
            await submit()
            await claims.claim()
        await sql("DELETE FROM outbox")
        await sql(EXPIRE)
        await sql("UPDATE jobs SET attempts = 3 WHERE id IN (SELECT id FROM jobs LIMIT 10)")
        sweepers = [wire_sweeper(resources) for _ in range(3)]
        await asyncio.gather(*(each.recover_jobs() for each in sweepers))
        await sweepers[0].recover_jobs()  # what one of them had locked was passed over by the others
        counts = await sql("SELECT status, count(*) AS jobs FROM jobs GROUP BY status ORDER BY status")
        assert counts == [{"status": "failed", "jobs": 10}, {"status": "pending", "jobs": 10}]
        assert len(await sql("SELECT 1 FROM outbox")) == 10
        assert len(await sql("SELECT 1 FROM job_events WHERE type = 'error'")) == 10

    async def test_one_failing_end_does_not_delay_others(self, sweeper, claims, submit, sql, monkeypatch):
        for _ in range(3):
            await submit()
            await claims.claim()
        await sql(EXPIRE)
        await sql("UPDATE jobs SET attempts = 3")
        broken, fail = [], Endings.fail

        async def fail_but_for_the_first(self, session, job, **why):
            broken.append(job.id)
            if job.id == broken[0]:
                raise RuntimeError("something about this one")
            return await fail(self, session, job, **why)

        monkeypatch.setattr(Endings, "fail", fail_but_for_the_first)
        await sweeper.recover_jobs()
        assert len(broken) == 3
        assert await sql("SELECT id FROM jobs WHERE status = 'processing'") == [{"id": broken[0]}]


class TestObjects:
    async def test_due_objects_are_deleted_and_their_keys_forgotten(self, sweeper, submit, sql, resources):
        job_id = await submit()
        await sql("UPDATE blobs SET delete_after = now() - interval '1 second', sealed = 'x'")
        await sweeper.delete_due_objects()
        assert await sql("SELECT deleted_at IS NOT NULL AS gone, sealed FROM blobs") == [{"gone": True, "sealed": None}]
        with pytest.raises(Gone):
            await resources.store.get(f"uploads/{job_id.hex}")

    async def test_only_objects_that_no_row_names_are_collected(self, sweeper, submit, resources, monkeypatch):
        job_id = await submit()
        await resources.store.put("results/orphan", b"x", media_type="image/png")
        monkeypatch.setattr(sweeper_module, "UNREFERENCED_AFTER", timedelta(seconds=-60))
        await sweeper.collect_unreferenced()
        assert await resources.store.get(f"uploads/{job_id.hex}") == b"ciphertext"
        with pytest.raises(Gone):
            await resources.store.get("results/orphan")

    async def test_one_undeletable_object_does_not_delay_others(self, sweeper, submit, sql, resources, monkeypatch):
        stuck, _ = [await submit() for _ in range(2)]
        await sql("UPDATE blobs SET delete_after = now() - interval '1 second'")
        delete_all = resources.store.delete_all

        async def refuse_one(keys):
            refused = {key for key in keys if stuck.hex in key}
            return refused | await delete_all([key for key in keys if key not in refused])

        monkeypatch.setattr(resources.store, "delete_all", refuse_one)
        with pytest.raises(Unavailable):
            await sweeper.delete_due_objects()
        assert await sql("SELECT job_id FROM blobs WHERE deleted_at IS NULL") == [{"job_id": stuck}]
        monkeypatch.undo()
        await sweeper.delete_due_objects()
        assert await sql("SELECT job_id FROM blobs WHERE deleted_at IS NULL") == []

    async def test_unavailable_store_is_asked_once(self, sweeper, submit, sql, resources, monkeypatch):
        """No row then says that its object is deleted."""
        for _ in range(6):
            await submit()
        await sql("UPDATE blobs SET delete_after = now() - interval '1 second'")
        asked = []

        async def refuse(keys):
            asked.append(keys)
            raise Unavailable

        monkeypatch.setattr(resources.store, "delete_all", refuse)
        with pytest.raises(Unavailable):
            await sweeper.delete_due_objects()
        assert len(asked) == 1
        assert len(await sql("SELECT 1 FROM blobs WHERE deleted_at IS NULL")) == 6

    async def test_more_than_a_batch_is_deleted_at_once(self, sweeper, submit, sql, monkeypatch):
        monkeypatch.setattr(sweeper_module, "BATCH", 2)
        for _ in range(5):
            await submit()
        await sql("UPDATE blobs SET delete_after = now() - interval '1 second'")
        await sweeper.delete_due_objects()
        assert await sql("SELECT 1 FROM blobs WHERE deleted_at IS NULL") == []

    async def test_unreferenced_object_behind_a_thousand_is_found(self, sweeper, submit, sql, resources, monkeypatch):
        job_id = await submit()
        keys = [f"uploads/{job_id.hex}/{number:04}" for number in range(1000)]
        await sql(
            "INSERT INTO blobs (id, job_id, purpose, object_key, size, media_type) "
            "SELECT gen_random_uuid(), :job_id, 'input', key, 1, 'image/png' FROM unnest(CAST(:keys AS text[])) AS key",
            job_id=job_id,
            keys=keys,
        )
        await asyncio.gather(*(resources.store.put(key, b"x", media_type="image/png") for key in keys))
        last = f"uploads/{'f' * 32}/input"
        await resources.store.put(last, b"x", media_type="image/png")
        monkeypatch.setattr(sweeper_module, "UNREFERENCED_AFTER", timedelta(seconds=-60))
        await sweeper.collect_unreferenced()
        with pytest.raises(Gone):
            await resources.store.get(last)
        assert await resources.store.get(keys[999]) == b"x"

    async def test_unfinished_jobs_objects_are_not_collected(self, sweeper, begin, sql, resources, monkeypatch):
        claim = await begin()
        made = f"results/{claim.job.id.hex}/1/0123"
        await resources.store.put(made, b"half", media_type="image/png")
        monkeypatch.setattr(sweeper_module, "UNREFERENCED_AFTER", timedelta(seconds=-60))
        await sweeper.collect_unreferenced()
        assert await resources.store.get(made) == b"half"
        await sql("UPDATE jobs SET status = 'failed'")
        await sweeper.collect_unreferenced()
        with pytest.raises(Gone):
            await resources.store.get(made)

    async def test_other_objects_in_bucket_are_left_alone(self, sweeper, resources, monkeypatch):
        await resources.store.put("somebody/else", b"x", media_type="text/plain")
        monkeypatch.setattr(sweeper_module, "UNREFERENCED_AFTER", timedelta(seconds=-60))
        await sweeper.collect_unreferenced()
        assert await resources.store.get("somebody/else") == b"x"

    async def test_young_objects_are_not_collected(self, sweeper, resources):
        await resources.store.put("results/young", b"x", media_type="image/png")
        await sweeper.collect_unreferenced()
        assert await resources.store.get("results/young") == b"x"
        pages = resources.store.written_before(datetime.now(UTC) - timedelta(hours=1), under=[""])
        assert [key async for page in pages for key in page] == []
