"""The wheel: it has what was built for it."""

import os
import subprocess
import sys
import zipfile

import pytest


@pytest.fixture(scope="module")
def names(root, tmp_path_factory):
    if not (root / "api/console/index.html").is_file() and os.environ.get("REQUIRE_CONSOLE") != "1":
        pytest.skip("the console is not built: make console")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        return set(opened.namelist())


@pytest.mark.slow
class TestWheel:
    def test_has_the_whole_build(self, root, names):
        built = {path.relative_to(root).as_posix() for path in (root / "api/console").rglob("*") if path.is_file()}
        assert {"api/console/index.html", "api/console/open.html.br", "api/console/routes.json"} <= built
        assert built <= names

    def test_has_the_opener_and_the_pages(self, names):
        assert {
            "imageshield/open.html",
            "api/pages/manual.html",
            "api/pages/missing.html",
            "api/pages/pages.css",
        } <= names

    def test_has_no_source_of_the_console(self, names):
        assert {name for name in names if name.startswith(("console/", "clients/")) or "node_modules" in name} == set()
