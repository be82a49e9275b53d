"""Measurements: analyses, reports, comparisons, trends and avalanche experiments."""

import json
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pytest

from api.answers.documents import preferred_format
from api.schemas.analyses import Analysis
from api.schemas.measurements import Avalanche
from backplane.kinds import ANALYSIS
from backplane.services.attempts.outcomes import REPORTS, Measurement
from shield_core.analysis.measures.avalanche import avalanche
from shield_core.appraisal import appraise
from shield_core.keys.stanzas import PlainWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum.sources import DeterministicSource
from tests.api.conftest import Sealed
from tests.support import pictures
from tests.support.endings import SUMMARY, complete_measurement

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ANALYZE = "/api/v1/analyze"
AVALANCHE = "/api/v1/analysis/avalanche"
JOBS = "/api/v1/jobs"
UNKNOWN = "job_" + "0" * 32
HTML, PDF = b"<!doctype html><title>Report</title>", b"%PDF-1.4 report"


@cache
def analysis() -> bytes:
    original = pictures.as_png(pictures.make(96, 64))
    made = encrypt_image(original, source=DeterministicSource(1), wraps=[PlainWrap()])
    return json.dumps(appraise(original, made.png)).encode()


def measured(**changes) -> Measurement:
    documents = {ANALYSIS: analysis(), REPORTS["html"]: HTML, REPORTS["pdf"]: PDF}
    return Measurement(documents, version=1, summary=SUMMARY | changes)


async def analyzed(user, engine, **changes) -> str:
    job_id = await user.encrypt(analyze="true")
    await engine.complete_encrypt(job_id, measured=measured(**changes))
    return job_id


async def assert_refused(response, status, code, says=""):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert says in response.json()["detail"]


class TestAnalyzeOption:
    async def test_worker_receives_the_option(self, ada, engine):
        assert (await engine.take(await ada.encrypt(analyze="true"))).job.analyze is True
        assert (await engine.take(await ada.encrypt())).job.analyze is False

    async def test_urls_are_null_until_there_is_something(self, ada, engine):
        job_id = await ada.encrypt(analyze="true")
        job = await ada.job(job_id)
        assert (job["analysis_url"], job["report_url"]) == (None, None)
        await engine.complete_encrypt(job_id, measured=measured())
        job = await ada.job(job_id)
        assert (job["analysis_url"], job["report_url"]) == (f"{ANALYZE}/{job_id}", f"{JOBS}/{job_id}/report")

    async def test_estimated_time_is_longer(self, ada):
        picture = pictures.as_png(pictures.make(1000, 1000, "L"))
        plain, analyzed = [await ada.encrypt(picture), await ada.encrypt(picture, analyze="true")]
        assert (await ada.job(analyzed))["estimated_time"] > (await ada.job(plain))["estimated_time"]

    @pytest.mark.parametrize("form", [{"analyze": "perhaps"}, {"analyze": "true", "key_custody": "client"}])
    async def test_non_boolean_and_client_custody_are_refused(self, ada, form):
        """`analyze` is true or false, and is refused together with the custody `client`."""
        files = {"image": ("a.png", pictures.as_png(pictures.make()))}
        response = await ada.http.post("/api/v1/encrypt", files=files, data=form)
        await assert_refused(response, 422, "validation-failed")


class TestGetAnalysis:
    async def test_analysis_is_that_of_the_worker(self, ada, engine):
        response = await ada.http.get(f"{ANALYZE}/{await analyzed(ada, engine)}")
        assert (response.status_code, response.content) == (200, analysis())
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "private, no-cache"

    async def test_known_etag_is_304(self, ada, engine):
        address = f"{ANALYZE}/{await analyzed(ada, engine)}"
        etag = (await ada.http.get(address)).headers["ETag"]
        for known in (etag, "W/" + etag):
            again = await ada.http.get(address, headers={"If-None-Match": known})
            assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", etag)
        assert (await ada.http.get(address, headers={"If-None-Match": '"other"'})).status_code == 200

    async def test_same_picture_has_one_analysis_per_job(self, ada, engine):
        tags = {(await ada.http.get(f"{ANALYZE}/{await analyzed(ada, engine)}")).headers["ETag"] for _ in range(2)}
        assert len(tags) == 2

    async def test_missing_analysis_names_the_option_for_it(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        await assert_refused(await ada.http.get(f"{ANALYZE}/{job_id}"), 404, "not-found", "analyze=true")
        await assert_refused(await ada.http.get(f"{JOBS}/{job_id}/report"), 404, "not-found", "analyze=true")

    async def test_unfinished_or_failed_job_is_409(self, ada, engine):
        job_id = await ada.encrypt(analyze="true")
        for address in (f"{ANALYZE}/{job_id}", f"{JOBS}/{job_id}/report"):
            await assert_refused(await ada.http.get(address), 409, "job-not-finished")
        await engine.fail(job_id)
        for address in (f"{ANALYZE}/{job_id}", f"{JOBS}/{job_id}/report"):
            await assert_refused(await ada.http.get(address), 409, "job-failed")

    async def test_a_decrypt_job_has_none(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id)
        await assert_refused(await ada.http.get(f"{ANALYZE}/{job_id}"), 404, "not-found")

    def test_schema_has_every_field(self):
        value = json.loads(analysis())
        assert Analysis.model_validate(value, strict=True).model_dump() == value


class TestReport:
    async def get(self, user, job_id, query="", **headers):
        return await user.http.get(f"{JOBS}/{job_id}/report{query}", headers=headers)

    async def test_it_is_html_unless_pdf_is_asked_for(self, ada, engine):
        job_id = await analyzed(ada, engine)
        plain, html, pdf = [await self.get(ada, job_id, query) for query in ("", "?format=html", "?format=pdf")]
        assert (plain.content, html.content, pdf.content) == (HTML, HTML, PDF)
        assert html.headers["Content-Type"] == "text/html; charset=utf-8"
        assert pdf.headers["Content-Type"] == "application/pdf"

    async def test_accept_decides_where_the_address_does_not(self, ada, engine):
        job_id = await analyzed(ada, engine)
        assert (await self.get(ada, job_id, Accept="application/pdf")).content == PDF
        assert (await self.get(ada, job_id, "?format=html", Accept="application/pdf")).content == HTML

    async def test_no_browser_opens_or_keeps_it(self, ada, engine):
        job_id = await analyzed(ada, engine)
        for form in ("html", "pdf"):
            headers = (await self.get(ada, job_id, f"?format={form}")).headers
            assert headers["Content-Disposition"].startswith(f'attachment; filename="{job_id}.report.{form}"')
            assert headers["Cache-Control"] == "private, no-store"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Content-Security-Policy"].startswith("default-src 'none'")

    async def test_another_format_is_refused(self, ada, engine):
        job_id = await analyzed(ada, engine)
        await assert_refused(await self.get(ada, job_id, "?format=docx"), 422, "validation-failed")
        await assert_refused(await self.get(ada, job_id, "?as=pdf"), 422, "validation-failed")

    @pytest.mark.parametrize(
        ("accept", "form"),
        [
            (None, "html"),
            ("*/*", "html"),
            ("text/html,application/xhtml+xml,*/*;q=0.8", "html"),
            ("application/pdf", "pdf"),
            ("application/*", "pdf"),
            ("text/html;q=0.2, application/pdf;q=0.9", "pdf"),
            ("text/html, application/pdf", "html"),
            ("application/pdf;q=x", "html"),
            ("application/json", "html"),
            (";,,", "html"),
        ],
    )
    def test_the_weights_of_accept_are_read(self, accept, form):
        assert preferred_format(accept) == form


class TestOwnPictures:
    ORIGINAL, NOISE = pictures.as_png(pictures.make(40, 30)), pictures.as_png(pictures.make(40, 30, seed=9))

    async def post(self, user, original=ORIGINAL, encrypted=NOISE, *, prefer=None, **form):
        files = {"original": ("a.png", original), "encrypted": ("b.png", encrypted)}
        headers = {"Prefer": prefer} if prefer else None
        return await user.http.post(
            ANALYZE, files={name: file for name, file in files.items() if file[1]}, data=form, headers=headers
        )

    async def test_the_analysis_is_the_answer(self, ada, engine, background):
        async def work():
            await engine.complete_measurement(await engine.next_job(ada), measured())

        background(work())
        response = await self.post(ada)
        assert (response.status_code, response.content) == (200, analysis())
        assert response.headers["Cache-Control"] == "private, no-cache"

    async def test_respond_async_answers_with_the_job(self, ada, engine):
        response = await self.post(ada, prefer="respond-async")
        job = response.json()
        assert (response.status_code, job["kind"], job["image"]["width"]) == (202, "analyze", 40)
        assert response.headers["Location"] == f"{JOBS}/{job['job_id']}"
        await engine.complete_measurement(job["job_id"], measured())
        assert (await ada.http.get(f"{ANALYZE}/{job['job_id']}")).content == analysis()
        assert (await ada.http.get(f"{JOBS}/{job['job_id']}/report?format=pdf")).content == PDF

    async def test_wait_answers_with_the_finished_job(self, ada, engine, background):
        async def work():
            await engine.complete_measurement(await engine.next_job(ada), measured())

        background(work())
        response = await self.post(ada, prefer="wait=20")
        assert (response.status_code, response.json()["status"]) == (200, "completed")
        assert response.json()["analysis_url"] is not None

    async def test_job_result_is_the_analysis(self, ada, engine):
        """The result can be fetched again; the job has no key file and no receipt."""
        job_id = (await self.post(ada, prefer="respond-async")).json()["job_id"]
        await engine.complete_measurement(job_id, measured())
        job = await ada.job(job_id)
        for _ in range(2):
            response = await ada.http.get(job["result_url"])
            assert (response.status_code, response.content) == (200, analysis())
        assert f"{job_id}.analysis.json" in response.headers["Content-Disposition"]
        assert (job["key_file_url"], job["receipt_url"]) == (None, None)

    async def test_a_failed_job_answers_with_its_problem(self, ada, engine, background):
        async def work():
            await engine.fail(await engine.next_job(ada), code="validation-failed", title="They differ")

        background(work())
        await assert_refused(await self.post(ada), 422, "validation-failed", "They differ")

    async def test_both_rest_sealed_until_the_job_has_ended(self, gateway, ada, engine):
        job_id = (await self.post(ada, prefer="respond-async")).json()["job_id"]
        store, claim = gateway.services.resources.store, await engine.take(job_id)
        kept = [f"uploads/{claim.job.id.hex}/{purpose}" for purpose in ("input", "input-encrypted")]
        for key, original in zip(kept, (self.ORIGINAL, self.NOISE), strict=True):
            assert original[:64] not in await store.get(key)
        assert (await engine.claims.inputs.fetch(claim.job))[0] == self.ORIGINAL
        assert await engine.claims.inputs.fetch(claim.job, "input-encrypted") == (self.NOISE, "b.png")
        await complete_measurement(engine.claims, claim, measured())
        await engine.sweep(claim)
        pages = store.written_before(datetime.now(UTC) + timedelta(days=1), under=["uploads/"])
        assert {key async for page in pages for key in page}.isdisjoint(kept)

    async def test_they_are_listed_by_their_kind(self, ada):
        job_id = (await self.post(ada, prefer="respond-async")).json()["job_id"]
        await ada.encrypt()
        listed = (await ada.http.get(f"{JOBS}?kind=analyze")).json()["data"]
        assert [job["job_id"] for job in listed] == [job_id]

    async def test_other_size_is_refused_without_a_job(self, ada):
        response = await self.post(ada, encrypted=pictures.as_png(pictures.make(30, 40)))
        await assert_refused(response, 422, "validation-failed", "40 x 30 pixels and the encrypted picture 30 x 40")
        assert (await ada.http.get(JOBS)).json()["data"] == []

    async def test_an_encrypted_image_of_another_size_is_refused(self, ada):
        response = await self.post(ada, encrypted=Sealed.make().picture)
        await assert_refused(response, 422, "validation-failed", "the encrypted picture 4 x 4")

    async def test_file_layout_may_differ_in_size(self, ada):
        """An encrypted image in the layout `file` has a size of its own and is accepted."""
        original = pictures.as_jpeg(pictures.make(40, 30))
        made = encrypt_image(original, source=DeterministicSource(1), wraps=[PlainWrap()])
        response = await self.post(ada, original, bytes(made.png), prefer="respond-async")
        assert (made.layout, response.status_code) == ("file", 202)

    @pytest.mark.parametrize(("missing", "field"), [({"original": b""}, "original"), ({"encrypted": b""}, "encrypted")])
    async def test_one_picture_is_not_enough(self, ada, missing, field):
        response = await self.post(ada, **missing)
        await assert_refused(response, 422, "validation-failed")
        assert response.json()["errors"][0]["field"] == field

    async def test_other_files_are_refused(self, ada):
        await assert_refused(await self.post(ada, original=b"text" * 20), 415, "unsupported-format")
        await assert_refused(await self.post(ada, encrypted=b"text" * 20), 415, "unsupported-format")

    async def test_unknown_fields_are_refused(self, ada):
        await assert_refused(await self.post(ada, canary="1"), 422, "validation-failed", "original, encrypted")


class TestCompare:
    async def get(self, user, *job_ids):
        return await user.http.get(f"{ANALYZE}/compare", params=[("job_id", job_id) for job_id in job_ids])

    async def test_values_are_in_the_order_of_jobs(self, ada, engine):
        job_ids = [await analyzed(ada, engine) for _ in range(3)]
        response = await self.get(ada, *reversed(job_ids))
        table = response.json()
        assert [job["job_id"] for job in table["jobs"]] == job_ids[::-1]
        assert {(job["width"], job["height"], job["analysis_version"]) for job in table["jobs"]} == {(96, 64, 1)}
        metrics = json.loads(analysis())["metrics"]
        rows = {row["metric"]: row["values"] for row in table["rows"]}
        assert rows["entropy.original"] == [metrics["entropy"]["original"]] * 3
        assert rows["correlation.encrypted.diagonal"] == [metrics["correlation"]["encrypted"]["diagonal"]] * 3
        assert rows["npcr.between_ciphertexts"] == [metrics["npcr"]["between_ciphertexts"]] * 3
        assert all(row["name"] for row in table["rows"])

    async def test_unknown_or_foreign_job_is_404(self, ada, bob, engine):
        mine, theirs = await analyzed(ada, engine), await analyzed(bob, engine)
        for other in (UNKNOWN, theirs, "x"):
            await assert_refused(await self.get(ada, mine, other), 404, "not-found")

    async def test_job_without_analysis_is_named_by_place(self, ada, engine):
        mine, plain, pending = await analyzed(ada, engine), await ada.encrypt(), await ada.encrypt()
        await engine.complete_encrypt(plain)
        await assert_refused(await self.get(ada, mine, plain), 404, "not-found", "place 2")
        await assert_refused(await self.get(ada, mine, pending), 409, "job-not-finished")

    async def test_two_to_twenty(self, ada):
        await assert_refused(await self.get(ada), 422, "validation-failed")
        await assert_refused(await self.get(ada, UNKNOWN), 422, "validation-failed")
        await assert_refused(await self.get(ada, *[UNKNOWN] * 21), 422, "validation-failed")


class TestTrends:
    async def get(self, user, **query):
        return await user.http.get(f"{ANALYZE}/trends", params=query)

    async def test_today_counts_jobs_and_analyses(self, ada, engine):
        await analyzed(ada, engine, entropy=7.0, correlation=0.01)
        await analyzed(ada, engine, entropy=7.5, correlation=0.02, letter="B")
        await analyzed(ada, engine, entropy=7.9, correlation=0.09)
        await engine.fail(await ada.encrypt())
        trends = (await self.get(ada)).json()
        today = trends["days"][-1]
        assert today["date"] == trends["last_day"] == datetime.now(UTC).date().isoformat()
        assert len(trends["days"]) == 30
        assert {name: today["encryptions"][name] for name in ("jobs", "completed", "failed")} == {
            "jobs": 4,
            "completed": 3,
            "failed": 1,
        }
        assert today["encryptions"]["duration_ms"] >= 0
        assert (today["analyses"], today["letters"]) == (3, {"A": 2, "B": 1})
        assert (today["medians"]["entropy"], today["medians"]["correlation"]) == (7.5, 0.02)

    async def test_days_without_anything_are_there_and_empty(self, ada):
        trends = (await self.get(ada, first_day="2020-02-28", last_day="2020-03-01")).json()
        assert [day["date"] for day in trends["days"]] == ["2020-02-28", "2020-02-29", "2020-03-01"]
        assert trends["days"][1] == {
            "date": "2020-02-29",
            "encryptions": {"jobs": 0, "completed": 0, "failed": 0, "duration_ms": None},
            "analyses": 0,
            "letters": {},
            "medians": dict.fromkeys(("entropy", "correlation", "chi_square_p", "npcr", "uaci", "duration_ms")),
        }

    async def test_others_are_not_counted(self, ada, bob, engine):
        await analyzed(bob, engine)
        assert (await self.get(ada)).json()["days"][-1]["analyses"] == 0

    async def test_own_pictures_are_not_counted(self, ada, engine):
        response = await TestOwnPictures().post(ada, prefer="respond-async")
        await engine.complete_measurement(response.json()["job_id"], measured().without_summary())
        assert (await self.get(ada)).json()["days"][-1]["analyses"] == 0

    @pytest.mark.parametrize(
        "query",
        [
            {"first_day": "2024-01-02", "last_day": "2024-01-01"},
            {"first_day": "2023-01-01", "last_day": "2024-01-02"},
            {"first_day": "9999-12-31", "last_day": "9999-12-31"},
            {"first_day": "2999-12-31"},
            {"last_day": "0001-01-01"},
            {"first_day": "yesterday"},
            {"days": "3"},
        ],
    )
    async def test_invalid_period_is_refused(self, ada, query):
        await assert_refused(await self.get(ada, **query), 422, "validation-failed")

    async def test_a_year_is_allowed(self, ada):
        days = (await self.get(ada, first_day="2024-01-01", last_day="2024-12-31")).json()["days"]
        assert len(days) == (date(2025, 1, 1) - date(2024, 1, 1)).days


class TestAvalanche:
    PICTURE = pictures.as_png(pictures.make(8, 8))

    async def post(self, user, data=PICTURE, **headers):
        return await user.http.post(AVALANCHE, files={"image": ("a.png", data)}, headers=headers)

    async def test_document_is_the_answer(self, ada, engine, background):
        document = json.dumps(avalanche(np.zeros((64, 3), np.uint8))).encode()

        async def work():
            await engine.complete_measurement(await engine.next_job(ada), Measurement({ANALYSIS: document}))

        background(work())
        response = await self.post(ada)
        assert (response.status_code, response.content) == (200, document)
        assert response.headers["Content-Type"] == "application/json"
        assert Avalanche.model_validate(response.json(), strict=True).model_dump() == response.json()

    async def test_job_result_is_not_an_analysis(self, ada, engine):
        """The numbers are the result of the job; the routes of analyses and reports do not have them."""
        job_id = (await self.post(ada, Prefer="respond-async")).json()["job_id"]
        await engine.complete_measurement(job_id, Measurement({ANALYSIS: b"{}"}))
        job = await ada.job(job_id)
        assert (job["kind"], job["analysis_url"], job["report_url"]) == ("avalanche", None, None)
        assert (await ada.http.get(job["result_url"])).content == b"{}"
        await assert_refused(await ada.http.get(f"{ANALYZE}/{job_id}"), 404, "not-found")

    async def test_a_picture_that_would_take_minutes_is_refused(self, ada):
        large = pictures.as_png(pictures.make(1001, 1000, "L"))
        await assert_refused(await self.post(ada, large), 413, "too-many-pixels", "1,000,000")
