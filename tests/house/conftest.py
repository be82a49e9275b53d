"""The repository as files: its root, and the files that git tracks."""

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def tracked(root) -> list[Path]:
    """Every file that git tracks and the work tree still has."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True).stdout
    return [path for name in listing.split("\0") if name and (path := root / name).is_file()]
