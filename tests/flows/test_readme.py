"""The `sh` blocks of the documents, run from top to bottom in one shell."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.stack import ROOT, SystemUnderTest, clean_environment

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

STRICT = """\
set -euo pipefail
curl() { command curl --noproxy '*' --fail-with-body --max-time 60 "$@"; }
"""
"""A reader sees a refusal; here it ends the shell."""


def blocks(document: str) -> list[tuple[int, str]]:
    """List the blocks of a shell session with the number of their first lines."""
    text = (ROOT / document).read_text()
    found = re.finditer(r"(?ms)^```(?:sh|bash|shell)\n(.*?)^```", text)
    return [(text.count("\n", 0, block.start(1)) + 1, block[1]) for block in found]


def run(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = clean_environment() | {"TMPDIR": str(folder)}
    return subprocess.run(
        ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what the documents use")
class TestSessions:
    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ("README.md", ["identical", "signature"]),
            ("docs/reference/api.md", ['"reference":"case-2026-017"']),
            ("docs/guides/webhooks.md", ['"secret":"whsec_']),
        ],
    )
    def test_runs_in_one_shell(self, system: SystemUnderTest, tmp_path, document, said):
        found = blocks(document)
        assert len(found) >= 2
        steps = [f"echo 'line {line}' >&2\n{block}" for line, block in found]
        begun = [blocks("docs/reference/api.md")[0][1]] if document == "docs/guides/webhooks.md" else []
        script = STRICT + "\n".join(begun + steps)
        for written, meant in {
            "http://127.0.0.1:8000": system.url,
            "https://example.org": "http://127.0.0.1:9",
            "ada@": f"{Path(document).stem.lower()}@",
        }.items():
            script = script.replace(written, meant)
        assert script.count(system.url) == 1, "one line says where the gateway is"
        done = run(script, tmp_path)
        assert done.returncode == 0, done.stderr + done.stdout[-2000:]
        for words in said:
            assert words in done.stdout, done.stdout
        [folder] = tmp_path.iterdir()
        made = {path.name for path in folder.iterdir()}
        assert any(name.endswith(".enc.png") for name in made)
        assert not [name for name in made if (ROOT / name).exists()], "all files are in the folder"
        assert re.findall(r"(?m)^line (\d+)$", done.stderr) == [str(line) for line, _ in found]

    def test_commands_without_a_server_run_beside_a_picture(self, tmp_path):
        shutil.copy(ROOT / "samples/coffee.png", tmp_path / "photo.png")
        steps = [block for _, block in blocks("docs/reference/cli.md")]
        assert len(steps) >= 3
        begun = f"PATH={Path(sys.executable).parent}:$PATH\ncd {tmp_path}"
        done = run("\n".join([STRICT, begun, *steps]), tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "back.png").exists()
        assert (tmp_path / "photo.html").exists()

    def test_refusal_ends_the_shell(self, system: SystemUnderTest, tmp_path):
        done = run(STRICT + f"curl -s {system.url}/api/v1/jobs\necho on", tmp_path)
        assert done.returncode != 0
        assert '"code":"unauthenticated"' in done.stdout
        assert "on" not in done.stdout.splitlines()
