"""The README and its commands against the Makefile and the command line."""

import re
import shlex

import pytest
import typer

from imageshield.__main__ import app


@pytest.fixture(scope="module")
def readme(root):
    return (root / "README.md").read_text()


@pytest.fixture(scope="module")
def commands(readme):
    """Every line of the fenced blocks that a reader would type."""
    blocks = re.findall(r"(?ms)^```\w*\n(.*?)^```", readme)
    return [line.removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]


def console_lines(text):
    blocks = re.findall(r"(?ms)^```console\n(.*?)^```", text)
    return [line for block in blocks for line in block.splitlines()]


class TestReadme:
    def test_fits_under_150_lines(self, readme):
        assert len(readme.splitlines()) < 150

    def test_shows_demo_before_test(self, commands):
        words = [line.split("#")[0].strip() for line in commands]
        assert words.index("make demo") < words.index("make test")

    def test_leads_to_every_other_document(self, readme):
        for name in ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "LICENSE", "docs/"):
            assert f"]({name}" in readme, name

    def test_names_only_targets_that_the_makefile_has(self, root, commands):
        targets = set(re.findall(r"(?m)^([a-z-]+):", (root / "Makefile").read_text()))
        used = {found for line in commands for found in re.findall(r"^(?:.*&& )?make ([a-z-]+)", line)}
        assert used <= targets

    def test_console_blocks_show_real_commands(self, root):
        """They are not run: they clone, run until Ctrl-C, or ask on a terminal."""
        program = typer.main.get_command(app)
        targets = set(re.findall(r"(?m)^([a-z-]+):", (root / "Makefile").read_text()))
        prompts = re.findall(r'_ask\("(.*?)"\)', (root / "imageshield/terminal/passwords.py").read_text())
        seen = []
        for document in ("README.md", "docs/reference/api.md"):
            for line in console_lines((root / document).read_text()):
                command, *arguments = shlex.split(line.removeprefix("$ "), comments=True)
                if not line.startswith("$ "):
                    assert line.split("  ")[0] + " " in prompts, line
                elif command == "git":
                    assert arguments == ["clone", "…", "&&", "cd", "…"], line
                elif command == "make":
                    assert {argument for argument in arguments if "=" not in argument} <= targets, line
                elif command.endswith("imageshield"):
                    known = {name for param in program.commands[arguments[0]].params for name in param.opts}
                    assert {argument for argument in arguments if argument.startswith("-")} <= known, line
                else:
                    assert command in {"openapi-python-client", "openapi-generator-cli", "npx"}, line
                    paths = [one for one in arguments if one.startswith(("docs/", "tests/"))]
                    assert paths
                    assert all((root / path).is_file() for path in paths), line
                seen.append(command)
        assert {"git", "make", "imageshield"} <= set(seen)

    def test_every_block_says_what_it_is(self, root):
        """tests/flows/test_readme.py runs `sh`, this file compares `console`; no other block looks like a shell."""
        for document in ("README.md", "docs/reference/api.md"):
            text = (root / document).read_text()
            kinds = re.findall(r"(?ms)^```(\w*)\n.*?^```$", text)
            assert set(kinds) <= {"sh", "console", "text", "js", "python", ""}, document
            plain = re.findall(r"(?ms)^```(?:text)?\n(.*?)^```$", text)
            assert not any(re.match(r"\$ |curl |make |imageshield [a-z]+ ", block) for block in plain), document

    def test_names_only_commands_that_the_program_has(self, commands):
        known = set(typer.main.get_command(app).commands)
        used = {found for line in commands for found in re.findall(r"^(?:\.venv/bin/)?imageshield ([a-z-]+)", line)}
        assert used <= known
