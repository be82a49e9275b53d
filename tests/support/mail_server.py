"""A mail server of aiosmtpd on loopback, with the failures that a test asks for."""

import asyncio
import datetime as dt
import email
import email.policy
import ipaddress
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.support.stack import wait_until

USER, PASSWORD = "relay@images.example", "mail server password %/@"


@dataclass
class ReceivedMail:
    """One mail, as it came."""

    sender: str
    recipients: list[str]
    content: bytes = field(repr=False)
    encrypted: bool

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def id(self) -> str:
        return self.message["Message-ID"]

    @property
    def text(self) -> str:
        return self.message.get_body(("plain",)).get_content()


class MailServer:
    """Accepts everything, unless `replies` has an answer for a command: `MAIL`, `RCPT`, `DATA` or `QUIT`.

    The answer `drop` cuts the connection, and `drop after` cuts it when the mail is received and not yet confirmed.
    """

    def __init__(self, port: int, authority: str) -> None:
        self.port = port
        self.authority = authority
        """The certificate that a client must trust."""
        self.received: list[ReceivedMail] = []
        self.replies: dict[str, deque[str]] = {}
        self.always: dict[str, str] = {}
        self.hold: threading.Event | None = None
        self.holding = 0

    def url(self, *, scheme: str = "smtp", query: str = "?tls=none", login: str = "") -> str:
        return f"{scheme}://{login}localhost:{self.port}{query}"

    def answer(self, command: str, *replies: str) -> None:
        self.replies.setdefault(command, deque()).extend(replies)

    def reply(self, command: str) -> str | None:
        waiting = self.replies.get(command)
        return waiting.popleft() if waiting else self.always.get(command)

    def to(self, address: str) -> list[ReceivedMail]:
        return [mail for mail in list(self.received) if address in mail.recipients]

    def wait_for(self, count: int, *, seconds: float = 30) -> list[ReceivedMail]:
        wait_until(lambda: len(self.received) >= count, f"{count} mails arrive", seconds=seconds)
        return self.received


class Handler:
    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_MAIL(  # noqa: N802 - the library looks for this name
        self, smtp: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self._server.reply("MAIL")
        if reply is None:
            envelope.mail_from = address
        return self._say(smtp, reply)

    async def handle_RCPT(  # noqa: N802
        self, smtp: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        reply = self._server.reply("RCPT")
        if reply is None:
            envelope.rcpt_tos.append(address)
        return self._say(smtp, reply)

    async def handle_DATA(self, smtp: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._server.hold is not None:
            self._server.holding += 1
            await asyncio.to_thread(self._server.hold.wait, 60)
        reply = self._server.reply("DATA")
        if reply in (None, "drop after"):
            encrypted = smtp.transport.get_extra_info("ssl_object") is not None
            mail = ReceivedMail(envelope.mail_from, envelope.rcpt_tos, envelope.original_content, encrypted)
            self._server.received.append(mail)
        return self._say(smtp, reply)

    async def handle_QUIT(self, smtp: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return self._say(smtp, self._server.reply("QUIT"))

    @staticmethod
    def _say(smtp: SMTP, reply: str | None) -> str:
        if reply is not None and reply.startswith("drop"):
            smtp.transport.abort()
        return reply or "250 OK"


@contextmanager
def mail_server(*, tls: str = "none", port: int = 0, login: bool = False) -> Iterator[MailServer]:
    """Run a mail server on a thread; `tls` is `none`, `starttls` or `implicit`."""
    with TemporaryDirectory() as folder:
        context, authority = _certificate(Path(folder))
    server = MailServer(port, authority)
    options: dict[str, Any] = {"enable_SMTPUTF8": True}
    if tls == "starttls":
        options |= {"tls_context": context, "require_starttls": True}
    if login:
        options |= {"authenticator": _authenticate, "auth_required": True}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving = asyncio.run_coroutine_threadsafe(
        loop.create_server(
            lambda: SMTP(Handler(server), hostname="mail.example", loop=loop, **options),
            "127.0.0.1",
            port,
            ssl=context if tls == "implicit" else None,
        ),
        loop,
    ).result(10)
    server.port = serving.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        asyncio.run_coroutine_threadsafe(_stop(serving), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _stop(serving: asyncio.Server) -> None:
    serving.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
    right = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=right, handled=False)


def _certificate(folder: Path) -> tuple[ssl.SSLContext, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = certificate.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(private + written)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context, written.decode()
