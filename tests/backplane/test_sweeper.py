from datetime import UTC, datetime, timedelta

import pytest

from backplane.errors import Gone
from backplane.services import sweeper as sweeper_module

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

EXPIRE = "UPDATE jobs SET lease_until = now() - interval '1 second'"


class TestRecovery:
    async def test_the_job_of_a_silent_worker_is_rung_again_and_the_worker_fenced(self, sweeper, claims, begin, sql):
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

    async def test_a_job_that_failed_three_workers_ends_as_poison(self, sweeper, claims, submit, sql):
        await submit()
        for _ in range(3):
            assert await claims.claim() is not None
            await sql(EXPIRE)
            await sweeper.recover_jobs()
        assert await sql("SELECT status, error_code FROM jobs") == [{"status": "failed", "error_code": "poison"}]
        assert [row["type"] for row in await sql("SELECT type FROM job_events ORDER BY seq")] == ["progress", "error"]

    async def test_a_pending_job_that_nobody_took_is_rung_again(self, sweeper, submit, sql):
        await submit()
        await sql("DELETE FROM outbox")
        await sql("UPDATE jobs SET published_at = now() - interval '31 seconds', publications = 1")
        await sweeper.recover_jobs()
        await sweeper.recover_jobs()
        assert len(await sql("SELECT 1 FROM outbox")) == 1

    async def test_the_wait_for_an_unheard_job_doubles(self, sweeper, submit, sql):
        await submit()
        await sql("DELETE FROM outbox")
        await sql("UPDATE jobs SET published_at = now() - interval '59 seconds', publications = 2")
        await sweeper.recover_jobs()
        assert await sql("SELECT 1 FROM outbox") == []


class TestObjects:
    async def test_due_objects_are_deleted_and_their_keys_forgotten(self, sweeper, submit, sql, plant):
        job_id = await submit()
        await sql("UPDATE blobs SET delete_after = now() - interval '1 second', sealed = 'x'")
        await sweeper.delete_due_objects()
        assert await sql("SELECT deleted_at IS NOT NULL AS gone, sealed FROM blobs") == [{"gone": True, "sealed": None}]
        with pytest.raises(Gone):
            await plant.store.get(f"uploads/{job_id.hex}")

    async def test_only_objects_that_no_row_names_are_collected(self, sweeper, submit, plant, monkeypatch):
        job_id = await submit()
        await plant.store.put("results/orphan", b"x", media_type="image/png")
        monkeypatch.setattr(sweeper_module, "UNREFERENCED_AFTER", timedelta(seconds=-60))
        await sweeper.collect_unreferenced()
        assert await plant.store.get(f"uploads/{job_id.hex}") == b"ciphertext"
        with pytest.raises(Gone):
            await plant.store.get("results/orphan")

    async def test_young_objects_are_not_collected(self, sweeper, plant):
        await plant.store.put("results/young", b"x", media_type="image/png")
        await sweeper.collect_unreferenced()
        assert await plant.store.get("results/young") == b"x"
        pages = plant.store.written_before(datetime.now(UTC) - timedelta(hours=1), under=[""])
        assert [key async for page in pages for key in page] == []
