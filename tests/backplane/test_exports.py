"""Exports of an account's data: what is in the zip, and what is not."""

import asyncio
import hashlib
import io
import json
import os
import tracemalloc
import zipfile
from typing import Any

import pytest

from backplane import ids
from backplane.db.base import Base
from backplane.db.models import Blob, Job
from backplane.db.repositories import blobs, jobs
from backplane.errors import InsufficientScope
from backplane.kinds import EXPORT
from backplane.services.exports.options import ExportOptions
from backplane.services.exports.subjects import OF_ACCOUNT, OF_USER
from backplane.services.pictures.results import Results
from backplane.services.requests.caller import Caller
from backplane.wiring.exports import wire_archives
from tests.support.rows import Rows
from worker.kinds import export
from worker.kinds.equipment import Equipment

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

NOT_EXPORTED = {
    "audit_chains": "part of audit.jsonl",
    "audit_checkpoints": "part of audit.jsonl",
    "audit_events": "audit.jsonl",
    "audit_proofs": "part of audit.jsonl",
    "batch_terms": "digests of what batches.jsonl says",
    "erasures": "an account with one exports nothing",
    "factor_resets": "requests of operators, for a day; audit.jsonl has them",
    "idempotency_keys": "digests",
    "job_events": "the progress of jobs, as jobs.jsonl has its end",
    "job_terms": "digests of what jobs.jsonl says",
    "one_time_tokens": "digests of links",
    "outbox": "what waits for seconds",
    "refresh_tokens": "digests; login-sessions.jsonl has the sessions",
    "revocations": "ids, for a day",
    "security_observations": "what waits for seconds",
    "security_tallies": "counts and pseudonyms by which rules recognize what is unusual",
}


class FakeReporter:
    """A reporter that records the progress."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, int]] = []

    async def begin(self, stage: object) -> None: ...

    async def finish(self) -> None: ...

    def storing(self, done: int, total: int) -> None:
        self.reports.append((done, total))


@pytest.fixture
def make_export(resources, account, claims):
    """Run an export of the account, and return its job."""

    async def make(reporter: FakeReporter | None = None) -> Job:
        options = ExportOptions(account.id).to_json()
        job = Job(id=ids.new(), account_id=account.id, kind="export", priority=2, estimated_ms=1, options=options)
        async with resources.database.transaction() as session:
            await jobs.add(session, job)
        claim = await claims.claim()
        assert claim is not None
        equipment: Any = Equipment(claims, wire_archives(resources), None, None, 1)  # type: ignore[arg-type]
        await export.run(equipment, claim, reporter or FakeReporter())  # type: ignore[arg-type]
        async with resources.database.reading() as session:
            found = await jobs.of_account(session, account.id, job.id)
        assert found is not None
        return found

    return make


@pytest.fixture
def fetch(resources, account):
    async def read(job: Job) -> bytes:
        results = Results(resources.database, resources.store, resources.vault)
        caller = Caller(account.id, user_id=account.id, scopes=frozenset({"results:read", "account:own"}))
        pieces = await results.open(caller, await results.find(caller, job.id))
        return b"".join([bytes(piece) async for piece in pieces])

    return read


@pytest.fixture
async def rows(settings, account) -> Rows:
    found = Rows(settings.database_url.get_secret_value().replace("+asyncpg", ""), account.id, account.email)
    await asyncio.to_thread(found.fill)
    return found


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


class TestContent:
    async def test_every_file_has_its_digest(self, rows, make_export, fetch):
        files = opened(await fetch(await make_export()))
        manifest = json.loads(files.pop("manifest.json"))
        assert {one["name"]: one["sha256"] for one in manifest["files"]} == {
            name: hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "README.txt"
        }

    async def test_every_line_is_an_object(self, rows, make_export, fetch, account):
        files = opened(await fetch(await make_export()))
        for subject in (*OF_ACCOUNT, *OF_USER):
            lines = files[f"{subject.file}.jsonl"].splitlines()
            assert lines, subject.file
            for line in lines:
                assert set(json.loads(line)) >= set(subject.columns), subject.file
        [profile] = files["user/profile.jsonl"].splitlines()
        assert json.loads(profile)["email"] == account.email

    async def test_secrets_of_no_table_are_in_it(self, rows, make_export, fetch):
        """Every column of bytes has a text of its own, of which none may appear."""
        content = b"".join(opened(await fetch(await make_export())).values())
        for table in Base.metadata.sorted_tables:
            for column in table.columns:
                if str(column.type) in {"BLOB", "BYTEA"}:
                    assert f"{table.name}.{column.name}".encode() not in content
        assert b"password_hash" not in content

    def test_tables_are_all_decided(self):
        tables = {subject.source.model.__tablename__ for subject in (*OF_ACCOUNT, *OF_USER)}
        assert tables | set(NOT_EXPORTED) == set(Base.metadata.tables)
        assert not tables & set(NOT_EXPORTED)

    async def test_encrypted_pictures_only(self, resources, rows, account, make_export, fetch):
        async with resources.database.transaction() as session:
            for kind, purpose in (("encrypt", "result"), ("decrypt", "result"), ("encrypt", "input")):
                job = Job(id=ids.new(), account_id=account.id, kind=kind, status="completed", estimated_ms=1)
                name = f"results/{job.id.hex}/1/x"
                body = f"{kind}-{purpose}".encode()
                await resources.store.put(name, body, media_type="image/png")
                blob = Blob(id=ids.new(), job_id=job.id, purpose=purpose, object_key=name, size=len(body))
                blob.media_type = "image/png"
                await jobs.add(session, job)
                await blobs.add_all(session, [blob])
        content = opened(await fetch(await make_export()))
        assert [data for name, data in content.items() if name.startswith("results/")] == [b"encrypt-result"]


class TestJob:
    async def test_kept_for_a_week_at_most(self, make_export, sql):
        job = await make_export()
        assert job.status == "completed"
        [row] = await sql("SELECT delete_after - created_at AS life, size FROM blobs WHERE purpose = 'export'")
        assert row["life"].days in {6, 7}
        assert row["size"] > 0

    async def test_rests_encrypted(self, make_export, resources, sql):
        await make_export()
        [row] = await sql("SELECT object_key FROM blobs WHERE purpose = 'export'")
        assert b"README.txt" not in await resources.store.get(row["object_key"])

    async def test_other_scopes_fetch_nothing(self, make_export, resources, account):
        job = await make_export()
        results = Results(resources.database, resources.store, resources.vault)
        with pytest.raises(InsufficientScope):
            await results.find(Caller(account.id, scopes=frozenset({"results:read"})), job.id)

    async def test_lost_upload_is_dropped(self, resources):
        """A killed worker leaves the parts of an upload, which no key names."""
        client, bucket = resources.store._client, resources.store.bucket
        place = f"results/{ids.new().hex}/"
        await asyncio.to_thread(client.create_multipart_upload, Bucket=bucket, Key=place + "1/x")
        assert await resources.store.abort_uploads(under=place) == 1
        assert await resources.store.abort_uploads(under=place) == 0

    async def test_memory_does_not_grow(self, resources, account, make_export):
        size = 48 * 1024 * 1024
        async with resources.database.transaction() as session:
            job = Job(id=ids.new(), account_id=account.id, kind="encrypt", status="completed", estimated_ms=1)
            blob = Blob(
                id=ids.new(), job_id=job.id, purpose="result", object_key=f"results/{job.id.hex}/1/x", size=size
            )
            blob.media_type = "image/png"
            await resources.store.put(blob.object_key, os.urandom(size), media_type="image/png")
            await jobs.add(session, job)
            await blobs.add_all(session, [blob])
        reporter = FakeReporter()
        tracemalloc.start()
        await make_export(reporter)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < size
        assert reporter.reports[-1] == (size, size)


def test_export_is_for_owners():
    assert (EXPORT.result_scope, EXPORT.counts_as_encryption, EXPORT.result_days) == ("account:own", False, 7)
