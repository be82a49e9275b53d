import re

import pytest
import typer

from cli.__main__ import app


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text()


@pytest.fixture(scope="module")
def commands(readme):
    """Every line of the fenced blocks that a reader would type."""
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```", readme)
    return [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]


class TestReadme:
    def test_fits_under_150_lines(self, readme):
        assert len(readme.splitlines()) < 150

    def test_shows_the_two_commands_of_a_newcomer_first(self, commands):
        words = [line.split("#")[0].strip() for line in commands]
        assert words.index("make demo") < words.index("make test")

    def test_leads_to_every_other_document(self, readme):
        for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs/"):
            assert f"]({name}" in readme, name

    def test_names_only_targets_that_the_makefile_has(self, root, commands):
        targets = set(re.findall(r"(?m)^([a-z-]+):", (root / "Makefile").read_text()))
        used = {found for line in commands for found in re.findall(r"^(?:.*&& )?make ([a-z-]+)", line)}
        assert used <= targets

    def test_names_only_commands_that_the_program_has(self, commands):
        known = set(typer.main.get_command(app).commands)
        used = {found for line in commands for found in re.findall(r"^(?:\.venv/bin/)?imageshield ([a-z-]+)", line)}
        assert used <= known
