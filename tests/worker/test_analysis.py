import json
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from backplane import ids
from backplane.errors import Unavailable
from backplane.kinds import ANALYSIS
from backplane.services.attempts.outcomes import REPORTS
from shield_core.analysis.report.about import About
from shield_core.errors import Cancelled, PicturesDiffer
from shield_core.image.regions import Region
from shield_core.keys.stanzas import PlainWrap
from shield_core.pipeline import encrypt_image
from shield_core.progress import Stage, overall_percent
from shield_core.quantum.sources import DeterministicSource
from tests.support import pictures
from worker.kinds import analysis
from worker.kinds.analysis import analyze_attempt, measure

pytestmark = pytest.mark.anyio

ORIGINAL = pictures.as_png(pictures.make(120, 80))
IMAGE = {"format": "PNG", "mode": "RGB", "width": 120, "height": 80, "bytes": len(ORIGINAL)}


@cache
def encrypted(regions=()):
    return encrypt_image(ORIGINAL, source=DeterministicSource(1), wraps=[PlainWrap()], regions=regions)


def about():
    return About(made_at=datetime.now(UTC), product_version="0")


class FakeReporter:
    """A fake reporter: it records the reports, or stops the work."""

    def __init__(self, *, stop=False):
        self.percents = []
        self.stages = []
        self.stop = stop

    def __call__(self, progress):
        if self.stop:
            raise Cancelled
        self.percents.append(overall_percent(progress.stage, progress.done, progress.total))

    async def begin(self, stage):
        self.stages.append(stage)


class Products:
    """A fake store: it keeps nothing, or refuses."""

    def __init__(self, refusal=None):
        self.refusal = refusal
        self.kept = []

    async def keep_documents(self, _job, _account_key, documents):
        if self.refusal is not None:
            raise self.refusal
        self.kept.append(documents)
        return list(documents)


def claim(*, last_attempt=False, stage="queued"):
    job = SimpleNamespace(id=ids.new(), stage=stage, image=IMAGE)
    return SimpleNamespace(job=job, account_key=None, last_attempt=last_attempt)


async def attempt(*, products=None, reporter=None, of=None):
    equipment = SimpleNamespace(threads=1, claims=SimpleNamespace(products=products or Products()))
    image = encrypt_image(ORIGINAL, source=DeterministicSource(1), wraps=[PlainWrap()])
    outcome, documents = await analyze_attempt(
        equipment, of or claim(), reporter or FakeReporter(), original=ORIGINAL, file_name="scan.png", image=image
    )
    return outcome, documents, image


class TestMeasure:
    def outcome(self, image=None, progress=lambda _: None):
        return measure(ORIGINAL, (image or encrypted()).png, about=about(), progress=progress, threads=1)

    def test_it_makes_an_analysis_and_both_reports(self):
        outcome = self.outcome()
        assert set(outcome.documents) == {ANALYSIS, *REPORTS.values()}
        assert json.loads(outcome.documents[ANALYSIS])["version"] == outcome.version
        assert outcome.documents[REPORTS["html"]].startswith(b"<!doctype html>")
        assert outcome.documents[REPORTS["pdf"]].startswith(b"%PDF-")

    def test_plaintext_numbers_describe_encrypted_picture(self):
        outcome = self.outcome()
        metrics = json.loads(outcome.documents[ANALYSIS])["metrics"]
        assert outcome.summary["entropy"] == metrics["entropy"]["encrypted"]
        assert outcome.summary["npcr"] == metrics["npcr"]["between_ciphertexts"]
        assert outcome.summary["uaci"] == metrics["uaci"]["between_ciphertexts"]
        assert outcome.summary["correlation"] == max(map(abs, metrics["correlation"]["encrypted"].values()))
        published = set(outcome.summary.values())
        of_the_original = [
            metrics["entropy"]["original"],
            *metrics["correlation"]["original"].values(),
            metrics["histogram"]["original_chi_square"],
            metrics["psnr_db"],
            metrics["mse"],
        ]  # NPCR and UACI count bytes: two of a small picture are equal one time in thirty
        assert all(of_the_original)
        assert published.isdisjoint(of_the_original)

    def test_partly_encrypted_picture_has_no_plaintext_numbers(self):
        outcome = self.outcome(encrypted((Region(8, 8, 40, 40),)))
        assert outcome.summary is None
        assert json.loads(outcome.documents[ANALYSIS])["security_grade"]["letter"] is None

    def test_progress_never_falls_and_comes_to_its_end(self):
        reporter = FakeReporter()
        self.outcome(progress=reporter)
        assert reporter.percents == sorted(reporter.percents)
        assert reporter.percents[-1] == overall_percent(Stage.ANALYZING, 1, 1)


class TestAnalyzeAttempt:
    async def test_documents_are_kept_and_timed(self):
        products, reporter = Products(), FakeReporter()
        outcome, documents, image = await attempt(products=products, reporter=reporter)
        assert products.kept == [outcome.documents]
        assert set(documents) == {ANALYSIS, *REPORTS.values()}
        assert reporter.stages == [Stage.ANALYZING]
        assert image.timings_ms["analyzing"] > 0
        assert b"scan.png" in outcome.documents[REPORTS["html"]]

    @pytest.mark.parametrize("name", ["appraise", "render_html", "render_pdf"])
    @pytest.mark.parametrize("failure", [RuntimeError("broken"), PicturesDiffer("no"), MemoryError()])
    async def test_whatever_fails_costs_the_analysis_alone(self, monkeypatch, name, failure):
        def fail(*_arguments, **_options):
            raise failure

        monkeypatch.setattr(analysis, name, fail)
        products = Products()
        with capture_logs() as logs:
            outcome, documents, _ = await attempt(products=products)
        assert (outcome, documents, products.kept) == (None, [], [])
        assert [line["event"] for line in logs] == ["analysis.failed"]

    async def test_a_store_that_refuses_costs_the_analysis_alone(self):
        with capture_logs():
            outcome, documents, _ = await attempt(products=Products(Unavailable()))
        assert (outcome, documents) == (None, [])

    async def test_a_lost_lease_ends_the_attempt(self):
        with pytest.raises(Cancelled):
            await attempt(reporter=FakeReporter(stop=True))

    async def test_last_attempt_skips_analysis_after_loss(self):
        """If the previous attempt was lost in the analysis, the last one does not start it."""
        reporter = FakeReporter()
        outcome, documents, _ = await attempt(reporter=reporter, of=claim(last_attempt=True, stage="analyzing"))
        assert (outcome, documents, reporter.stages) == (None, [], [])

    @pytest.mark.parametrize(("last_attempt", "stage"), [(True, "encrypting"), (False, "analyzing")])
    async def test_any_other_attempt_does(self, last_attempt, stage):
        outcome, _, _ = await attempt(of=claim(last_attempt=last_attempt, stage=stage))
        assert outcome is not None
