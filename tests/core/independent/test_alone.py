import ast
import sys
from pathlib import Path

import pytest

import tests.independent

HOME = Path(tests.independent.__file__).parent
MODULES = sorted(HOME.glob("*.py"))
LONGEST = 300


def imports(tree):
    """Yield the imports of a module as written: `.png`, `cryptography.hazmat`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            prefix = "." * node.level + (node.module or "")
            yield from [prefix] if node.module else (prefix + alias.name for alias in node.names)


def allowed(name):
    if name.startswith("."):
        return (HOME / f"{name[1:]}.py").is_file()
    top = name.split(".")[0]
    return top == "cryptography" or (top in sys.stdlib_module_names and top != "importlib")


class TestImports:
    @pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
    def test_are_of_no_product(self, module):
        tree = ast.parse(module.read_text())
        assert [name for name in imports(tree) if not allowed(name)] == []
        assert not {"__import__", "eval", "exec"} & {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    @pytest.mark.parametrize(
        "source",
        [
            "import shield_core",
            "from tests.support import pictures",
            "from ..vectors import reading",
            "import importlib",
            "from . import api",
        ],
    )
    def test_of_the_product_would_be_found(self, source):
        assert not all(allowed(name) for name in imports(ast.parse(source)))


class TestModules:
    def test_stay_under_300_lines(self):
        assert MODULES
        assert {module.name for module in MODULES if len(module.read_text().splitlines()) > LONGEST} == set()
