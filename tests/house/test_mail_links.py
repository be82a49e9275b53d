"""The links of mails against the pages of the console: every mail leads somewhere."""

import ast
import importlib
import re

from backplane.services.mail import preferences

NAVIGATION = ("console/src/app/light-pages.ts", "console/src/app/navigation.ts")
PATH = re.compile(r'\{ path: "([^"]+)"')


def pages(root):
    """Read the paths of the console's pages, each with its parameters as `*`."""
    found = [path for file in NAVIGATION for path in PATH.findall((root / file).read_text())]
    return {re.sub(r"\$\w+", "*", path) for path in found}


def links(root):
    """Yield every address that is built for a mail, with its place; a part that is computed is `*`."""
    for file in sorted((root / "backplane").rglob("*.py")):
        source = file.read_text()
        if ".page(" not in source:
            continue
        module = ".".join(file.relative_to(root).with_suffix("").parts)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Call) and is_page(node.func):
                yield f"{module}:{node.lineno}", address(node.args[0], module)


def is_page(function):
    """Whether it is `page` of `Mails`, and not of a repository or service."""
    if not isinstance(function, ast.Attribute) or function.attr != "page":
        return False
    owner = function.value
    return (owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")).lstrip("_") == "mails"


def address(node, module):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(address(one, module) for one in node.values)
    if isinstance(node, ast.FormattedValue):
        return address(node.value, module)
    if isinstance(node, ast.Name):
        return getattr(importlib.import_module(module), node.id, "*")
    return "*"


class TestLinks:
    def test_mail_links_open_pages_of_the_console(self, root):
        known = pages(root)
        found = dict(links(root))
        assert len(found) >= 10
        lost = {place: path for place, path in found.items() if re.split("[?#]", path)[0] not in known}
        assert lost == {}

    def test_kind_with_a_token_has_its_page(self, root):
        tokens = {"/verify-email", "/reset-password", "/confirm-email", "/invitation"}
        assert tokens <= set(dict(links(root)).values())

    def test_unsubscribe_link_is_a_route(self, root):
        assert f'"{preferences.UNSUBSCRIBE}"' in (root / "docs/openapi.json").read_text()
