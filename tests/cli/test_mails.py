"""`imageshield admin mails`, and the check of the mail server in `imageshield doctor`."""

import json

import pytest

from backplane import ids
from imageshield.__main__ import run
from imageshield.checks.mail import check_mail
from imageshield.checks.situation import look
from imageshield.servers.home import Home
from tests.support.databases import query
from tests.support.mail_server import mail_server

DEAD = """
INSERT INTO mails (id, kind, awaited, message_id, status, attempts, expires_at, outcome, status_code, ended_at)
VALUES ($1, 'password-reset', true, '<1@images.example>', 'dead', 3, now(), 'refused', 550, now())
"""


@pytest.mark.stack
class TestAdminMails:
    def test_lists_what_was_given_up(self, stack, settings, monkeypatch, capsys, tmp_path):
        mail_id = ids.new()
        query(settings.database_url.get_secret_value().replace("+asyncpg", ""), DEAD, mail_id)
        variables = stack.variables | {
            "DATABASE_URL": settings.database_url.get_secret_value(),
            "REDIS_URL": settings.redis_url.get_secret_value(),
            "ENVIRONMENT": "test",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        for options in (["--json"], []):
            assert run(["admin", "mails", *options, "--data-dir", str(tmp_path / "none")]) == 0
            printed = capsys.readouterr()
            assert "password-reset" in printed.out
            assert "550" in printed.out
            if options:
                [mail] = json.loads(printed.out)["data"]
                assert (mail["mail_id"], mail["user_id"], mail["attempts"]) == (ids.to_wire("mai", mail_id), None, 3)


class TestCheck:
    @pytest.fixture
    def check(self, tmp_path):
        return lambda url: check_mail(look({"SMTP_URL": url} if url else {}, Home(tmp_path)))

    def test_server_that_answers_is_no_fault(self, check):
        with mail_server() as server:
            assert check(server.url()) == []
            assert not server.received

    def test_no_server_is_not_asked(self, check):
        assert check("") == []
        assert check("http://not-a-mail-server") == []

    def test_each_fault_has_its_remedy(self, check, monkeypatch, tmp_path):
        with mail_server() as server:
            [fault] = check(server.url(query="", login="me:secret@"))
            assert "lacks STARTTLS" in fault.problem
        with mail_server(tls="implicit") as server:
            [fault] = check(server.url(scheme="smtps", query="", login="me:secret@"))
            assert "certificate" in fault.problem
        with mail_server(tls="starttls", login=True) as server:
            (tmp_path / "authority.pem").write_text(server.authority)
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
            [fault] = check(server.url(query="", login="me:secret@"))
            assert "refuses user and password" in fault.problem
            assert "secret" not in str(fault)
        [fault] = check(server.url())
        assert "does not answer as a mail server (connection)" in fault.problem
