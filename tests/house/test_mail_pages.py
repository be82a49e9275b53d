"""Pages that mails link to, against the pages of the console."""

import re

PAGE = re.compile(r'"(/[a-z-]+)"')
COMING = {"/api-keys", "/confirm-email", "/forgot-password", "/reset-password", "/usage", "/verify-email"}
"""Pages that are being made: take each out with its page."""


def linked(root):
    """Find the addresses in the constants of the services that are named after pages."""
    lines = [
        line
        for file in (root / "backplane/services").rglob("*.py")
        for line in file.read_text().splitlines()
        if re.match(r"[A-Z_, ]*PAGE\b.* = ", line)
    ]
    return {page for line in lines for page in PAGE.findall(line)}


def test_pages_of_mails_are_pages(root):
    tables = [root / "console/src/app" / name for name in ("navigation.ts", "light-pages.ts")]
    pages = set(re.findall(r'path: "([^"$]*?)/?(?:\$\w+)?"', "".join(table.read_text() for table in tables)))
    found = linked(root)
    assert len(found) > 8
    assert found - pages <= COMING
