"""A receiver of webhooks: a real server on loopback, with its own code to verify signatures."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Received:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def message(self) -> dict[str, Any]:
        return json.loads(self.body)

    def signatures(self, secret: str) -> list[bool]:
        """Return for each signature whether the secret made it."""
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        signed = b".".join((self.id.encode(), self.headers["webhook-timestamp"].encode(), self.body))
        expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        return [given == f"v1,{expected}" for given in self.headers["webhook-signature"].split(" ")]


@dataclass
class Reply:
    """An answer of the receiver, which first waits for `hold`."""

    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    hold: threading.Event | None = None


class Receiver:
    """Accepts everything, unless `replies` has other answers, which it uses one by one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received: list[Received] = []
        self.replies: deque[Reply] = deque()
        self.otherwise = Reply()

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def next_reply(self) -> Reply:
        return self.replies.popleft() if self.replies else self.otherwise

    def of_type(self, type_: str) -> list[Received]:
        return [one for one in list(self.received) if one.message["type"] == type_]

    def wait_until(self, condition: Callable[[list[Received]], object], *, seconds: float = 30) -> list[Received]:
        deadline = time.monotonic() + seconds
        while not condition(self.received):
            assert time.monotonic() < deadline, f"not within {seconds} s; {self.received}"
            time.sleep(0.02)
        return self.received


@contextmanager
def receiving(port: int = 0) -> Iterator[Receiver]:
    """Run a receiver on a thread."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.received.append(Received(self.path, headers, body))
            reply = receiver.next_reply()
            if reply.hold is not None:
                reply.hold.wait(60)
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body)

        do_GET = do_POST  # noqa: N815 - the name that the library looks for

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """Print nothing: the test has killed the sender."""

    with Server(("127.0.0.1", port), Handler) as server:
        receiver = Receiver(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(10)
