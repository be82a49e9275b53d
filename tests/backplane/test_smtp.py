"""Delivery of mails to a real mail server, and what each of its answers means."""

import ssl
import threading
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from backplane import ids
from backplane.mail.messages import Letter, compose
from backplane.mail.smtp import SmtpTransport
from backplane.smtp_url import SmtpServer, read_smtp_url
from tests.support.mail_server import PASSWORD, USER, mail_server

pytestmark = pytest.mark.anyio

LOGIN = f"{quote(USER, safe='')}:{quote(PASSWORD, safe='')}@"


def letter(**changes):
    mail_id = ids.new()
    given = {
        "id": mail_id,
        "message_id": f"<{mail_id.hex}@images.example>",
        "sender": "ImageShield <no-reply@images.example>",
        "recipient": "ada@example.org",
        "subject": "Set a new password",
        "text": "Hello",
        "html": "<p>Hello</p>",
        "written_at": datetime.now(UTC),
    }
    return Letter(**(given | changes))


async def deliver(server, url=None, *, given=None, seconds=5.0):
    trusting = ssl.create_default_context(cadata=server.authority)
    transport = SmtpTransport(read_smtp_url(url or server.url()), tls=trusting, seconds=seconds)
    outcome = await transport.deliver(given or letter())
    return outcome.code, outcome.status


class TestAccepted:
    async def test_mail_arrives_as_composed(self):
        sent = letter()
        with mail_server() as server:
            assert await deliver(server, given=sent) == ("sent", None)
            [mail] = server.received
        assert (mail.sender, mail.recipients) == ("no-reply@images.example", ["ada@example.org"])
        assert mail.content.strip() == bytes(compose(sent)).strip()

    @pytest.mark.parametrize(("tls", "scheme"), [("starttls", "smtp"), ("implicit", "smtps")])
    async def test_encrypted_with_either_tls(self, tls, scheme):
        with mail_server(tls=tls) as server:
            assert await deliver(server, server.url(scheme=scheme, query="")) == ("sent", None)
            [mail] = server.received
        assert mail.encrypted

    async def test_password_with_special_characters_logs_in(self):
        with mail_server(tls="starttls", login=True) as server:
            assert await deliver(server, server.url(query="", login=LOGIN)) == ("sent", None)

    async def test_connection_cut_after_the_answer_counts_as_sent(self):
        with mail_server() as server:
            server.always["QUIT"] = "drop"
            assert await deliver(server) == ("sent", None)


class TestRefused:
    @pytest.mark.parametrize(
        ("command", "reply", "outcome"),
        [
            ("RCPT", "550 no such user", ("refused", 550)),
            ("RCPT", "450 try later", ("deferred", 450)),
            ("DATA", "554 spam", ("refused", 554)),
            ("DATA", "452 disk full", ("deferred", 452)),
            ("MAIL", "550 who are you", ("sender", 550)),
            ("MAIL", "451 greylisted", ("sender", 451)),
        ],
    )
    async def test_reply_decides(self, command, reply, outcome):
        with mail_server() as server:
            server.answer(command, reply)
            assert await deliver(server) == outcome
            assert not server.received

    async def test_wrong_password_does_not_end_the_mail(self):
        with mail_server(tls="starttls", login=True) as server:
            url = server.url(query="", login=f"{quote(USER, safe='')}:wrong@")
            assert await deliver(server, url) == ("credentials", 535)

    async def test_address_that_cannot_be_written(self):
        with mail_server() as server:
            assert await deliver(server, given=letter(subject="a\r\nBcc: b@example.org")) == ("invalid", None)
            assert await deliver(server, given=letter(recipient="a@example.org\r\nRCPT TO:<b@example.org>")) == (
                "invalid",
                None,
            )
            assert not server.received


class TestBroken:
    @pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA"])
    async def test_dropped_connection_is_transient(self, command):
        with mail_server() as server:
            server.answer(command, "drop")
            assert await deliver(server) == ("connection", None)

    async def test_server_without_starttls_gets_no_mail(self):
        """A relay that is asked for TLS never falls back to plaintext."""
        with mail_server() as server:
            assert await deliver(server, server.url(query="")) == ("unsupported", None)
            assert not server.received

    @pytest.mark.parametrize(("tls", "scheme"), [("starttls", "smtp"), ("implicit", "smtps")])
    async def test_unknown_certificate_gets_no_mail(self, tls, scheme):
        with mail_server(tls=tls) as server:
            transport = SmtpTransport(read_smtp_url(server.url(scheme=scheme, query="")), seconds=5)
            assert (await transport.deliver(letter())).code == "tls"
            assert not server.received

    async def test_slow_server_times_out(self, monkeypatch):
        monkeypatch.setattr("backplane.mail.smtp.ACCEPTING_SECONDS", 0.2)
        with mail_server() as server:
            server.hold = threading.Event()
            assert await deliver(server, seconds=0.2) == ("timeout", None)
            server.hold.set()

    async def test_absent_server(self):
        with mail_server() as server:
            pass
        assert await deliver(server) == ("connection", None)


class TestUrl:
    @pytest.mark.parametrize(
        ("text", "server"),
        [
            ("smtp://mail.example", SmtpServer("mail.example", 587, "starttls", None, None)),
            ("smtps://mail.example", SmtpServer("mail.example", 465, "implicit", None, None)),
            ("smtp://mail.example:25?tls=none", SmtpServer("mail.example", 25, "none", None, None)),
            ("smtps://a%40b:p%2Fw@mail.example:2465/", SmtpServer("mail.example", 2465, "implicit", "a@b", "p/w")),
            ("smtp://a:b@127.0.0.1?tls=none", SmtpServer("127.0.0.1", 587, "none", "a", "b")),
        ],
    )
    def test_is_read(self, text, server):
        assert read_smtp_url(text) == server

    @pytest.mark.parametrize(
        "text",
        [
            "mail.example",
            "http://mail.example",
            "smtp://",
            "smtp://mail.example/path",
            "smtp://mail.example:0",
            "smtp://mail.example:99999",
            "smtp://mail.example?tls=off",
            "smtp://mail.example?starttls=none",
            "smtps://mail.example?tls=none",
            "smtp://user@mail.example",
            "smtp://user:secret@mail.example?tls=none",
            "smtp://mail.example#x",
        ],
    )
    def test_other_text_is_refused_without_the_password(self, text):
        with pytest.raises(ValueError, match=r"^must ") as refused:
            read_smtp_url(text)
        assert "secret" not in str(refused.value)
