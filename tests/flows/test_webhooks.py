"""Webhooks through the running system, with a real receiver on loopback and a relay that is killed."""

import re
import signal
import threading
import time
from pathlib import Path

import pytest
from standardwebhooks import WebhookVerificationError

from tests.support import pictures
from tests.support.receiver import Received, Receiver, Reply, receiving
from tests.support.stack import SystemUnderTest
from tests.support.users import User

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

EVENTS = ["job.completed", "job.failed", "job.cancelled"]
PICTURE = pictures.as_png(pictures.make(8, 6))


@pytest.fixture
def receiver():
    with receiving() as running:
        yield running


@pytest.fixture
def verify():
    """The code that docs/guides/webhooks.md gives to receivers."""
    page = (Path(__file__).resolve().parents[2] / "docs/guides/webhooks.md").read_text()
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```", page)
    names: dict = {}
    exec(compile(code, "docs/guides/webhooks.md", "exec"), names)  # noqa: S102 - our own page
    return names["verify"]


def make_endpoint(user: User, receiver: Receiver) -> dict:
    response = user.http.post("/webhooks", json={"url": receiver.url("/hook?key=canary-9000"), "events": EVENTS})
    assert response.status_code == 201, response.text
    return response.json()


def log_of(user: User, endpoint: dict) -> list[dict]:
    return user.http.get(f"/webhooks/{endpoint['id']}/deliveries").raise_for_status().json()["data"]


def until_delivered(user: User, endpoint: dict) -> dict:
    deadline = time.monotonic() + 60
    while (delivery := log_of(user, endpoint)[0])["status"] != "delivered":
        assert time.monotonic() < deadline, delivery
        time.sleep(0.05)
    return delivery


def until_tried(user: User, endpoint: dict) -> dict:
    """Wait for the end of the first attempt."""
    deadline = time.monotonic() + 30
    while not (attempts := log_of(user, endpoint)[0]["attempts"]) or attempts[0]["outcome"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return attempts[0]


def is_verified(verify, secret: str, one: Received) -> bool:
    try:
        verify(secret, one.headers, one.body)
    except (ValueError, WebhookVerificationError):
        return False
    return True


class TestReceiver:
    def test_gets_the_end_and_can_verify_it(self, user, receiver, verify):
        endpoint = make_endpoint(user, receiver)
        job = user.encrypt(PICTURE)
        (one,) = receiver.wait_until(lambda received: received)
        assert one.path == "/hook?key=canary-9000"
        assert one.message["type"] == "job.completed"
        assert one.message["data"]["job_id"] == job["job_id"]
        assert one.message["data"]["result_url"] == job["result_url"]
        verify(endpoint["secret"], one.headers, one.body)
        assert one.signatures(endpoint["secret"]) == [True]
        forged = Received(one.path, one.headers, one.body.replace(b"completed", b"cancelled"))
        late = Received(one.path, one.headers | {"webhook-timestamp": "1700000000"}, one.body)
        assert not any(is_verified(verify, endpoint["secret"], bad) for bad in (forged, late))
        delivery = until_delivered(user, endpoint)
        assert [attempt["status_code"] for attempt in delivery["attempts"]] == [204]
        assert delivery["event_id"] == one.id

    def test_changes_its_secret_without_missing_a_message(self, user, receiver, verify):
        endpoint = make_endpoint(user, receiver)
        rotated = user.http.post(f"/webhooks/{endpoint['id']}/rotate-secret").json()
        user.http.post(f"/webhooks/{endpoint['id']}/test").raise_for_status()
        (one,) = receiver.wait_until(lambda received: received)
        for secret in (endpoint["secret"], rotated["secret"]):
            verify(secret, one.headers, one.body)
        assert not is_verified(verify, "whsec_" + "A" * 43 + "=", one)

    def test_of_one_request_uses_the_default_secret(self, user, receiver, verify):
        secret = user.http.post("/webhooks/default/rotate-secret").json()["secret"]
        job = user.encrypt(PICTURE, webhook_url=receiver.url("/once"))
        (one,) = receiver.wait_until(lambda received: received)
        assert (one.path, one.message["data"]["job_id"]) == ("/once", job["job_id"])
        verify(secret, one.headers, one.body)

    def test_that_was_down_gets_the_message_later(self, user, verify):
        with receiving() as receiver:
            endpoint = make_endpoint(user, receiver)
        job = user.encrypt(PICTURE)
        assert until_tried(user, endpoint)["outcome"] == "connection"
        with receiving(receiver.port) as again:
            (one,) = again.wait_until(lambda received: received)
            assert one.message["data"]["job_id"] == job["job_id"]
            verify(endpoint["secret"], one.headers, one.body)
            assert len(until_delivered(user, endpoint)["attempts"]) >= 2

    def test_that_redirects_is_not_followed(self, user, receiver):
        with receiving() as elsewhere:
            receiver.otherwise = Reply(307, {"Location": elsewhere.url()})
            endpoint = make_endpoint(user, receiver)
            user.http.post(f"/webhooks/{endpoint['id']}/test").raise_for_status()
            assert until_tried(user, endpoint)["outcome"] == "redirect"
            assert elsewhere.received == []

    def test_that_is_slow_delays_no_other(self, user, receiver):
        over = threading.Event()
        with receiving() as slow:
            slow.otherwise = Reply(hold=over)
            slow_endpoint, endpoint = make_endpoint(user, slow), make_endpoint(user, receiver)
            for _ in range(4):
                user.http.post(f"/webhooks/{slow_endpoint['id']}/test").raise_for_status()
            slow.wait_until(lambda received: received)
            user.http.post(f"/webhooks/{endpoint['id']}/test").raise_for_status()
            receiver.wait_until(lambda received: received, seconds=5)
            over.set()


class TestRelay:
    def test_killed_relay_sends_again_under_the_same_id(self, user: User, system: SystemUnderTest, receiver: Receiver):
        """It is killed in the middle of a delivery."""
        hold = threading.Event()
        receiver.replies.append(Reply(hold=hold))
        endpoint = make_endpoint(user, receiver)
        user.encrypt(PICTURE)
        receiver.wait_until(lambda received: received)
        system.kill("relay", signal.SIGKILL)
        hold.set()
        first, *rest = receiver.wait_until(lambda received: len(received) >= 2, seconds=60)
        assert {(one.id, one.body) for one in rest} == {(first.id, first.body)}
        delivery = until_delivered(user, endpoint)
        assert [attempt["outcome"] for attempt in delivery["attempts"]] == ["interrupted", "delivered"]
        assert len(log_of(user, endpoint)) == 1

    def test_writes_neither_addresses_nor_secrets(self, user: User, system: SystemUnderTest, receiver: Receiver):
        endpoint = make_endpoint(user, receiver)
        user.http.post(f"/webhooks/{endpoint['id']}/test").raise_for_status()
        (one,) = receiver.wait_until(lambda received: received)
        until_delivered(user, endpoint)
        written = system.log("relay") + system.log("gateway") + system.log("worker")
        assert one.id in written
        for secret in ("canary-9000", endpoint["secret"], one.headers["webhook-signature"]):
            assert secret not in written
