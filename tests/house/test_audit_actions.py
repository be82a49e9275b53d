"""Actions of the audit trail: one type, and everything that must agree with it."""

import re

from backplane.actions import ACTIONS

KEY = re.compile(r'^  "([a-z_]+\.[a-z_]+)": \{ did: ', re.MULTILINE)
ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \|", re.MULTILINE)


class TestActions:
    def test_are_listed_once(self):
        assert len(set(ACTIONS)) == len(ACTIONS)

    def test_console_has_words_for_each(self, root):
        words = (root / "console/src/lib/audit-words.ts").read_text()
        assert sorted(KEY.findall(words)) == sorted(ACTIONS)

    def test_page_describes_each(self, root):
        page = (root / "docs/reference/audit-actions.md").read_text()
        assert sorted(ROW.findall(page)) == sorted(ACTIONS)
