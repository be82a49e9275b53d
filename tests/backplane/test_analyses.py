import json
from datetime import UTC, date, datetime, timedelta

import pytest

from backplane import ids
from backplane.errors import Gone, NotFound, Unavailable
from backplane.kinds import ANALYSIS
from backplane.services.attempts.claims import LeaseLost
from backplane.services.attempts.outcomes import REPORTS, MadeKey, Measurement, Outcome
from backplane.services.pictures.analyses import Analyses
from backplane.services.pictures.results import Results
from backplane.services.upkeep import sweeper as sweeper_module
from backplane.wiring.relay import wire_sweeper
from tests.support.endings import SUMMARY

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

CANARY = b"the entropy of the original is 7.123456789 bits"
DOCUMENTS = {ANALYSIS: b'{"canary": "' + CANARY + b'"}', REPORTS["html"]: CANARY * 9, REPORTS["pdf"]: CANARY * 3000}


@pytest.fixture
def analyses(resources):
    return Analyses(resources.database, resources.store, resources.vault)


@pytest.fixture
def read(analyses, caller, resources):
    """Read the analysis of a job, or its report, as its owner does."""
    results = Results(resources.database, resources.store, resources.vault)

    async def run(job_id, form=None):
        found = analyses.find(caller, job_id) if form is None else analyses.find_report(caller, job_id, form)
        body = await results.open(caller, await found)
        return b"".join([bytes(piece) async for piece in body])

    return run


@pytest.fixture
def analyzed(claims, begin):
    """Encrypt and analyze a job."""

    async def run(**changes):
        claim = await begin("encrypt")
        measured = Measurement(DOCUMENTS, version=1, summary=SUMMARY | changes)
        key = MadeKey(ids.new(), b"{}", b"h", b"t")
        stored = await claims.products.keep_encrypted(claim.job, b"noise")
        stored += await claims.products.keep_documents(claim.job, claim.account_key, measured.documents)
        await claims.complete(claim, Outcome({"purity_served": "balanced"}, key=key, measurement=measured), stored)
        return claim.job.id

    return run


async def objects(resources):
    pages = resources.store.written_before(datetime.now(UTC) + timedelta(days=1), under=[""])
    return [key async for page in pages for key in page]


class TestAtRest:
    async def test_documents_open_for_their_owner(self, analyses, analyzed, account, read, caller):
        job_id = await analyzed()
        assert (await analyses.find(caller, job_id)).media_type == "application/json"
        assert await read(job_id) == DOCUMENTS[ANALYSIS]
        assert await read(job_id, "pdf") == DOCUMENTS[REPORTS["pdf"]]

    async def test_store_and_rows_hold_no_plaintext(self, analyzed, resources, sql):
        job_id = await analyzed()
        rows = await sql("SELECT object_key, sealed FROM blobs WHERE job_id = :id AND purpose <> 'input'", id=job_id)
        assert len(rows) == 4
        stored = [await resources.store.get(row["object_key"]) for row in rows]
        sealed = [row["sealed"] for row in rows if row["sealed"] is not None]
        assert len(sealed) == 3
        assert not [one for one in stored + sealed if CANARY[4:24] in one]

    async def test_they_outlive_the_transit_keys(self, analyzed, resources, read):
        job_id = await analyzed()
        for day in (resources.vault._directory / "transit").glob("*"):
            day.unlink()
        assert await read(job_id) == DOCUMENTS[ANALYSIS]

    async def test_they_go_with_the_key_of_the_account(self, analyzed, account, resources, sql, read):
        job_id = await analyzed()
        [row] = await sql("SELECT kek_id, kek_version FROM accounts WHERE id = :id", id=account.id)
        resources.vault._account_path(account.id, row["kek_id"], row["kek_version"]).unlink()
        with pytest.raises(Gone):
            await read(job_id)

    async def test_the_key_of_one_blob_opens_no_other(self, analyzed, sql, read):
        first, second = await analyzed(), await analyzed()
        [row] = await sql("SELECT sealed FROM blobs WHERE job_id = :id AND purpose = 'analysis'", id=first)
        await sql("UPDATE blobs SET sealed = :sealed WHERE job_id = :id AND purpose = 'analysis'", id=second, **row)
        with pytest.raises(Unavailable):
            await read(second)

    async def test_a_report_that_leaves_is_written_down(self, analyzed, sql, read):
        job_id = await analyzed()
        await read(job_id, "html")
        rows = await sql("SELECT object_id, details, request_id FROM audit_events WHERE action = 'report.downloaded'")
        assert rows == [{"object_id": job_id, "details": {"format": "html"}, "request_id": "req_1"}]


class TestWithTheJob:
    async def test_rows_go_with_it_and_objects_are_collected(self, analyzed, resources, sql, monkeypatch):
        job_id = await analyzed()
        mine = {key for key in await objects(resources) if job_id.hex in key}
        assert len(mine) == 5
        await sql("DELETE FROM jobs WHERE id = :id", id=job_id)
        assert await sql("SELECT 1 FROM analysis_summaries") == []
        assert await sql("SELECT 1 FROM blobs WHERE job_id = :id", id=job_id) == []
        monkeypatch.setattr(sweeper_module, "UNREFERENCED_AFTER", timedelta(seconds=-60))
        await wire_sweeper(resources).collect_unreferenced()
        assert mine.isdisjoint(await objects(resources))

    async def test_due_analysis_is_deleted_with_its_key(self, analyzed, resources, sql, read):
        job_id = await analyzed()
        await sql("UPDATE blobs SET delete_after = now() WHERE purpose = 'analysis'")
        await wire_sweeper(resources).delete_due_objects()
        assert await sql("SELECT 1 FROM blobs WHERE purpose = 'analysis' AND sealed IS NOT NULL") == []
        with pytest.raises(NotFound):
            await read(job_id)

    async def test_lost_attempt_leaves_no_row(self, claims, begin, lose_lease, sql):
        late = await begin("encrypt")
        await lose_lease(late)
        assert await claims.claim() is not None
        measured = Measurement(DOCUMENTS, version=1, summary=SUMMARY)
        stored = await claims.products.keep_documents(late.job, late.account_key, DOCUMENTS)
        with pytest.raises(LeaseLost):
            await claims.complete(late, Outcome(measurement=measured), stored)
        assert await sql("SELECT 1 FROM analysis_summaries UNION SELECT 1 FROM blobs WHERE purpose <> 'input'") == []


class TestTrends:
    async def test_days_are_those_of_utc(self, analyses, analyzed, account, sql, caller):
        midnight = datetime(2025, 3, 2, tzinfo=UTC)
        for moment in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(hours=23, minutes=59)):
            job_id = await analyzed()
            await sql("UPDATE analysis_summaries SET created_at = :at WHERE job_id = :id", id=job_id, at=moment)
            await sql("UPDATE jobs SET created_at = :at WHERE id = :id", id=job_id, at=moment)
        await sql("SET TIME ZONE 'Pacific/Kiritimati'")
        days = await analyses.trends(caller, date(2025, 3, 1), date(2025, 3, 2))
        assert [(day.day.day, day.analyses, day.encryptions["jobs"]) for day in days] == [(1, 1, 1), (2, 2, 2)]

    async def test_medians_are_of_what_there_is(self, analyses, analyzed, account, caller):
        for npcr in (99.5, None, 99.7):
            await analyzed(npcr=npcr, letter="A" if npcr else None)
        today = datetime.now(UTC).date()
        [day] = await analyses.trends(caller, today, today)
        assert day.medians["npcr"] == pytest.approx(99.6)
        assert (day.analyses, day.letters) == (3, {"A": 2})

    async def test_no_column_is_a_number_of_the_original(self, analyzed, sql):
        """For each new column somebody must decide whether it may be stored in plaintext."""
        await analyzed()
        [row] = await sql("SELECT * FROM analysis_summaries")
        assert set(row) == {*SUMMARY, "job_id", "account_id", "version", "created_at"}


class TestSideBySide:
    async def test_they_come_in_the_order_of_the_ids(self, analyses, analyzed, account, caller):
        job_ids = [await analyzed() for _ in range(3)]
        found = await analyses.side_by_side(caller, job_ids[::-1])
        assert [facts.id for facts, _ in found] == job_ids[::-1]
        assert [one for _, one in found] == [json.loads(DOCUMENTS[ANALYSIS])] * 3
