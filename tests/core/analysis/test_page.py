import hashlib
import re
from base64 import b64encode
from html.parser import HTMLParser

import pytest

from shield_core.analysis.report.page import CONTENT_SECURITY_POLICY, render_html
from tests.core.analysis.reports import HOSTILE, KINDS, about, analysis_of

VOID = {"meta", "br", "img", "path", "link"}


class Reader(HTMLParser):
    """Collects tags, attributes and text, and checks that every opened tag is closed."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.words = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


class TestPage:
    @pytest.mark.parametrize("kind", KINDS)
    def test_every_kind_is_a_whole_document(self, kind):
        reader = Reader(render_html(analysis_of(kind), about()))
        assert reader.tags.count("h1") == 1
        assert reader.tags.count("svg") == 8
        assert ("html", "lang", "en") in reader.attributes

    def test_page_has_no_requests_and_no_scripts(self):
        page = render_html(analysis_of("sound"), about())
        reader = Reader(page)
        assert not {"script", "img", "link", "iframe", "object", "form", "base", "a"} & set(reader.tags)
        assert not [
            item for item in reader.attributes if item[1] in {"href", "src", "style"} or item[1].startswith("on")
        ]
        assert "http:" not in page
        assert "https:" not in page
        assert "url(" not in page

    def test_content_security_policy_allows_only_own_style(self):
        style = re.search(r"<style>(.*)</style>", render_html(analysis_of("sound"), about()), re.DOTALL).group(1)
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"default-src 'none'; style-src 'sha256-{digest}'" in CONTENT_SECURITY_POLICY
        assert f'content="{CONTENT_SECURITY_POLICY}"' in render_html(analysis_of("sound"), about())

    def test_prints_and_darkens(self):
        page = render_html(analysis_of("sound"), about())
        assert "@media print" in page
        assert "prefers-color-scheme: dark" in page

    def test_letter_and_limits_precede_the_numbers(self):
        text = Reader(render_html(analysis_of("sound"), about())).text
        assert text.index("Grade") < text.index("What these numbers do not show") < text.index("Facts")
        assert "cannot prove a good one" in text
        assert "credited with zero entropy" in text

    def test_every_number_has_expectation_deviation_and_verdict(self):
        text = Reader(render_html(analysis_of("sound"), about())).text
        for words in (
            "Expected of noise",
            "Off by (sd)",
            "p-value",
            "Verdict",
            "Not shown:",
            "generating quantum keys",
            "2.5 ms",
        ):
            assert words in text
        assert text.count("as expected") == 10

    def test_charts_have_labels_for_screen_readers(self):
        reader = Reader(render_html(analysis_of("sound"), about()))
        labels = [value for tag, name, value in reader.attributes if (tag, name) == ("svg", "aria-label")]
        assert len(labels) == 8
        assert any(label.startswith("Histogram. Share of each byte value") for label in labels)
        assert any("Original, horizontal: r = 0." in label for label in labels)

    @pytest.mark.parametrize("kind", ["sound", "one pixel"])
    def test_hostile_words_are_data(self, kind):
        everywhere = about(HOSTILE, encrypted_name=HOSTILE, job_id=HOSTILE, purity=HOSTILE, layout_reason=HOSTILE)
        page = render_html(analysis_of(kind), everywhere)
        reader = Reader(page)
        assert "script" not in reader.tags
        assert "<script>alert(1)</script>" in reader.text
        assert not re.search(r"[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", page)
        assert len(page) < len(render_html(analysis_of(kind), about())) + 5_000
        page.encode("utf-8")

    def test_the_same_words_make_the_same_page(self):
        assert render_html(analysis_of("sound"), about()) == render_html(analysis_of("sound"), about())
