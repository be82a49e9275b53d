import re
import shutil
import subprocess

import pytest

from tests.stack import ROOT, SystemUnderTest

pytestmark = pytest.mark.stack


class TestReadme:
    @pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what the README uses")
    def test_its_session_runs_as_it_stands(self, system: SystemUnderTest, tmp_path):
        [session] = re.findall(r"(?ms)^```bash\n(.*?)^```", (ROOT / "README.md").read_text())
        script = session.replace("http://127.0.0.1:8000", system.url).replace("ada@", "readme@")
        assert script.count(system.url) == 1
        (tmp_path / "samples").symlink_to(ROOT / "samples")
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stdout.endswith("identical\n"), done.stderr
