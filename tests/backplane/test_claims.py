import asyncio
from dataclasses import replace

import pytest

from backplane import ids
from backplane.db.repositories import leases, outbox
from backplane.db.session import Database
from backplane.errors import Gone, Unavailable
from backplane.metrics import JOBS_ENDED
from backplane.services.attempts.claims import LeaseLost, retry_seconds
from tests.support.endings import Decrypted, Encrypted, complete_decrypt, complete_encrypt

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


def decrypted(data=b"picture"):
    return Decrypted(data=data, media_type="image/png", file_name="scan.png", columns={})


def encrypted(key_id=None):
    return Encrypted(
        png=b"noise",
        key_id=key_id or ids.new(),
        key_file=b"{}",
        image_header=b"h",
        image_tag=b"t",
        columns={"purity_served": "balanced"},
    )


def ended(kind, status):
    return JOBS_ENDED.labels(kind=kind, status=status)._value.get()


async def taken(resources):
    """What a relay would publish now."""
    async with resources.database.transaction() as session:
        return [entry.job_id for entry in await outbox.take(session)]


class TestClaim:
    async def test_a_pending_job_is_taken_once(self, claims, submit):
        await submit()
        first, second = await asyncio.gather(claims.claim(), claims.claim())
        assert [first, second].count(None) == 1

    async def test_an_attempt_is_counted(self, begin):
        claim = await begin()
        assert (claim.job.status, claim.job.attempts, claim.last_attempt) == ("processing", 1, False)

    async def test_message_before_relay_commit_is_not_lost(self, claims, submit, resources):
        await submit()
        async with resources.database.transaction() as session:
            await outbox.mark_published(session, await outbox.take(session))
            answering = asyncio.create_task(claims.claim())
            done, _ = await asyncio.wait({answering}, timeout=0.2)
            assert not done
        assert (await answering).job.attempts == 1

    async def test_idle_transaction_frees_job_within_lease(self, claims, submit, settings):
        await submit()
        sleeper = Database.from_settings(settings, pool_size=1, idle_seconds=1)

        async def sleep_with_a_job() -> None:
            async with sleeper.transaction() as session:
                assert await leases.claim(session) is not None
                assert (await claims.claim()).job.attempts == 1

        with pytest.raises(Unavailable):
            await sleep_with_a_job()
        await sleeper.close()

    async def test_an_end_is_counted_when_it_is_committed(self, claims, begin, sql):
        before = ended("decrypt", "completed")
        claim = await begin()
        await sql("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$")
        await sql(
            "CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON jobs DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION refuse()"
        )
        with pytest.raises(Unavailable):
            await complete_decrypt(claims, claim, decrypted())
        assert ended("decrypt", "completed") == before
        await sql("DROP TRIGGER refuse ON jobs")
        await complete_decrypt(claims, claim, decrypted())
        assert ended("decrypt", "completed") == before + 1

    async def test_an_empty_queue_has_nothing_to_take(self, claims):
        assert await claims.claim() is None

    async def test_swept_job_is_claimed_by_another_worker(self, claims, begin, lose_lease):
        """A job with an expired lease can be claimed once the sweeper has put it back."""
        first = await begin()
        await lose_lease(first)
        second = await claims.claim()
        assert second.job.attempts == 2
        assert second.job.fencing_token > first.job.fencing_token

    async def test_a_worn_out_job_is_not_taken(self, claims, submit, lose_lease):
        await submit()
        for _ in range(3):
            await lose_lease(await claims.claim())
        assert await claims.claim() is None

    async def test_a_completed_job_is_not_taken_again(self, claims, begin):
        await complete_decrypt(claims, await begin(), decrypted())
        assert await claims.claim() is None

    async def test_waiting_job_is_not_claimed_early(self, claims, submit, sql):
        await submit()
        await sql("UPDATE jobs SET not_before = now() + interval '1 minute'")
        assert await claims.claim() is None
        await sql("UPDATE jobs SET not_before = now() - interval '1 millisecond'")
        assert await claims.claim() is not None


class TestFencing:
    @pytest.fixture
    async def fenced(self, claims, begin, lose_lease):
        """A worker that was silent for too long, and the one that has its job now."""
        late = await begin()
        await lose_lease(late)
        return late, await claims.claim()

    async def test_a_late_writer_cannot_report(self, claims, fenced):
        late, _ = fenced
        with pytest.raises(LeaseLost):
            await claims.report(late, [("decrypting", 50)])

    async def test_a_late_writer_cannot_complete(self, claims, fenced, sql):
        late, holder = fenced
        with pytest.raises(LeaseLost):
            await complete_decrypt(claims, late, decrypted(b"late"))
        assert await sql("SELECT id FROM blobs WHERE purpose = 'result'") == []
        await complete_decrypt(claims, holder, decrypted())

    async def test_a_late_writer_cannot_fail_the_job(self, claims, fenced):
        late, _ = fenced
        with pytest.raises(LeaseLost):
            await claims.fail(late, code="image-corrupt", title="damaged")

    async def test_a_late_heartbeat_is_refused(self, claims, fenced):
        late, holder = fenced
        assert not await claims.heartbeat(late)
        assert await claims.heartbeat(holder)

    async def test_a_late_release_changes_nothing(self, claims, fenced):
        late, holder = fenced
        await claims.release(late)
        assert await claims.heartbeat(holder)


class TestReport:
    async def test_seq_is_dense_from_one(self, claims, begin, sql):
        claim = await begin()
        for progress in (5, 10, 15):
            await claims.report(claim, [("decrypting", progress)])
        rows = await sql("SELECT seq, payload FROM job_events ORDER BY seq")
        assert [row["seq"] for row in rows] == [1, 2, 3, 4]
        assert rows[-1]["payload"] == {"progress": 15, "stage": "decrypting"}

    async def test_the_job_shows_the_last_report(self, claims, begin, sql):
        claim = await begin()
        await claims.report(claim, [("decrypting", 40)])
        assert await sql("SELECT stage, progress FROM jobs") == [{"stage": "decrypting", "progress": 40}]


class TestCompletion:
    async def test_result_key_end_and_audit_come_together(self, claims, begin, sql):
        claim = await begin("encrypt")
        outcome = encrypted()
        await complete_encrypt(claims, claim, outcome)
        [job] = await sql("SELECT status, stage, progress, key_id, secret, lease_until FROM jobs")
        assert job == {
            "status": "completed",
            "stage": "completed",
            "progress": 100,
            "key_id": outcome.key_id,
            "secret": None,
            "lease_until": None,
        }
        assert await sql("SELECT id, custody FROM keys") == [{"id": outcome.key_id, "custody": "managed"}]
        assert [row["type"] for row in await sql("SELECT type FROM job_events ORDER BY seq")] == [
            "progress",
            "completed",
        ]
        assert await sql("SELECT outcome FROM audit_events WHERE action = 'image.encrypt'") == [{"outcome": "success"}]

    async def test_audit_names_entropy_source(self, claims, begin, sql):
        entropy = {"source": "qrng", "kind": "hardware", "degraded": True, "reason": "degraded: The source qrng failed"}
        claim = await begin("encrypt")
        await complete_encrypt(claims, claim, replace(encrypted(), entropy=entropy))
        [event] = await sql("SELECT details FROM audit_events WHERE action = 'image.encrypt'")
        assert event["details"] == {"entropy": entropy}

    async def test_result_is_stored_before_completion(self, claims, begin, sql, resources):
        claim = await begin("encrypt")
        await complete_encrypt(claims, claim, encrypted())
        [blob] = await sql("SELECT object_key FROM blobs WHERE purpose = 'result'")
        assert await resources.store.get(blob["object_key"]) == b"noise"

    async def test_a_decrypted_picture_rests_sealed_and_expires(self, claims, begin, sql, resources):
        claim = await begin()
        await complete_decrypt(claims, claim, decrypted(b"a canary sang" * 1000))
        [blob] = await sql("SELECT object_key, delete_after > now() AS later FROM blobs WHERE purpose = 'result'")
        assert blob["later"]
        assert b"canary" not in await resources.store.get(blob["object_key"])
        assert await sql("SELECT expires_at > now() AS set FROM jobs") == [{"set": True}]

    async def test_the_input_is_deleted_by_the_next_sweep(self, claims, begin, resources, sql, sweeper):
        claim = await begin()
        await complete_decrypt(claims, claim, decrypted())
        await sweeper.delete_due_objects()
        with pytest.raises(Gone):
            await resources.store.get(f"uploads/{claim.job.id.hex}")
        assert await sql("SELECT 1 AS one FROM blobs WHERE purpose = 'input' AND deleted_at IS NOT NULL") == [
            {"one": 1}
        ]


class TestFailure:
    async def test_failed_job_has_reason_and_keeps_input(self, claims, begin, sql):
        """The input of a failed job is kept for a day."""
        claim = await begin()
        await claims.fail(claim, code="image-corrupt", title="The image is damaged")
        [job] = await sql("SELECT status, error_code, error_title, secret FROM jobs")
        assert job == {
            "status": "failed",
            "error_code": "image-corrupt",
            "error_title": "The image is damaged",
            "secret": None,
        }
        [blob] = await sql("SELECT delete_after - now() > interval '23 hours' AS kept FROM blobs")
        assert blob["kept"]
        [event] = await sql("SELECT payload FROM job_events WHERE type = 'error'")
        error = {"code": "image-corrupt", "title": "The image is damaged", "detail": None}
        assert event["payload"] == {"error": error}


class TestRelease:
    async def test_released_job_is_enqueued_after_its_wait(self, claims, begin, sql, resources):
        claim = await begin()
        await sql("DELETE FROM outbox")
        await claims.release(claim)
        assert await taken(resources) == []
        assert await claims.claim() is None
        await sql("UPDATE jobs SET not_before = not_before - interval '1 minute'")
        await sql("UPDATE outbox SET due_at = due_at - interval '1 minute'")
        assert await taken(resources) == [claim.job.id]
        assert (await claims.claim()).job.attempts == 2

    async def test_job_and_message_wait_equally_long(self, claims, begin, sql):
        claim = await begin()
        await sql("DELETE FROM outbox")
        await claims.release(claim)
        [row] = await sql(
            "SELECT extract(epoch FROM not_before - now()) AS wait, not_before = due_at AS same FROM jobs, outbox"
        )
        assert row["same"]
        assert 0 < row["wait"] < 7.5

    async def test_wait_grows_with_jitter(self):
        first, second = ([retry_seconds(attempts) for _ in range(100)] for attempts in (1, 2))
        assert 2.5 <= min(first) < max(first) <= 7.5
        assert 10 <= min(second) < max(second) <= 30

    async def test_handed_over_job_is_claimed_at_once(self, claims, begin, sql, resources):
        """The attempt before a hand-over is not counted."""
        claim = await begin()
        await sql("DELETE FROM outbox")
        await claims.hand_over(claim)
        assert await taken(resources) == [claim.job.id]
        assert (await claims.claim()).job.attempts == 1

    async def test_hand_overs_never_exhaust_attempts(self, claims, begin, sweeper):
        claim = await begin()
        for _ in range(5):
            await claims.hand_over(claim)
            await sweeper.recover_jobs()
            claim = await claims.claim()
        assert (claim.job.status, claim.job.attempts) == ("processing", 1)

    @pytest.mark.parametrize("give_back", ["release", "hand_over"])
    async def test_what_was_given_back_is_fenced_off(self, claims, begin, give_back):
        claim = await begin()
        await getattr(claims, give_back)(claim)
        with pytest.raises(LeaseLost):
            await claims.report(claim, [("encrypting", 50)])
        assert not await claims.heartbeat(claim)

    @pytest.mark.parametrize("give_back", ["release", "hand_over"])
    async def test_release_of_cancelled_job_ends_it(self, claims, begin, sql, give_back):
        claim = await begin()
        await sql("DELETE FROM outbox")
        await sql("UPDATE jobs SET cancel_requested_at = now()")
        await getattr(claims, give_back)(claim)
        assert await sql("SELECT status, lease_until FROM jobs") == [{"status": "cancelled", "lease_until": None}]
        assert [row["type"] for row in await sql("SELECT type FROM job_events ORDER BY seq")] == [
            "progress",
            "cancelled",
        ]
        assert await sql("SELECT 1 FROM outbox") == []


class TestDestroyedKeys:
    async def test_job_with_destroyed_keys_ends(self, resources, claims, submit, sql):
        """After a restore without the vault, or when the day's key was destroyed while the job waited."""
        hopeless, next_one = await submit(), await submit()
        await sql("UPDATE jobs SET secret = :secret WHERE id = :id", secret=bytes(100), id=hopeless)
        claim = await claims.claim()
        assert claim.job.id == next_one
        [job] = await sql("SELECT status, error_code FROM jobs WHERE id = :id", id=hopeless)
        assert job == {"status": "failed", "error_code": "gone"}

    async def test_a_vault_that_is_away_costs_no_attempt(self, settings, claims, submit, sql):
        job_id, vault = await submit(), settings.vault_directory
        hidden = vault.rename(vault.with_name(f"{vault.name}.hidden"))
        try:
            with pytest.raises(Unavailable):
                await claims.claim()
        finally:
            hidden.rename(vault)
        [job] = await sql("SELECT status, attempts FROM jobs WHERE id = :id", id=job_id)
        assert job == {"status": "pending", "attempts": 0}
        assert (await claims.claim()).job.id == job_id
