"""Commands without their extra: the error names it. Packages are hidden as if they were not installed."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions, requires

import pytest
import typer.main
from packaging.requirements import Requirement

from imageshield.__main__ import app
from imageshield.terminal.extras import NEEDED, lacking
from tests.cli.test_manual import commands
from tests.support import pictures
from tests.support.stack import ROOT

HIDE = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {hidden!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Hidden())
sys.path.insert(0, {root!r})
"""


def normalized(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def closure(name, extras, found=None):
    """Every distribution that an installation with these extras brings."""
    found = set() if found is None else found
    if (name, extras) not in found:
        found.add((name, extras))
        for requirement in map(Requirement, requires(name) or ()):
            chosen = [requirement.marker is None or requirement.marker.evaluate({"extra": e}) for e in extras or {""}]
            if any(chosen):
                closure(normalized(requirement.name), frozenset(requirement.extras), found)
    return found


def outside(*extras):
    """The modules that an installation with these extras does not have."""
    there = {name for name, _ in closure("imageshield", frozenset(extras))}
    modules = packages_distributions().items()
    return {module for module, names in modules if not {normalized(name) for name in names} & there}


def python(code, *extras, cwd=None):
    program = HIDE.format(hidden=outside(*extras), root=str(ROOT)) + code
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=cwd, check=False, timeout=120
    )


def run(arguments, *extras, cwd=None):
    return python(f"sys.argv[1:] = {arguments!r}\nfrom imageshield.__main__ import main\nmain()", *extras, cwd=cwd)


class TestWithoutTheExtra:
    @pytest.mark.parametrize(
        "command",
        [
            ["up"],
            ["demo"],
            ["doctor"],
            ["relay"],
            ["admin", "rotate-receipt-key"],
            ["admin", "rotate-response-key"],
            ["admin", "backup", "x"],
            ["admin", "backup", "x", "--verify"],
            ["admin", "restore", "x"],
            ["admin", "dead-letters", "list"],
            ["admin", "dead-letters", "redrive", "job_01a223a44f9570368fe1796127c67064"],
        ],
    )
    def test_command_names_extra_in_one_line(self, command):
        done = run(command, "cli")
        extra = NEEDED[command[0]]
        line = (
            f"imageshield: `imageshield {command[0]}` needs the extra `{extra}`: pip install 'imageshield[{extra}]'\n"
        )
        assert (done.returncode, done.stdout, done.stderr) == (2, "", line)

    def test_files_are_encrypted_and_decrypted(self, tmp_path):
        (tmp_path / "a.png").write_bytes(pictures.as_png(pictures.make()))
        for arguments in (["encrypt", "a.png", "--plain-key"], ["decrypt", "a.enc.png", "-o", "b.png"]):
            done = run(arguments, "cli", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
        assert (tmp_path / "b.png").is_file()

    def test_library_alone_names_the_cli_extra(self):
        done = run(["--help"])
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.endswith("pip install 'imageshield[cli]'\n")
        assert done.stderr.count("\n") == 1


class TestMissingService:
    def test_service_command_names_the_package(self):
        """The services can be missing where the extras are installed. The error says how to get them."""
        failure = lacking(ModuleNotFoundError(name="backplane.settings"), ["up"])
        assert failure.exit_code == 2
        assert failure.detail.startswith("`imageshield up` needs the package `backplane`: pip install ")

    def test_offline_command_keeps_the_traceback(self):
        with pytest.raises(ModuleNotFoundError):
            lacking(ModuleNotFoundError(name="backplane"), ["encrypt", "x"])


class TestWithTheExtra:
    @pytest.mark.parametrize(
        ("extra", "modules"),
        [
            (
                "embedded",
                ", ".join(
                    ["backplane.wiring", "imageshield.commands.service.installation"]
                    + [
                        f"imageshield.commands.service.{name}"
                        for name in ("up", "demo", "doctor", "backups", "dead_letters")
                    ]
                ),
            ),
            ("worker", "relay.__main__"),
        ],
    )
    def test_every_import_of_the_command_works(self, extra, modules):
        done = python(f"import {modules}", "cli", extra)
        assert done.returncode == 0, done.stderr

    def test_every_command_in_the_table_exists(self):
        assert set(NEEDED) < {path[0] for path, _ in commands(typer.main.get_command(app))}
