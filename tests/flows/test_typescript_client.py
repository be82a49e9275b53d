"""The TypeScript client against the running system: its tests, and the snippets of its README as a program of Node."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.stack import ROOT, SystemUnderTest, clean_environment

PACKAGE = ROOT / "clients/typescript"
TOOLS = ROOT / "node_modules/.bin"

pytestmark = [
    pytest.mark.stack,
    pytest.mark.timeout(300),
    pytest.mark.skipif(
        not (shutil.which("node") and TOOLS.is_dir()) and os.environ.get("REQUIRE_CONSOLE") != "1",
        reason="needs Node.js, and npm ci",
    ),
]


def run(*command: str | Path, cwd: Path = PACKAGE, **variables: str) -> str:
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=clean_environment() | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout


@pytest.fixture(scope="module")
def built() -> Path:
    """The package as it is published."""
    run("node", "build.mjs")
    return PACKAGE / "dist"


class TestTypescriptClient:
    def test_uses_the_running_service(self, system: SystemUnderTest):
        run(TOOLS / "vitest", "run", "--config", "vitest.service.config.ts", IMAGESHIELD_URL=system.url, NO_COLOR="1")

    def test_readme_runs_from_top_to_bottom(self, system: SystemUnderTest, built: Path, tmp_path: Path):
        snippets = re.findall(r"(?ms)^```js\n(.*?)^```", (PACKAGE / "README.md").read_text())
        program = "\n".join(snippets).replace("http://127.0.0.1:8000", system.url).replace("ada@", "readme-ts@")
        assert program.count(system.url) == 1
        modules = tmp_path / "node_modules/@imageshield"
        modules.mkdir(parents=True)
        (modules / "client").symlink_to(built)
        (tmp_path / "samples").symlink_to(ROOT / "samples")
        (tmp_path / "readme.mjs").write_text(program)
        said = run("node", "readme.mjs", cwd=tmp_path)
        for line in ("true not-found", "true decryption-failed", "true The password", "unsupported-format"):
            assert line in said
        assert (tmp_path / "astronaut.enc.qkey").stat().st_size > 0
