"""The import contracts, and what importing the gateway loads."""

import configparser
import importlib.util
import subprocess
import sys

import pytest

EXEMPT = {"benchmarks", "migrations", "scripts", "tests"}
"""No packages of the product: nothing imports them."""


@pytest.fixture(scope="module")
def contracts(root):
    parser = configparser.ConfigParser()
    parser.read(root / ".importlinter")
    return parser


def lines(contracts, section, key):
    return {word.strip() for line in contracts[section][key].splitlines() for word in line.split("|") if word.strip()}


class TestContracts:
    def test_every_top_level_package_has_its_layer(self, root, contracts):
        packages = {path.parent.name for path in root.glob("*/__init__.py")} - EXEMPT
        assert lines(contracts, "importlinter", "root_packages") == packages
        assert lines(contracts, "importlinter:contract:rooms", "layers") == packages

    def test_core_and_backplane_list_every_module_they_have(self, contracts):
        """A module that no layer lists fails the build."""
        for section in ("core-layers", "backplane-layers"):
            assert contracts[f"importlinter:contract:{section}"]["exhaustive"] == "True"

    def test_every_module_that_a_contract_names_exists(self, contracts, root):
        """A contract about a module that was renamed would guard nothing."""
        named = set()
        for section in contracts.sections():
            for key in ("source_modules", "forbidden_modules", "containers"):
                if key in contracts[section]:
                    named |= lines(contracts, section, key)
        ours = {name for name in named if name.split(".")[0] in lines(contracts, "importlinter", "root_packages")}
        missing = {
            name
            for name in ours
            if not (root / name.replace(".", "/")).is_dir() and not (root / f"{name.replace('.', '/')}.py").is_file()
        }
        assert missing == set()

    def test_every_contract_holds(self, root):
        answer = subprocess.run(
            [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr


class TestGateway:
    FOREIGN = ("qiskit", "qiskit_aer", "numba", "llvmlite", "worker", "relay", "imageshield")
    PROBE = f"import sys, api.main; print(sorted(set({FOREIGN}) & set(sys.modules)))"

    @pytest.mark.slow
    @pytest.mark.skipif(importlib.util.find_spec("api.main") is None, reason="the gateway is not written yet")
    def test_starts_without_simulator_and_kernels(self, root):
        answer = subprocess.run(
            [sys.executable, "-c", self.PROBE], cwd=root, capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stderr
        assert answer.stdout.strip() == "[]"
