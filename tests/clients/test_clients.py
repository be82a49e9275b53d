"""Generated clients of docs/openapi.json: each compiles, encrypts, decrypts, and sends a batch.

`make clients` installs the generators in an environment of their own and runs this; `make test` leaves it out.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.stack import ROOT, SystemUnderTest, clean_environment

pytestmark = [pytest.mark.clients, pytest.mark.stack, pytest.mark.timeout(300)]

HERE = Path(__file__).parent
TOOLS = ROOT / ".venv-clients"
DOCUMENT = ROOT / "docs/openapi.json"
PICTURE = ROOT / "samples/rocket.jpg"
NO_DOCUMENTS = "apis,models,supportingFiles,apiDocs=false,modelDocs=false,apiTests=false,modelTests=false"


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command with the generators' programs first on the path; on failure show its output."""
    environment = clean_environment() | {"PATH": f"{TOOLS / 'bin'}:{os.environ['PATH']}", "PYTHONPATH": str(cwd)}
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


class TestClients:
    def test_openapi_python_client(self, system: SystemUnderTest, tmp_path: Path):
        """A warning fails the run, so no operation and no answer is left out."""
        options = ["--meta", "none", "--config", HERE / "openapi_python_client.yaml", "--fail-on-warning"]
        run(
            "openapi-python-client",
            "generate",
            "--path",
            DOCUMENT,
            "--output-path",
            "generated",
            *options,
            cwd=tmp_path,
        )
        run("python", HERE / "with_openapi_python_client.py", system.url, PICTURE, cwd=tmp_path)

    def test_openapi_generator(self, system: SystemUnderTest, tmp_path: Path):
        options = ["-g", "python", "--package-name", "generated", "--global-property", NO_DOCUMENTS]
        run("openapi-generator-cli", "generate", "-i", DOCUMENT, "-o", tmp_path, *options, cwd=tmp_path)
        run("python", HERE / "with_openapi_generator.py", system.url, PICTURE, cwd=tmp_path)

    @pytest.mark.skipif(shutil.which("npm") is None, reason="there is no Node.js on this machine")
    def test_openapi_typescript(self, system: SystemUnderTest, tmp_path: Path):
        """Strict types: a field that the document lacks does not compile."""
        project = shutil.copytree(HERE / "typescript", tmp_path / "project")
        (project / "node_modules").symlink_to(TOOLS / "node/node_modules")
        programs = project / "node_modules/.bin"
        run(programs / "openapi-typescript", DOCUMENT, "-o", "generated.d.ts", cwd=project)
        run(programs / "tsc", "-p", ".", cwd=project)
        run("node", "built/client.js", system.url, PICTURE, cwd=project)

    def test_oauth_library(self, system: SystemUnderTest, tmp_path: Path):
        run("python", HERE / "with_oauthlib.py", system.url, cwd=tmp_path)
