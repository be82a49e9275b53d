"""Hook of the wheel: the console and the opener are built first. An editable install leaves that to `make setup`."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleBuild(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the signature of hatchling
        if version == "standard":
            script = Path(self.root) / "scripts" / "build_console.py"
            subprocess.run([sys.executable, str(script)], cwd=self.root, check=True)
