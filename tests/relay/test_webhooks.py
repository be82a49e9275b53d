"""Concurrent senders: a slow receiver does not delay the messages of others."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest

from backplane.errors import Unavailable
from backplane.services.webhooks.deliveries import Answer
from relay import sending as sending_module
from relay.webhooks import AT_ONCE, PER_ACCOUNT, PER_ENDPOINT, Sending

pytestmark = pytest.mark.anyio


@dataclass(eq=False)
class Message:
    endpoint_id: UUID
    account_id: UUID
    url: str = "https://hooks.example/"
    headers: dict = field(default_factory=dict)
    body: bytes = b"{}"
    event_id: str = "evt_1"
    due: object = field(default_factory=lambda: SimpleNamespace(delivery=SimpleNamespace(attempts=1)))


class Ledger:
    """A fake database: due deliveries and their outcomes."""

    def __init__(self, *messages):
        self.due = list(messages)
        self.finished = []
        self.refusals = []

    async def claim(self, *, busy_endpoints, busy_accounts):
        if self.refusals:
            raise self.refusals.pop()
        for message in self.due:
            if message.endpoint_id not in busy_endpoints and message.account_id not in busy_accounts:
                self.due.remove(message)
                return message
        return None

    async def finish(self, due, answer):
        self.finished.append((due, answer))


class Post:
    """A fake poster: it holds messages to a slow receiver until the test releases them."""

    def __init__(self, *slow):
        self.slow = set(slow)
        self.free = asyncio.Event()
        self.held = Counter()
        self.most = 0

    async def post(self, url, _headers, _body):
        if url in self.slow:
            self.held[url] += 1
            self.most = max(self.most, self.held.total())
            await self.free.wait()
            self.held[url] -= 1
        return Answer("delivered", 204)


class FakeNotifications:
    def __init__(self):
        self.notified = asyncio.Event()

    async def wait(self, _seconds):
        await self.notified.wait()
        self.notified.clear()


@pytest.fixture
async def running():
    """Run a sender beside the test, and stop it."""
    tasks = []

    async def start(ledger, post):
        notifications = FakeNotifications()
        tasks.append(asyncio.create_task(Sending(ledger, post).run(notifications)))
        return notifications

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 10)


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - what is looked at is plain data
            await asyncio.sleep(0)


def messages(count, *, endpoint=None, account=None, url="https://hooks.example/"):
    return [Message(endpoint or uuid4(), account or uuid4(), url=url) for _ in range(count)]


class TestSending:
    async def test_everything_that_is_due_is_sent(self, running):
        ledger = Ledger(*messages(50))
        await running(ledger, Post())
        await until(lambda: len(ledger.finished) == 50)

    async def test_later_delivery_is_sent_on_notification(self, running):
        ledger = Ledger()
        notifications = await running(ledger, Post())
        ledger.due += messages(1)
        notifications.notified.set()
        await until(lambda: ledger.finished)

    async def test_a_slow_receiver_delays_nobody_else(self, running):
        ledger = Ledger(*messages(30, endpoint=uuid4(), url="slow"), *messages(100))
        post = Post("slow")
        await running(ledger, post)
        await until(lambda: len(ledger.finished) == 100)
        assert post.held["slow"] == PER_ENDPOINT
        post.free.set()
        await until(lambda: len(ledger.finished) == 130)

    async def test_nor_does_an_account_with_many(self, running):
        ledger = Ledger(*messages(30, account=uuid4(), url="slow"), *messages(100))
        post = Post("slow")
        await running(ledger, post)
        await until(lambda: len(ledger.finished) == 100)
        assert post.held["slow"] == PER_ACCOUNT
        post.free.set()

    async def test_so_many_at_once_and_no_more(self, running):
        ledger = Ledger(*messages(40, url="slow"))
        post = Post("slow")
        await running(ledger, post)
        await until(lambda: post.held["slow"] == AT_ONCE)
        post.free.set()
        await until(lambda: len(ledger.finished) == 40)
        assert post.most == AT_ONCE

    async def test_a_database_that_is_away_is_asked_again(self, running, monkeypatch):
        monkeypatch.setattr(sending_module, "LOOK_SECONDS", 0.01)
        ledger = Ledger(*messages(1))
        ledger.refusals = [Unavailable()] * 3
        notifications = await running(ledger, Post())
        notifications.notified.set()
        async with asyncio.timeout(10):
            while not ledger.finished:
                notifications.notified.set()
                await asyncio.sleep(0.01)

    async def test_what_breaks_one_message_keeps_the_others_going(self, running):
        broken, *sound = messages(3)
        ledger = Ledger(broken, *sound)

        class Breaking(Post):
            async def post(self, url, headers, body):
                if ledger.due:
                    raise RuntimeError
                return await super().post(url, headers, body)

        await running(ledger, Breaking())
        await until(lambda: ledger.finished)
        assert broken not in [due for due, _ in ledger.finished]

    async def test_stop_waits_for_messages_in_flight(self):
        ledger, post = Ledger(*messages(1, url="slow")), Post("slow")
        task = asyncio.create_task(Sending(ledger, post).run(FakeNotifications()))
        await until(lambda: post.held["slow"])
        task.cancel()
        post.free.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [answer.outcome for _, answer in ledger.finished] == ["delivered"]
