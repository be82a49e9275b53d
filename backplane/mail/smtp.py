"""Delivery to a mail server, one connection for each mail."""

import asyncio
import ssl
from collections.abc import Coroutine
from contextlib import suppress
from email.utils import parseaddr

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
    SMTPTimeoutError,
)

from backplane.mail.messages import Letter, compose
from backplane.mail.outcomes import Outcome
from backplane.smtp_url import SmtpServer

SECONDS = 15.0
"""For each step of the exchange but the last."""

ACCEPTING_SECONDS = 40.0
"""For the server's answer to the whole mail: it may search the mail for viruses meanwhile. A client that gives up here
sends again what the server may have accepted."""

EXCHANGE_SECONDS = 60.0
"""For everything: shorter than the lease of a mail."""

PERMANENT = 500


class SmtpTransport:
    def __init__(self, server: SmtpServer, *, tls: ssl.SSLContext | None = None, seconds: float = SECONDS) -> None:
        self._server = server
        self._tls = tls or ssl.create_default_context()
        self._seconds = seconds

    async def deliver(self, letter: Letter) -> Outcome:
        """Hand the mail over to the server, and return what became of it, whatever the server does."""
        return await self._try(self._send(letter))

    async def knock(self) -> Outcome:
        """Connect and log in, and send nothing."""
        return await self._try(self._greet())

    @staticmethod
    async def _try(exchange: Coroutine[None, None, None]) -> Outcome:
        try:
            async with asyncio.timeout(EXCHANGE_SECONDS):
                await exchange
        except SMTPException as error:
            return judge(error)
        except ssl.SSLError:
            return Outcome("tls")
        except TimeoutError:
            return Outcome("timeout")
        except OSError:
            return Outcome("connection")
        except ValueError:  # an address or a header that cannot be written
            return Outcome("invalid")
        return Outcome("sent")

    async def _greet(self) -> None:
        client = self._client(name="localhost")
        await client.connect()
        await leave(client)

    async def _send(self, letter: Letter) -> None:
        message, sender = bytes(compose(letter)), parseaddr(letter.sender)[1]
        client = self._client(name=sender.rpartition("@")[2])
        try:
            await client.connect()
            await client.mail(sender, options=[f"size={len(message)}"] if client.supports_extension("size") else [])
            await client.rcpt(letter.recipient)
            await client.data(message, timeout=max(ACCEPTING_SECONDS, self._seconds))
        except BaseException:
            client.close()
            raise
        await leave(client)

    def _client(self, *, name: str) -> SMTP:
        server = self._server
        return SMTP(
            hostname=server.host,
            port=server.port,
            username=server.user,
            password=server.password,
            local_hostname=name,
            timeout=self._seconds,
            use_tls=server.tls == "implicit",
            start_tls=server.tls == "starttls",
            tls_context=self._tls,
        )


async def leave(client: SMTP) -> None:
    """Say QUIT. The mail is accepted by now, so nothing here counts."""
    with suppress(SMTPException, OSError):
        await client.quit(timeout=1)
    client.close()


def judge(error: SMTPException) -> Outcome:
    """Say what a failure means: only a refusal of this recipient or of this mail ends the mail.

    A refused password or sender concerns every mail: the operator corrects the settings, and the mails wait for that.
    """
    if isinstance(error, SMTPResponseException):
        return _judge_reply(error)
    if isinstance(error.__cause__, ssl.SSLError):
        return Outcome("tls")
    if isinstance(error, SMTPNotSupported) or type(error) is SMTPException:  # as aiosmtplib reports a missing STARTTLS
        return Outcome("unsupported")
    return Outcome("timeout" if isinstance(error, SMTPTimeoutError) else "connection")


def _judge_reply(error: SMTPResponseException) -> Outcome:
    if isinstance(error, SMTPAuthenticationError):
        return Outcome("credentials", error.code)
    if isinstance(error, SMTPSenderRefused):
        return Outcome("sender", error.code)
    of_this_mail = isinstance(error, SMTPRecipientRefused | SMTPDataError)
    return Outcome("refused" if of_this_mail and error.code >= PERMANENT else "deferred", error.code)
