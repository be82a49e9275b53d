import io
import subprocess
import sys

import pytest
from pypdf import PdfReader

from shield_core.analysis.report.sheet import render_pdf
from tests.core.analysis.reports import HOSTILE, KINDS, about, analysis_of


def read(data):
    return PdfReader(io.BytesIO(data), strict=True)


def words(data):
    return " ".join(" ".join(page.extract_text() for page in read(data).pages).split())


class TestSheet:
    @pytest.mark.slow
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_gives_valid_pdf_of_few_pages(self, kind):
        reader = read(render_pdf(analysis_of(kind), about()))
        assert 3 <= len(reader.pages) <= 5
        assert reader.metadata.title == "Analysis of holiday.png"

    @pytest.mark.slow
    def test_says_what_the_page_says(self):
        text = words(render_pdf(analysis_of("sound"), about()))
        for part in (
            "holiday.png",
            "What these numbers do not show",
            "cannot prove a good one",
            "Entropy, bits per byte",
            "NPCR between ciphertexts",
            "Expected of noise",
            "Why this letter",
            "Critical values",
            "credited with zero entropy",
            "generating quantum keys",
            "job_1",
            "analysis version 1",
        ):
            assert part in text
        assert text.count("as expected") == 10

    @pytest.mark.slow
    def test_two_pictures_without_a_job_are_enough(self):
        nothing = about(None, job_id=None, key_id=None, purity=None, layout=None, statement=None)
        assert "Where the bits of the key came from is not known here." in words(
            render_pdf(analysis_of("identical"), nothing)
        )

    def test_uses_only_the_fonts_that_every_viewer_has(self):
        fonts = {
            str(font.get_object()["/BaseFont"])
            for page in read(render_pdf(analysis_of("sound"), about())).pages
            for font in page["/Resources"]["/Font"].values()
        }
        assert fonts <= {"/Helvetica", "/Helvetica-Bold"}

    def test_runs_nothing_and_links_nowhere(self):
        data = render_pdf(analysis_of("sound"), about(HOSTILE))
        reader = read(data)
        assert not [page for page in reader.pages if "/Annots" in page or "/AA" in page]
        assert not {"/OpenAction", "/AA", "/Names", "/AcroForm"} & set(reader.trailer["/Root"])

    @pytest.mark.slow
    @pytest.mark.parametrize("kind", ["sound", "one pixel"])
    def test_hostile_words_are_data(self, kind):
        everywhere = about(HOSTILE, encrypted_name=HOSTILE, job_id=HOSTILE, purity=HOSTILE, layout_reason=HOSTILE)
        text = words(render_pdf(analysis_of(kind), everywhere))
        assert "<script>alert(1)</script>" in text
        assert "\\u65e5\\u672c\\u8a9e" in text.replace(" ", "")  # what the fonts do not know is named by its number

    def test_markup_of_the_typesetter_is_data_too(self):
        name = '<img src="http://localhost/x"/><a href="http://localhost/">b</a> & <b>.png'
        assert "<b>.png" in words(render_pdf(analysis_of("one pixel"), about(name)))

    def test_the_same_words_make_the_same_file(self):
        assert render_pdf(analysis_of("sound"), about()) == render_pdf(analysis_of("sound"), about())

    def test_the_typesetter_is_loaded_when_it_is_needed(self):
        code = "import sys; from shield_core.analysis.report import page, sheet; sys.exit('reportlab' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
