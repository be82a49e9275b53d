"""The documents against the code: settings, problem codes, media types, targets and decisions."""

import re

import pytest

from api.errors import catalog
from backplane.errors import CORE_STATUS
from backplane.settings import Settings
from shield_core import errors as core_errors
from shield_core.image.suffixes import SUFFIXES

NEVER_ANSWERED = {"cancelled", "receipt-invalid", "key-set-invalid"}
"""The first ends a job as `cancelled`, which is no problem; only the command line reads receipts and key sets."""


def descendants(cls):
    return {cls, *(found for child in cls.__subclasses__() for found in descendants(child))}


def rows(text):
    """The cells of every table row that begins with a code span."""
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| `")
    ]


@pytest.fixture(scope="module")
def documented(root):
    text = (root / "docs/reference/configuration.md").read_text()
    return {row[0].strip("| `"): row[1].strip("`") for row in rows(text)}


class TestConfiguration:
    def test_lists_every_setting_and_no_other(self, documented):
        assert set(documented) == {name.upper() for name in Settings.model_fields}

    @pytest.mark.parametrize("name", sorted(Settings.model_fields))
    def test_says_the_default(self, documented, name):
        field = Settings.model_fields[name]
        if field.is_required():
            assert documented[name.upper()] == "required"
        elif field.default not in (None, ()):
            assert documented[name.upper()] == str(field.default)


class TestProblems:
    def test_codes_and_pages_match(self, root):
        pages = {path.stem for path in (root / "docs/problems").glob("*.md")} - {"README"}
        assert pages == set(catalog())

    @pytest.mark.parametrize("code", sorted(catalog()))
    def test_page_has_meaning_reason_and_remedy(self, root, code):
        status, title = catalog()[code]
        page = (root / f"docs/problems/{code}.md").read_text()
        assert page.startswith(f"# {title}\n\n`{code}` · HTTP {status}\n\n**What it means.** ")
        assert "\n\n**Why.** " in page
        assert "\n\n**What to do.**\n\n- " in page

    def test_index_lists_every_page(self, root):
        index = (root / "docs/problems/README.md").read_text()
        for code, (status, title) in catalog().items():
            assert f"| [`{code}`]({code}.md) | {status} | {title} |" in index, code

    def test_every_core_refusal_has_a_status(self):
        codes = {error.code for error in descendants(core_errors.ShieldError)} - {"internal"} - NEVER_ANSWERED
        assert codes == set(CORE_STATUS)


class TestFormat:
    def test_lists_every_media_type_with_its_suffix(self, root):
        _, _, section = (root / "docs/reference/format.md").read_text().partition("#### Media types")
        listed = {row[0].strip("| `"): row[1].strip("`") for row in rows(section.partition("####")[0])}
        assert listed == {media_type: suffixes[0] for media_type, suffixes in SUFFIXES.items()}


class TestIndex:
    def test_lists_every_document(self, root):
        index = (root / "docs/README.md").read_text()
        pages = [path for path in (root / "docs").rglob("*.md") if path.parent.name not in {"decisions", "problems"}]
        for path in [*pages, *root.glob("*.md")]:
            assert path.name == "README.md" or re.search(rf"[/(]{re.escape(path.name)}\)", index), path.name


class TestContributing:
    def test_names_every_target_of_the_makefile(self, root):
        targets = set(re.findall(r"(?m)^([a-z-]+):.*##", (root / "Makefile").read_text()))
        documented = set(re.findall(r"(?m)^\| `make ([a-z-]+)` ", (root / "CONTRIBUTING.md").read_text()))
        assert targets == documented


class TestDecisions:
    def test_are_numbered_without_a_gap(self, root):
        numbers = sorted(int(path.name[:4]) for path in (root / "docs/decisions").glob("[0-9]*.md"))
        assert numbers == list(range(1, len(numbers) + 1))

    def test_have_every_part_and_fit_one_page(self, root):
        for path in (root / "docs/decisions").glob("[0-9]*.md"):
            page = path.read_text()
            assert page.startswith(f"# {path.name[:4]}. "), path.name
            assert re.search(r"(?m)^Status: (accepted|superseded by \d{4}) · \d{4}-\d\d-\d\d$", page), path.name
            parts = re.findall(r"(?m)^## (.*)$", page)
            assert parts == ["Context", "Decision", "Alternatives", "Consequences"], path.name
            assert len(page.splitlines()) <= 60, path.name

    def test_index_lists_each_under_its_title(self, root):
        index = (root / "docs/decisions/README.md").read_text()
        for path in (root / "docs/decisions").glob("[0-9]*.md"):
            title = path.read_text().splitlines()[0].split(". ", 1)[1]
            assert f"| [{path.name[:4]}]({path.name}) | {title} |" in index, path.name


class TestChangelog:
    def test_has_an_unreleased_section_on_top(self, root):
        assert re.findall(r"(?m)^## (.*)$", (root / "CHANGELOG.md").read_text())[0] == "Unreleased"


class TestLicense:
    def test_is_what_the_project_declares(self, root):
        text = (root / "LICENSE").read_text()
        assert "Apache License" in text
        assert "END OF TERMS AND CONDITIONS" in text
        assert 'license = "Apache-2.0"' in (root / "pyproject.toml").read_text()
