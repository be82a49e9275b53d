"""scripts/build_console.py in a small project: what it skips, and what it says where it cannot build."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import wait_until

NPM = """#!/bin/sh
echo "npm $*" >> "$CALLS"
case "$*" in
  ci*) mkdir -p node_modules && cp package-lock.json node_modules/.package-lock.json ;;
  *build*)
    mkdir -p api/console console/dist
    echo page > api/console/index.html
    echo opener > api/console/open.html ;;
esac
"""
LOCK = {
    "packages": {
        "": {},
        "node_modules/a": {"integrity": "sha512-a"},
        "node_modules/b": {"integrity": "sha512-b", "optional": True},
    }
}


class Project:
    """A project with the script, and a machine with these programs only."""

    def __init__(self, root, folder):
        self.folder, self.programs, self.calls = folder, folder.parent / "bin", folder.parent / "calls"
        for name in ("scripts/build_console.py", "requirements/node.txt"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(root / name, folder / name)
        for name in ("console/src", "clients/typescript", "imageshield"):
            (folder / name).mkdir(parents=True)
        for name in ("package.json", "tsconfig.base.json", "console/src/a.ts"):
            (folder / name).write_text("{}")
        (folder / "package-lock.json").write_text(json.dumps(LOCK))
        self.programs.mkdir()
        for name in ("sh", "mkdir", "cp"):
            (self.programs / name).symlink_to(shutil.which(name))

    def has(self, *, node="v24.1.0", npm=NPM):
        for name, text in (("node", f"#!/bin/sh\necho {node}\n"), ("npm", npm)):
            (self.programs / name).write_text(text)
            (self.programs / name).chmod(0o755)

    def build(self, **variables):
        """Run the script on a network without packages; return its exit code and what it printed."""
        self.calls.write_text("")
        process = self.start(**variables)
        _, said = process.communicate()
        return process.returncode, said

    def start(self, **variables):
        environment = {
            name: text for name, text in os.environ.items() if not name.startswith(("REQUIRE", "PIP_", "COVERAGE"))
        }
        given = {
            "PATH": str(self.programs),
            "CALLS": str(self.calls),
            "PIP_NO_INDEX": "1",
            "PIP_CONFIG_FILE": os.devnull,
        }
        return subprocess.Popen(
            [sys.executable, "scripts/build_console.py"],
            cwd=self.folder,
            env=environment | given | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    @property
    def commands(self):
        return [line.split()[1] for line in self.calls.read_text().splitlines()]


def waiting_for_locks():
    """The processes of this machine that wait for a lock of a file."""
    lines = Path("/proc/locks").read_text().splitlines()
    return {int(line.split()[5]) for line in lines if line.split()[1] == "->"}


@pytest.fixture
def project(root, tmp_path):
    return Project(root, tmp_path / "project")


class TestBuild:
    def test_installs_and_builds_once(self, project):
        project.has()
        assert project.build()[0] == 0
        assert project.commands == ["ci", "run"]
        assert (project.folder / "imageshield/open.html").read_text() == "opener\n"
        assert project.build() == (0, "")
        assert project.commands == []

    @pytest.mark.parametrize("name", ["console/src/a.ts", "clients/typescript/b.ts", "console/index.html"])
    def test_changed_source_is_built_without_a_new_install(self, project, name):
        project.has()
        project.build()
        (project.folder / name).write_text("changed")
        project.build()
        assert project.commands == ["run"]

    def test_changed_lock_is_installed(self, project):
        project.has()
        project.build()
        text = (project.folder / "package-lock.json").read_text()
        (project.folder / "package-lock.json").write_text(text.replace("sha512-a", "sha512-c"))
        project.build()
        assert project.commands == ["ci", "run"]

    @pytest.mark.parametrize("name", ["api/console/index.html", "imageshield/open.html"])
    def test_deleted_build_is_made_again(self, project, name):
        project.has()
        project.build()
        (project.folder / name).unlink()
        project.build()
        assert project.commands == ["run"]

    def test_second_build_waits_for_the_first(self, project):
        gate = project.programs / "gate"
        os.mkfifo(gate)
        project.has(npm=NPM.replace("*build*)", f'*build*)\n    read line < "{gate}"'))
        project.calls.write_text("")
        processes = [project.start() for _ in range(3)]
        wait_until(lambda: len(waiting_for_locks() & {process.pid for process in processes}) == 2, "two builds wait")
        gate.write_text("go\n")
        assert [process.communicate()[0] or process.returncode for process in processes] == [0, 0, 0]
        assert project.commands == ["ci", "run"]


class TestWithoutNode:
    @pytest.mark.parametrize("node", [None, "v18.19.0", "v20.18.3"])
    def test_setup_goes_on_with_one_line(self, project, node):
        if node:
            project.has(node=node)
        code, said = project.build()
        assert code == 0
        assert "console: NOT BUILT: there is no Node, and pip could not install it" in said
        assert "there are no pages. To try again: make console" in said
        assert project.commands == []

    def test_required_console_is_a_failure(self, project):
        code, said = project.build(REQUIRE_CONSOLE="1")
        assert code == 1
        assert said.endswith("console: REQUIRE_CONSOLE=1 is set\n")

    def test_failing_npm_keeps_the_last_build(self, project):
        project.has()
        project.build()
        project.has(npm="#!/bin/sh\nexit 1\n")
        (project.folder / "console/src/a.ts").write_text("changed")
        code, said = project.build()
        assert code == 0
        assert "npm run --silent build failed" in said
        assert "the pages of the last build stay" in said
        assert (project.folder / "api/console/index.html").is_file()
