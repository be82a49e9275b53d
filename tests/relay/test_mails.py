"""Mails from the row to a real mail server: in one process, and by relays that are killed at each step."""

import asyncio
import contextlib
import inspect
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from backplane.db.notifications import Notifications
from backplane.db.repositories.mails import CHANNEL
from backplane.mail.smtp import SmtpTransport
from backplane.services.identity.accounts import AccountFacts
from backplane.services.mail.deliveries import MailDeliveries
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.settings import Settings
from backplane.smtp_url import read_smtp_url
from backplane.wiring.resources import Resources, open_resources
from relay.mails import AT_ONCE, PER_USER, MailSending
from tests.support.accounts import add_account
from tests.support.mail_server import MailServer, mail_server
from tests.support.stack import ROOT, Stack, clean_environment, wait_until

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

SENDER = "ImageShield <no-reply@images.example>"


@pytest.fixture
async def resources(settings: Settings) -> AsyncIterator[Resources]:
    async with open_resources(settings) as opened:
        yield opened


@pytest.fixture(autouse=True)
async def ada(resources: Resources) -> AccountFacts:
    return await add_account(resources, "ada@example.org")


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


@pytest.fixture
def send(resources):
    mails = Mails(resources.vault, public_url="https://images.example", support=None, enabled=True)

    async def write(address, *, user_id=None):
        async with resources.database.transaction() as session:
            await mails.send(session, Recipient(address, user_id), "password-reset", link="https://images.example/p")

    return write


@pytest.fixture
def states(resources):
    async def read():
        async with resources.database.transaction() as session:
            return [tuple(row) for row in await session.execute(text("SELECT status, attempts FROM mails ORDER BY id"))]

    return read


async def until(condition, seconds=20):
    async with asyncio.timeout(seconds):
        while not (await found if inspect.isawaitable(found := condition()) else found):  # noqa: ASYNC110 - plain data and rows
            await asyncio.sleep(0.02)


@pytest.fixture
async def running(resources, settings, server):
    """Run a sender in this process."""
    deliveries = MailDeliveries(resources.database, resources.vault, sender=SENDER)
    sending = MailSending(deliveries, SmtpTransport(read_smtp_url(server.url()), seconds=5))
    async with Notifications(settings, channel=CHANNEL) as notifications:
        task = asyncio.create_task(sending.run(notifications))
        yield sending
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class TestSending:
    async def test_committed_mail_arrives_at_once(self, running, send, server, states):
        await send("ada@example.org")
        await until(lambda: server.received)
        assert server.received[0].sender == "no-reply@images.example"
        await until(lambda: ended(states, [("sent", 1)]))

    async def test_temporary_refusal_is_repeated_under_its_id(self, running, resources, send, server, states):
        server.answer("DATA", "451 later", "drop after")
        await send("ada@example.org")
        for attempt in (1, 2):
            await until(lambda attempt=attempt: ended(states, [("pending", attempt)]))
            await make_due(resources)
        await until(lambda: ended(states, [("sent", 3)]))
        first, second = server.received
        assert (first.id, first.content) == (second.id, second.content)

    async def test_refused_mail_is_not_repeated(self, running, send, server, states):
        server.answer("RCPT", "550 no such user")
        await send("nobody@example.org")
        await send("ada@example.org")
        await until(lambda: ended(states, [("dead", 1), ("sent", 1)]))
        assert [mail.recipients for mail in server.received] == [["ada@example.org"]]

    async def test_user_with_many_mails_delays_nobody(self, running, ada, send, server):
        server.hold = threading.Event()
        for _ in range(2 * AT_ONCE):
            await send("ada@example.org", user_id=ada.id)
        await until(lambda: server.holding == PER_USER)
        held, server.hold = server.hold, None
        await send("bob@example.org")
        await until(lambda: server.to("bob@example.org"))
        assert not server.to("ada@example.org")
        held.set()
        await until(lambda: len(server.to("ada@example.org")) == 2 * AT_ONCE)

    async def test_stop_waits_for_mails_in_flight(self, resources, send, server, states, settings):
        deliveries = MailDeliveries(resources.database, resources.vault, sender=SENDER)
        sending = MailSending(deliveries, SmtpTransport(read_smtp_url(server.url())))
        server.hold = threading.Event()
        async with Notifications(settings, channel=CHANNEL) as notifications:
            task = asyncio.create_task(sending.run(notifications))
            await send("ada@example.org")
            await until(lambda: server.holding)
            task.cancel()
            server.hold.set()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert await states() == [("sent", 1)]


async def ended(states, expected):
    return await states() == expected


async def make_due(resources):
    async with resources.database.transaction() as session:
        await session.execute(text("UPDATE mails SET due_at = now() WHERE status <> 'sent'"))


class Relays:
    """Processes of the real relay, with failpoints, against the test's mail server."""

    def __init__(self, stack: Stack, settings: Settings, server: MailServer, folder: Path) -> None:
        self.failpoints = folder / "failpoints"
        self.failpoints.mkdir()
        self._environment = (
            clean_environment()
            | stack.variables
            | {
                "DATABASE_URL": settings.database_url.get_secret_value(),
                "REDIS_URL": settings.redis_url.get_secret_value(),
                "ENVIRONMENT": "test",
                "SMTP_URL": server.url(),
                "MAIL_FROM": SENDER,
                "FAILPOINTS_DIRECTORY": str(self.failpoints),
                "ALIVE_DIRECTORY": str(folder),
            }
        )
        self._log = folder / "relay.log"
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "relay"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )
        self._started.append(process)
        return process

    def log(self) -> str:
        return self._log.read_text()

    def stop(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.terminate()
            process.wait(20)


@pytest.fixture
def relays(stack, settings, server, tmp_path):
    made = Relays(stack, settings, server, tmp_path)
    yield made
    made.stop()


@pytest.mark.slow
class TestKilled:
    """A relay that is killed loses no mail. Only one that dies after the server's answer sends it twice."""

    @pytest.mark.parametrize(("failpoint", "copies"), [("mail.claimed", 1), ("mail.delivered", 2)])
    async def test_mail_arrives_under_one_id(  # noqa: PLR0917 - fixtures
        self, relays, resources, send, server, states, failpoint, copies
    ):
        (relays.failpoints / failpoint).write_text("kill")
        await send("ada@example.org")
        first = relays.start()
        assert await asyncio.to_thread(first.wait, 30) == -signal.SIGKILL
        assert await states() == [("sending", 1)]
        relays.start()
        await make_due(resources)  # what the lease does after 75 seconds
        await until(lambda: ended(states, [("sent", 2)]))
        assert len(server.received) == copies
        assert len({mail.id for mail in server.received}) == 1

    async def test_killed_while_the_server_reads(self, relays, resources, send, server, states):
        server.hold = threading.Event()
        await send("ada@example.org")
        first = relays.start()
        await until(lambda: server.holding)
        os.kill(first.pid, signal.SIGKILL)
        await asyncio.to_thread(first.wait, 10)
        held, server.hold = server.hold, None
        relays.start()
        await make_due(resources)
        await until(lambda: ended(states, [("sent", 2)]))
        held.set()
        await asyncio.to_thread(wait_until, lambda: server.received, "the mail arrives")
        assert len({mail.id for mail in server.received}) == 1

    async def test_two_relays_send_each_mail_once(self, relays, send, server, states):
        for number in range(40):
            await send(f"user{number}@example.org")
        relays.start()
        relays.start()
        await until(lambda: ended(states, [("sent", 1)] * 40))
        assert len(server.received) == len({mail.id for mail in server.received}) == 40
        assert "@example.org" not in relays.log()
