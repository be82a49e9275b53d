"""`imageshield admin backup`: its entry in the audit trail of the system."""

import csv
import json

import pytest

from imageshield.__main__ import run
from tests.support.databases import query

pytestmark = pytest.mark.stack


@pytest.fixture
def backup(vault, capsys, tmp_path):
    def call(*arguments, expect=0):
        code = run(["admin", "backup", str(tmp_path / "ada" / "b"), "--json", *arguments])
        printed = capsys.readouterr()
        assert code == expect, printed.err
        return json.loads(printed.out)

    return call


def entries(url):
    return query(url, "SELECT actor, account_id, outcome, details FROM audit_events WHERE action = 'backup.made'")


class TestBackup:
    def test_is_audited_without_its_path(self, backup, database_url):
        made = backup()
        [entry] = entries(database_url)
        assert (entry["actor"], entry["account_id"], entry["outcome"]) == ("operator", None, "success")
        counted = ("made_at", "rows", "objects", "bytes", "lost")
        assert json.loads(entry["details"]) == {name: made[name] for name in counted}

    def test_holds_no_entry_of_itself(self, backup, tmp_path):
        backup()
        with (tmp_path / "ada/b/tables/audit_events.csv").open() as table:
            assert list(csv.DictReader(table)) == []

    def test_verification_is_not_audited(self, backup, database_url):
        backup()
        backup("--verify")
        assert len(entries(database_url)) == 1

    def test_failed_one_is_not_audited(self, backup, database_url, tmp_path):
        (tmp_path / "ada/b").mkdir(parents=True)
        assert backup(expect=1)["error"]["code"] == "file-exists"
        assert entries(database_url) == []

    def test_refused_entry_leaves_no_backup(self, backup, database_url, tmp_path):
        query(database_url, "REVOKE INSERT ON audit_events FROM imageshield_app")
        assert backup(expect=1)["error"]["code"] == "unavailable"
        assert list((tmp_path / "ada").iterdir()) == []

    def test_database_of_an_earlier_release(self, backup, database_url):
        """It may have no place for the entry; the backup before an upgrade is made all the same."""
        query(database_url, "UPDATE alembic_version SET version_num = '0016'")
        assert backup()["revision"] == "0016"
        assert entries(database_url) == []
