"""The CI script and the parts of `make check`."""

import os
import re
import subprocess

from tests.support.measuring import UNMEASURED


class TestRun:
    def test_can_be_run_and_is_sound_bash(self, root):
        assert os.access(root / ".ci/run", os.X_OK)
        subprocess.run(["bash", "-n", ".ci/run"], cwd=root, check=True)

    def test_stops_at_the_first_failure(self, root):
        assert "\nset -euo pipefail\n" in (root / ".ci/run").read_text()

    def test_calls_targets_that_exist(self, root):
        targets = set(re.findall(r"(?m)^([a-z]+):", (root / "Makefile").read_text()))
        called = re.findall(r"(?m)^part make ([a-z]+)", (root / ".ci/run").read_text())
        assert called == ["setup", "check", "test", "clients", "demo", "bench", "replay"]
        assert set(called) <= targets


class TestCheck:
    def test_runs_every_part_that_the_makefile_has(self, root):
        text = (root / "Makefile").read_text()
        listed = re.search(r"(?m)^CHECKS := (.*)$", text)[1].split()
        assert listed == re.findall(r"(?m)^check-([a-z]+): setup$", text)


class TestCoverage:
    def test_unmeasured_folders_exist(self, root):
        assert [name for name in UNMEASURED if not (root / "tests" / name).is_dir()] == []
