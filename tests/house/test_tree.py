"""The tracked files: size, content, module length and version."""

import re
import tomllib

import pytest

from shield_core import __version__

PACKAGES = {"api", "backplane", "benchmarks", "imageshield", "migrations", "relay", "scripts", "shield_core", "worker"}
LONGEST = 300
EXCEPTIONS: dict[str, str] = {}
"""Path and reason of each module that may be longer."""

# Written so that these lines do not match themselves.
ADDRESS_OF_AN_INDEX = re.compile(
    r"pypi[.]org|pythonhosted[.]org|registry[.]npmjs|(?<![\w-])--(?:extra-)?index-url|\"resolved\": *\"http"
)
PATH_ON_A_MACHINE = re.compile(r"(?<![\w.~>-])/(?:work|root|Users|home/[a-z]+)/[\w.]")
LARGEST = 2_000_000
BINARY = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp", ".qkey", ".icc", ".bin"}


def texts(tracked):
    for path in tracked:
        if path.suffix not in BINARY:
            yield path, path.read_text(encoding="utf-8", errors="replace")


class TestTrackedFiles:
    @pytest.mark.slow
    def test_name_no_package_index(self, root, tracked):
        assert {
            str(path.relative_to(root)) for path, text in texts(tracked) if ADDRESS_OF_AN_INDEX.search(text)
        } == set()

    def test_name_no_path_of_a_machine(self, root, tracked):
        found = {
            f"{path.relative_to(root)}: {hit[0]}"
            for path, text in texts(tracked)
            for hit in [PATH_ON_A_MACHINE.search(text)]
            if hit
        }
        assert found == set()

    def test_are_not_large(self, root, tracked):
        assert {str(path.relative_to(root)) for path in tracked if path.stat().st_size > LARGEST} == set()

    def test_hold_no_secret_and_no_host_bound_lock(self, tracked):
        names = {path.name for path in tracked}
        assert names & {".env", "uv.lock", "vault.key", "signing.pem"} == set()

    def test_hold_no_private_key(self, root, tracked):
        key = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{32}")
        assert {str(path.relative_to(root)) for path, text in texts(tracked) if key.search(text)} == set()


class TestModules:
    def test_stay_under_300_lines(self, root, tracked):
        long = {}
        for path in tracked:
            name = str(path.relative_to(root))
            if path.suffix == ".py" and name.split("/", maxsplit=1)[0] in PACKAGES and "/versions/" not in name:
                count = len(path.read_text().splitlines())
                if count > LONGEST and name not in EXCEPTIONS:
                    long[name] = count
        assert long == {}

    def test_exceptions_are_still_needed(self, root):
        for name in EXCEPTIONS:
            assert len((root / name).read_text().splitlines()) > LONGEST, name

    def test_are_no_managers_helpers_or_utilities(self, root, tracked):
        names = {path.stem for path in tracked if path.suffix == ".py" and path.relative_to(root).parts[0] in PACKAGES}
        assert {name for name in names if re.search(r"manager|helper|utils?$|common$|misc", name)} == set()


class TestVersion:
    def test_package_and_product_agree(self, root):
        project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
        assert project["version"] == __version__
