import json
import resource
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from backplane.db.repositories import blobs, jobs, leases
from backplane.db.repositories.dumps import LEFT_OUT
from backplane.db.session import REVISION
from backplane.errors import Gone
from backplane.services.backups.archives import Archive, BackupUnfit
from backplane.services.backups.restores import Migrations, Restored, Restores
from backplane.services.backups.snapshots import Backups
from backplane.services.requests.caller import Caller
from backplane.vault import LocalVault
from backplane.wiring.relay import wire_sweeper
from backplane.wiring.resources import Resources, open_resources
from imageshield.commands.service.installation import AlembicMigrations

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


def nobody(_what, _done, _total):
    pass


class AtHead:
    """Migrations of a database that is at the newest revision already; a real upgrade starts a process each time."""

    def knows(self, revision: str) -> bool:
        return revision == REVISION

    async def upgrade(self, revision: str) -> None:
        assert revision == "head"


class Drill:
    """Backups of one database, and an empty database for restores; both share store and vault."""

    def __init__(self, resources: Resources, elsewhere: Resources, path: Path, migrations: Migrations) -> None:
        self.elsewhere = elsewhere
        self.path = path
        self.backups = Backups(resources.database, resources.store)
        self._migrations = migrations
        self.restores = self.into(elsewhere)

    def into(self, resources: Resources) -> Restores:
        return Restores(resources.database, resources.store, resources.vault, self._migrations)

    async def backup(self) -> Archive:
        await self.backups.make(Caller.operator(), self.path, nobody)
        return Archive.open(self.path)

    async def restore(self, archive: Archive | None = None) -> Restored:
        return await self.restores.restore(archive or Archive.open(self.path), nobody)

    async def rows(self, statement: str) -> list[dict]:
        return await rows(self.elsewhere, statement)


@pytest.fixture
def backups(resources):
    return Backups(resources.database, resources.store)


@pytest.fixture
def open_beside(stack, resources):
    """Open another database with the same store, vault and Redis."""
    redis_url = resources.settings.redis_url.get_secret_value()
    return lambda url: open_resources(stack.settings(database_url=url, redis_url=redis_url))


@pytest.fixture
def migrated(stack) -> Iterator[str]:
    with stack.databases.lend() as url:
        yield url


@pytest.fixture
def unmigrated(stack) -> Iterator[str]:
    with stack.databases.lend_unmigrated() as url:
        yield url


@pytest.fixture
async def drill(migrated, open_beside, resources, tmp_path) -> AsyncIterator[Drill]:
    """Restores go to an empty database that is migrated."""
    async with open_beside(migrated) as elsewhere:
        yield Drill(resources, elsewhere, tmp_path / "b", AtHead())


@pytest.fixture
async def bare_drill(unmigrated, open_beside, resources, tmp_path) -> AsyncIterator[Drill]:
    """Restores go to a database without any table, which they migrate."""
    async with open_beside(unmigrated) as elsewhere:
        yield Drill(resources, elsewhere, tmp_path / "b", AlembicMigrations(elsewhere.settings))


async def rows(resources, statement):
    async with resources.database.transaction() as session:
        return [dict(row) for row in (await session.execute(text(statement))).mappings()]


async def forget(resources, *keys):
    for key in keys:
        await resources.store.delete(key)


class TestBackup:
    async def test_holds_all_tables_and_named_objects(self, resources, backups, submit, sql, tmp_path):
        """The table of refresh tokens is left out."""
        job_id = await submit(body=b"noise")
        manifest = await backups.make(Caller.operator(), tmp_path / "b", nobody)
        tables = {row["t"] for row in await sql("SELECT table_name AS t FROM information_schema.tables WHERE "
                                                "table_schema = 'public'")}  # fmt: skip
        assert {table.name for table in manifest.tables} == tables - LEFT_OUT
        [entry] = Archive.open(tmp_path / "b").objects()
        assert entry.key == f"uploads/{job_id.hex}"
        assert (tmp_path / "b" / entry.file).read_bytes() == b"noise"
        assert list(Archive.open(tmp_path / "b").verify())

    async def test_lists_needed_keys_and_holds_none(self, resources, backups, account, submit, tmp_path):
        job_id = await submit()
        transit = resources.vault.transit_key_of_today()
        async with resources.database.transaction() as session:
            job = await jobs.lock(session, job_id)
            job.secret = transit.id.bytes + b"sealed"
        await backups.make(Caller.operator(), tmp_path / "b", nobody)
        [account_key, transit_key] = Archive.open(tmp_path / "b").needed_keys()
        assert (account_key.account_id, transit_key.id) == (account.id, transit.id)
        key = resources.vault.account_key(account.id, account_key.id, account_key.version)
        root = resources.settings.vault_key_file.read_bytes()
        for path in filter(lambda path: path.is_file(), (tmp_path / "b").rglob("*")):
            for secret in (key.secret, transit.secret, root):
                assert secret not in path.read_bytes()
                assert secret.hex().encode() not in path.read_bytes()

    async def test_is_for_its_owner_only(self, backups, submit, tmp_path):
        await submit()
        await backups.make(Caller.operator(), tmp_path / "b", nobody)
        found = [tmp_path / "b", *(tmp_path / "b").rglob("*")]
        assert {path.stat().st_mode & 0o077 for path in found if path.is_file()} == {0}
        assert (tmp_path / "b").stat().st_mode & 0o077 == 0

    async def test_nothing_is_deleted_while_it_is_made(self, resources, backups, submit, sql, tmp_path):
        """The sweeper runs in the middle of it, and an object that is due stays until it is over."""
        job_id = await submit()
        await sql("UPDATE blobs SET delete_after = now() - interval '1 second'")
        sweeper = wire_sweeper(resources)
        swept = []

        async def stream(key):
            if not swept:
                swept.append(await sweeper.delete_due_objects())
            return await resources.store.stream(key)

        store = type("Store", (), {"stream": staticmethod(stream)})()
        manifest = await Backups(resources.database, store).make(Caller.operator(), tmp_path / "b", nobody)
        assert swept
        assert (manifest.objects.count, manifest.passing) == (1, 0)
        await sweeper.delete_due_objects()
        with pytest.raises(Gone):
            await resources.store.get(f"uploads/{job_id.hex}")

    async def test_an_object_that_is_gone_is_reported(self, resources, backups, submit, sql, tmp_path):
        """One that was to be deleted is no loss, one that nobody should have deleted is named."""
        passing, lost = await submit(), await submit()
        await sql("UPDATE blobs SET delete_after = now() WHERE job_id = :id", id=passing)
        await forget(resources, f"uploads/{passing.hex}", f"uploads/{lost.hex}")
        manifest = await backups.make(Caller.operator(), tmp_path / "b", nobody)
        assert (manifest.passing, manifest.lost) == (1, (f"uploads/{lost.hex}",))

    async def test_two_at_once_are_refused(self, resources, backups, submit, tmp_path, monkeypatch):
        monkeypatch.setattr("backplane.services.backups.snapshots.HOLD_TRIES", 1)
        async with resources.database.transaction() as session:
            assert await blobs.hold_deletions(session)
            with pytest.raises(BackupUnfit, match="Another backup"):
                await backups.make(Caller.operator(), tmp_path / "b", nobody)
        assert list(tmp_path.iterdir()) == []

    async def test_a_full_disk_leaves_nothing(self, backups, submit, tmp_path):
        await submit(body=bytes(4_000_000))
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, before[1]))
        try:
            with pytest.raises(BackupUnfit, match="no room left"):
                await backups.make(Caller.operator(), tmp_path / "b", nobody)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert list(tmp_path.iterdir()) == []

    async def test_a_name_that_is_taken_is_refused(self, backups, tmp_path):
        (tmp_path / "b").mkdir()
        (tmp_path / "c.partial").mkdir()
        for name in ("b", "c"):
            with pytest.raises(BackupUnfit, match="there already"):
                await backups.make(Caller.operator(), tmp_path / name, nobody)

    async def test_a_database_without_tables_is_refused(self, bare_drill, tmp_path):
        bare = Backups(bare_drill.elsewhere.database, bare_drill.elsewhere.store)
        with pytest.raises(BackupUnfit, match="no tables of ours"):
            await bare.make(Caller.operator(), tmp_path / "b", nobody)


class TestRestore:
    async def test_brings_back_every_row_and_object(self, resources, bare_drill, submit):
        job_id = await submit(body=b"noise" * 100_000)
        await bare_drill.backup()
        await forget(resources, f"uploads/{job_id.hex}")
        restored = await bare_drill.restore()
        assert (restored.objects, restored.missing_objects, restored.missing_keys) == (1, 0, 0)
        assert await resources.store.get(f"uploads/{job_id.hex}") == b"noise" * 100_000
        for table in ("accounts", "jobs", "job_events", "blobs", "audit_events", "outbox"):
            statement = f"SELECT * FROM {table} ORDER BY 1"  # noqa: S608 - a constant
            before = [row for row in await rows(resources, statement) if row.get("action") != "backup.made"]
            assert before
            after = await bare_drill.rows(statement)
            assert [row for row in after if row.get("action") != "audit.restored"] == before
        assert len(await bare_drill.rows("SELECT 1 FROM audit_events WHERE action = 'audit.restored'")) == 1

    async def test_running_job_waits_again_and_fences_worker(self, resources, drill, submit, sql):
        """What the attempt lost is no fault of the job's, even where it was the last."""
        await submit()
        await sql("DELETE FROM outbox")
        await sql("UPDATE jobs SET attempts = 2")
        async with resources.database.transaction() as session:
            claimed = await leases.claim(session)
        await drill.backup()
        assert (await drill.restore()).waiting_jobs == 1
        [job] = await drill.rows("SELECT status, attempts, fencing_token, lease_until FROM jobs")
        assert job == {"status": "pending", "attempts": 2, "fencing_token": claimed.fencing_token + 1,
                       "lease_until": None}  # fmt: skip
        assert await drill.rows("SELECT job_id FROM outbox") == [{"job_id": claimed.id}]
        async with drill.elsewhere.database.transaction() as session:
            assert await leases.claim(session) is not None

    async def test_numbers_go_on_behind_those_that_are_there(self, resources, drill, submit):
        for _ in range(3):
            await submit()
        await drill.backup()
        await drill.restore()
        await drill.rows("INSERT INTO outbox (job_id) SELECT id FROM jobs LIMIT 1 RETURNING id")
        [counted] = await drill.rows("SELECT count(*) AS all, count(DISTINCT id) AS different FROM outbox")
        assert counted == {"all": 4, "different": 4}

    async def test_a_row_whose_object_was_gone_says_so(self, resources, drill, submit):
        job_id = await submit()
        await forget(resources, f"uploads/{job_id.hex}")
        await drill.backup()
        assert (await drill.restore()).missing_objects == 1
        [blob] = await drill.rows("SELECT deleted_at IS NOT NULL AS deleted, sealed FROM blobs")
        assert blob == {"deleted": True, "sealed": None}

    async def test_an_empty_object_comes_back(self, resources, drill, submit):
        job_id = await submit(body=b"")
        await drill.backup()
        await forget(resources, f"uploads/{job_id.hex}")
        await drill.restore()
        assert await resources.store.get(f"uploads/{job_id.hex}") == b""


class TestRefusals:
    async def test_database_with_rows_is_not_changed(self, resources, drill, submit):
        await submit()
        with pytest.raises(BackupUnfit, match="is not empty"):
            await drill.into(resources).restore(await drill.backup(), nobody)
        assert len(await rows(resources, "SELECT id FROM jobs")) == 1

    async def test_missing_vault_keys_refuse_restore_unless_allowed(self, bare_drill, account, submit, tmp_path):
        await submit()
        archive = await bare_drill.backup()
        (tmp_path / "vault").mkdir()
        other = LocalVault(root_key=bytes(32), directory=tmp_path / "vault")
        restores = bare_drill.into(replace(bare_drill.elsewhere, vault=other))
        with pytest.raises(BackupUnfit, match="lacks 1 account key"):
            await restores.restore(archive, nobody)
        assert await bare_drill.rows("SELECT to_regclass('jobs')::text AS jobs") == [{"jobs": None}]
        assert (await restores.restore(archive, nobody, without_keys=True)).missing_keys == 1

    async def test_a_damaged_backup(self, backups, submit, tmp_path):
        await submit()
        await backups.make(Caller.operator(), tmp_path / "b", nobody)
        archive = Archive.open(tmp_path / "b")
        kept = next(archive.objects()).file
        for path in (archive.path / name for name in ("tables/jobs.csv", "objects.jsonl", "keys.jsonl", kept)):
            content = path.read_bytes()
            flipped = bytes([content[0] ^ 1]) + content[1:]
            for harmed in (flipped, content[:-1], content + b"x", None):
                path.unlink() if harmed is None else path.write_bytes(harmed)
                with pytest.raises(BackupUnfit, match="damaged") as refusal:
                    list(archive.verify())
                assert refusal.value.changed
            path.write_bytes(content)
        assert list(archive.verify())

    async def test_what_was_never_finished(self, drill, submit):
        await submit()
        await drill.backup()
        (drill.path / "manifest.json").unlink()
        with pytest.raises(BackupUnfit, match="no complete backup"):
            Archive.open(drill.path)

    @pytest.mark.parametrize("content", ["", "[]", "{}", '{"kind": "imageshield-backup", "version": 1}'])
    def test_a_manifest_that_is_none(self, tmp_path, content):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(BackupUnfit):
            Archive.open(tmp_path)

    async def test_of_a_later_version(self, drill, submit):
        await submit()
        await drill.backup()
        manifest = json.loads((drill.path / "manifest.json").read_text())
        (drill.path / "manifest.json").write_text(json.dumps(manifest | {"revision": "9999"}))
        with pytest.raises(BackupUnfit, match="does not read this backup"):
            await drill.restore()

    async def test_empty_database_of_another_revision(self, bare_drill, submit):
        await submit()
        await bare_drill.backup()
        await AlembicMigrations(bare_drill.elsewhere.settings).upgrade("0004")
        with pytest.raises(BackupUnfit, match="does not fit"):
            await bare_drill.restore()

    async def test_rows_that_do_not_fit_leave_none(self, drill, submit):
        """A table has not what the manifest says; what was loaded before it is gone again."""
        await submit()
        await drill.backup()
        said = json.loads((drill.path / "manifest.json").read_text())
        for table in said["tables"]:
            if table["name"] == "job_events":
                table["rows"] += 1
        (drill.path / "manifest.json").write_text(json.dumps(said))
        with pytest.raises(BackupUnfit, match="nothing was loaded"):
            await drill.restore()
        assert await drill.rows("SELECT id FROM accounts") == []
