import os
import time
from queue import Empty

import kombu.transport
import pytest
from kombu import Connection, Queue
from kombu.exceptions import OperationalError
from kombu.transport import TRANSPORT_ALIASES

from backplane.alive import alive_file, main
from worker import broker

LONG_AGO = 3600


@pytest.fixture(autouse=True)
def transport(monkeypatch, tmp_path):
    """The worker's transport, and the file of a worker that was last heard long ago."""
    monkeypatch.setenv("ALIVE_DIRECTORY", str(tmp_path))
    # What kombu has resolved once in this process it does not look up again.
    monkeypatch.setattr(kombu.transport, "_transport_cache", {})
    for scheme in broker.SCHEMES:
        monkeypatch.setitem(TRANSPORT_ALIASES, scheme, TRANSPORT_ALIASES[scheme])
    broker.install()
    alive_file("worker").touch()
    silence()


def silence():
    then = time.time() - LONG_AGO
    os.utime(alive_file("worker"), (then, then))
    assert main(["worker"]) == 1


@pytest.mark.stack
class TestPolling:
    @pytest.fixture
    def connection(self, redis_url):
        with Connection(redis_url) as connection:
            yield connection

    def test_an_empty_queue_that_answers_counts(self, connection):
        with connection.Consumer(Queue("bells"), callbacks=[]), pytest.raises((Empty, TimeoutError)):
            connection.drain_events(timeout=3)
        assert main(["worker"]) == 0

    def test_a_message_counts(self, connection):
        queue, heard = Queue("bells"), []
        connection.SimpleQueue("bells").put("ding")
        silence()
        with connection.Consumer(queue, callbacks=[lambda body, message: (heard.append(body), message.ack())]):
            connection.drain_events(timeout=3)
        assert heard == ["ding"]
        assert main(["worker"]) == 0

    def test_a_connection_that_asks_for_nothing_does_not(self, connection):
        connection.ensure_connection(max_retries=1)
        connection.SimpleQueue("bells").put("ding")
        assert main(["worker"]) == 1


class TestClosed:
    def test_closed_queue_keeps_worker_alive(self):
        with Connection("redis://127.0.0.1:1/0") as connection, pytest.raises(OperationalError):
            connection.ensure_connection(max_retries=1, interval_start=0)
        assert main(["worker"]) == 0
