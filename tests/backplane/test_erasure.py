"""Erasure of an account: what is left, and what a crash leaves."""

import asyncio
import signal
from datetime import timedelta

import pytest

from backplane.db.models import Blob
from backplane.db.repositories import blobs
from backplane.errors import Gone
from backplane.services.audit.views import Search
from backplane.services.identity.accounts import AccountFacts
from backplane.services.requests.caller import Caller
from backplane.vault import LocalVault
from backplane.wiring.erasure import ErasureServices, wire_erasure_runs
from shield_core.audit.verification import Outcome
from tests.support.accounts import add_account
from tests.support.erasing import erase_in_child
from tests.support.rows import Rows

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

LEFTOVERS = {"audit_chains", "audit_events", "audit_proofs", "erasures", "revocations"}
"""Tables that may name an erased account: the trail, the erasure itself, and for a day the end of its rights."""

FAILPOINTS = [
    "erasure.begun",
    "erasure.keys_destroyed",
    "erasure.redis_forgotten",
    "erasure.jobs_ended",
    "erasure.objects_deleted",
    "erasure.jobs_removed",
    "erasure.rows_removed",
    "erasure.ending",
    "erasure.done",
]


@pytest.fixture
async def bob(resources) -> AccountFacts:
    return await add_account(resources, "bob@example.org")


@pytest.fixture
def schedule(resources, identity, mails):
    return ErasureServices.wire(resources, identity.revocations, mails).schedule


@pytest.fixture
def runs(resources, settings):
    return wire_erasure_runs(resources)


@pytest.fixture
def erase(schedule, runs):
    """Erase a user at once."""

    async def act(account: AccountFacts) -> None:
        await schedule.erase_user(Caller(account.id, user_id=account.id, role="owner"), grace=timedelta(0))
        await runs.run_due()

    return act


@pytest.fixture
def store_file(resources):
    """Write a completed job with a file, and return the name of the object."""

    async def write(rows: Rows) -> str:
        job = rows.known("jobs")
        name = f"results/{job.hex}/1/picture"
        await resources.store.put(name, b"ciphertext", media_type="image/png")
        async with resources.database.transaction() as session:
            blob = Blob(job_id=job, purpose="result", object_key=name, size=10, media_type="image/png")
            blob.id = rows.account_id
            await blobs.add_all(session, [blob])
        return name

    return write


async def rows_of(settings, account: AccountFacts) -> Rows:
    rows = Rows(settings.database_url.get_secret_value().replace("+asyncpg", ""), account.id, account.email)
    await asyncio.to_thread(rows.fill)
    return rows


class TestLeftovers:
    async def test_rows_of_no_table_are_left(self, *, settings, account, bob, erase):
        """Each table has a row of each of two accounts; a new table is filled by itself."""
        erased, other = await rows_of(settings, account), await rows_of(settings, bob)
        before = await asyncio.to_thread(other.found)
        assert set(before) - LEFTOVERS >= {"jobs", "keys", "passkeys", "webhook_attempts", "usage_entries"}
        await erase(account)
        assert set(await asyncio.to_thread(erased.found)) <= LEFTOVERS
        after = await asyncio.to_thread(other.found)
        assert {name: rows for name, rows in after.items() if name not in LEFTOVERS} == {
            name: rows for name, rows in before.items() if name not in LEFTOVERS
        }

    async def test_objects_are_deleted(self, *, settings, account, bob, erase, store_file, resources):
        mine, theirs = [await store_file(await rows_of(settings, one)) for one in (account, bob)]
        lost = f"results/{mine.split('/')[1]}/2/of-a-lost-attempt"
        await resources.store.put(lost, b"x", media_type="image/png")
        await erase(account)
        for name in (mine, lost):
            with pytest.raises(Gone):
                await resources.store.get(name)
        assert await resources.store.get(theirs) == b"ciphertext"

    async def test_keys_are_destroyed(self, *, settings, account, bob, erase, resources, sql):
        [key] = await sql("SELECT kek_id, kek_version FROM accounts WHERE id = :id", id=account.id)
        await erase(account)
        vault = LocalVault.from_settings(settings)
        with pytest.raises(Gone):
            vault.account_key(account.id, key["kek_id"], key["kek_version"])
        assert vault.is_erased(account.id)
        assert not vault.is_erased(bob.id)
        [key] = await sql("SELECT kek_id, kek_version FROM accounts WHERE id = :id", id=bob.id)
        assert vault.account_key(bob.id, key["kek_id"], key["kek_version"])

    async def test_redis_forgets(self, *, account, bob, erase, resources):
        for one in (account, bob):
            await resources.bus.keep(f"imageshield:tries:otp:{one.id.hex}", b"1", seconds=60)
        await erase(account)
        names = [name async for name in resources.bus._redis.scan_iter()]
        assert not [name for name in names if account.id.hex.encode() in name]
        assert [name for name in names if bob.id.hex.encode() in name]

    async def test_one_mail_and_one_entry(self, *, account, erase, sql, runs, settings):
        await erase(account)
        await runs.run_due()
        found = await sql("SELECT account_id, object_id, person FROM audit_events WHERE action = 'user.erased'")
        assert found == [{"account_id": None, "object_id": account.id, "person": None}]
        [erasure] = await sql("SELECT state, done_at, personal FROM erasures")
        assert (erasure["state"], erasure["personal"]) == ("done", True)


class TestTrail:
    async def test_stays_valid_and_tells_no_name(self, *, account, ada, act, sealing, audit, erase):
        """Also the last entry, which was not sealed yet when the key was destroyed."""
        await act("job.delete", by=ada, times=3)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        before = b"".join([line async for line in await audit.exports.lines(ada)])
        assert ada.address.encode() in before
        await act("job.delete", by=ada)
        await erase(account)
        await sealing.sealer.seal_all()
        await sealing.checkpoints.make()
        assert (await audit.verification.verify_export(ada, before)).outcome is Outcome.VERIFIED
        for chain in (ada, Caller.system()):
            assert (await audit.verification.verify(chain)).outcome is Outcome.VERIFIED
        events, _ = await audit.views.page(ada, Search(), limit=50)
        assert [event.person for event in events if event.action == "job.delete"] == [None] * 4


class TestRunningJob:
    async def test_erasure_waits_for_the_worker(self, *, account, begin, claims, runs, schedule, sql):
        claim = await begin()
        await schedule.erase_for_operator(Caller.operator(), account.id, grace=timedelta(0))
        assert not await runs.run(account.id)
        assert await claims.heartbeat(claim) is False
        assert await claims.cancel(claim)
        assert await runs.run(account.id)
        assert await sql("SELECT 1 FROM jobs") == []

    async def test_waiting_job_is_removed(self, *, account, submit, runs, schedule, resources, sql):
        job_id = await submit()
        await schedule.erase_for_operator(Caller.operator(), account.id, grace=timedelta(0))
        await runs.run_due()
        assert await sql("SELECT 1 FROM jobs") == []
        with pytest.raises(Gone):
            await resources.store.get(f"uploads/{job_id.hex}")


class TestCrash:
    @pytest.mark.parametrize("point", FAILPOINTS)
    async def test_killed_erasure_ends_once(
        self, *, point, settings, account, schedule, runs, store_file, tmp_path, sql
    ):
        rows = await rows_of(settings, account)
        await store_file(rows)
        await schedule.erase_user(Caller(account.id, user_id=account.id, role="owner"), grace=timedelta(0))
        (tmp_path / point).write_text("kill")
        assert await asyncio.to_thread(erase_in_child, settings, tmp_path) == -signal.SIGKILL
        await runs.run_due()
        assert set(await asyncio.to_thread(rows.found)) <= LEFTOVERS
        for action in ("account.erasure_begun", "user.erased"):
            assert len(await sql("SELECT 1 FROM audit_events WHERE action = :action", action=action)) == 1
