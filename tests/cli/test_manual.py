import re
import shutil
import subprocess

import pytest
import typer.main

from imageshield import manual
from imageshield.__main__ import app


def commands(group, path=()):
    for name, command in group.commands.items():
        yield from commands(command, (*path, name)) if hasattr(command, "commands") else [((*path, name), command)]


class TestPage:
    def test_is_as_the_commands_are(self):
        """`make fix` writes it."""
        assert manual.PAGE.read_text() == manual.render()

    def test_has_every_command_and_option(self):
        page = manual.render().replace("\\-", "-")
        for path, command in commands(typer.main.get_command(app)):
            section = re.search(rf"(?ms)^\.SS {' '.join(path)} .*?(?=^\.S)", page).group()
            for parameter in command.params:
                assert all(option in section for option in parameter.opts if option.startswith("-"))

    def test_lists_the_exit_codes_of_the_documentation(self):
        text = (manual.PAGE.parent / "cli.md").read_text().partition("## Exit codes")[2].partition("\n## ")[0]
        assert re.findall(r"(?m)^\| (\d+) \|", text) == [*manual.EXIT_CODES]

    @pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff on this machine")
    def test_is_sound_to_groff(self):
        told = subprocess.run(
            ["groff", "-man", "-Tutf8", "-ww", "-z", manual.PAGE], capture_output=True, text=True, check=True
        )
        assert told.stderr == ""


class TestDocumentation:
    def test_names_every_command_and_option(self):
        text = (manual.PAGE.parent / "cli.md").read_text()
        for path, command in commands(typer.main.get_command(app)):
            assert f"imageshield {' '.join(path)}" in text
            for parameter in command.params:
                names = [option for option in parameter.opts + parameter.secondary_opts if option.startswith("-")]
                assert not names or any(re.search(rf"(?<![\w-]){name}(?![\w-])", text) for name in names), names


class TestShortOptions:
    @pytest.mark.parametrize("command", ["encrypt", "decrypt", "rewrap", "verify"])
    def test_stand_for_the_long_ones(self, command):
        found = dict(commands(typer.main.get_command(app)))[command,]
        pairs = {tuple(sorted(parameter.opts, key=len)) for parameter in found.params}
        assert ("-p", "--password-file") in pairs
        assert command == "encrypt" or ("-i", "--identity") in pairs
        assert command not in {"encrypt", "rewrap"} or ("-r", "--recipient") in pairs
        assert command == "verify" or {("-o", "--out"), ("-q", "--quiet")} <= pairs


class TestCompletion:
    @pytest.mark.parametrize(
        ("shell", "variables", "expected"),
        [
            ("bash", {"COMP_WORDS": "imageshield impo", "COMP_CWORD": "1"}, "import-legacy"),
            ("zsh", {"_TYPER_COMPLETE_ARGS": "imageshield encrypt --puri"}, "--purity"),
            (
                "fish",
                {"_TYPER_COMPLETE_ARGS": "imageshield decrypt --iden", "_TYPER_COMPLETE_FISH_ACTION": "get-args"},
                "--identity",
            ),
        ],
    )
    def test_of_each_shell_knows_commands_and_options(self, monkeypatch, capsys, shell, variables, expected):
        from imageshield.__main__ import run

        for name, value in (variables | {"_IMAGESHIELD_COMPLETE": f"complete_{shell}"}).items():
            monkeypatch.setenv(name, value)
        assert run([]) == 0
        assert expected in capsys.readouterr().out
