"""S27 on the wire: which requests are sent, and which addresses are never reached. Everything is on loopback."""

import asyncio
import datetime as dt
import ipaddress
import ssl
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from backplane.addresses import Guard
from relay.posting import MAX_ANSWER, Poster, retry_after
from tests.support.receiver import Reply, receiving

pytestmark = pytest.mark.anyio

LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
HEADERS = {"content-type": "application/json", "webhook-id": "evt_1"}


@pytest.fixture
def canary():
    """A server that nobody may reach; what it hears fails the test that asks."""
    with receiving() as server:
        yield server


@pytest.fixture
def receiver():
    with receiving() as server:
        yield server


class Names:
    """A fake name server: it gives its answers one after the other, and then repeats the last."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, host):
        self.asked.append(host)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return [ipaddress.ip_address(address) for address in answer]


async def post(url, *, allowed=LOOPBACK, names=None, seconds=5.0, tls=None):
    poster = Poster(Guard(allowed, resolve=names), seconds=seconds, tls=tls or ssl.create_default_context())
    return await poster.post(url, HEADERS, b'{"type":"job.completed"}')


class TestDelivered:
    async def test_the_body_arrives_as_it_is(self, receiver):
        answer = await post(receiver.url("/a/b;c=d?e=f"))
        assert (answer.outcome, answer.status_code) == ("delivered", 204)
        (one,) = receiver.received
        assert (one.path, one.body) == ("/a/b;c=d?e=f", b'{"type":"job.completed"}')
        assert one.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert one.headers["content-length"] == str(len(one.body))
        assert "cookie" not in one.headers

    async def test_connects_to_the_checked_address(self, receiver):
        names = Names(["127.0.0.1"], ["10.0.0.1"])
        answer = await post(f"http://hooks.example:{receiver.port}/", names=names)
        assert answer.outcome == "delivered"
        assert names.asked == ["hooks.example"]
        assert receiver.received[0].headers["host"] == f"hooks.example:{receiver.port}"

    async def test_next_address_is_tried_after_failure(self, receiver):
        names = Names(["127.9.9.9", "127.0.0.1"])
        assert (await post(f"http://hooks.example:{receiver.port}/", names=names)).outcome == "delivered"

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    async def test_every_2xx_is_a_success(self, receiver, status):
        receiver.otherwise = Reply(status)
        assert (await post(receiver.url())).outcome == "delivered"


class TestRefused:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    async def test_a_redirect_is_not_followed(self, receiver, canary, status):
        receiver.otherwise = Reply(status, {"Location": canary.url()})
        answer = await post(receiver.url())
        assert (answer.outcome, answer.status_code) == ("redirect", status)
        assert canary.received == []

    @pytest.mark.parametrize("status", [400, 404, 410, 429, 500, 503])
    async def test_every_other_status_is_a_failure(self, receiver, status):
        receiver.otherwise = Reply(status, {"Retry-After": "7"})
        answer = await post(receiver.url())
        assert (answer.outcome, answer.status_code, answer.retry_after) == ("status", status, 7.0)

    async def test_nobody_there(self):
        assert (await post("http://127.0.0.1:1/")).outcome == "connection"

    async def test_one_who_speaks_something_else(self, background_server):
        async def greet(reader, writer):
            await reader.readuntil(b"}")
            writer.write(b"220 mail.example ESMTP\r\n")

        port = await background_server(greet)
        assert (await post(f"http://127.0.0.1:{port}/")).outcome == "protocol"

    async def test_one_who_hangs_up(self, background_server):
        port = await background_server(lambda _reader, writer: writer.close())
        assert (await post(f"http://127.0.0.1:{port}/")).outcome in {"connection", "protocol"}

    async def test_one_who_never_answers(self, receiver):
        receiver.otherwise = Reply(hold=threading.Event())
        started = time.monotonic()
        answer = await post(receiver.url(), seconds=0.3)
        assert answer.outcome == "timeout"
        assert answer.duration_ms >= 290
        assert time.monotonic() - started < 5

    async def test_one_who_answers_a_byte_at_a_time(self, background_server):
        async def trickle(_reader, writer):
            writer.write(b"HTTP/1.1 200 OK\r\n")
            while not writer.is_closing():
                writer.write(b"x: y\r\n")
                await asyncio.sleep(0.02)

        port = await background_server(trickle)
        assert (await post(f"http://127.0.0.1:{port}/", seconds=0.3)).outcome in {"timeout", "protocol"}

    async def test_one_who_never_stops(self, background_server):
        sent = 0

        async def pour(_reader, writer):
            nonlocal sent
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"x" * 65536)
                sent += 65536
                await writer.drain()

        port = await background_server(pour)
        assert (await post(f"http://127.0.0.1:{port}/")).outcome == "delivered"
        assert sent < 64 * 1024 * 1024
        assert MAX_ANSWER < 65536

    @pytest.mark.parametrize("text", ["http://:1/", "nonsense", "https://2130706433/"])
    async def test_stored_url_is_checked_again(self, text):
        assert (await post(text)).outcome == "address"


class TestNeverReached:
    """A canary listens on loopback, which is not public: no URL may reach it."""

    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "localhost",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "127.1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "0.0.0.0",  # noqa: S104 - called, not bound
        ],
    )
    @pytest.mark.parametrize("scheme", ["http", "https"])
    async def test_however_it_is_written(self, canary, host, scheme):
        assert (await post(f"{scheme}://{host}:{canary.port}/", allowed=())).outcome == "address"
        assert canary.received == []

    async def test_a_name_that_leads_there(self, canary):
        for answer in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]):
            url = f"https://innocent.example:{canary.port}/"
            assert (await post(url, allowed=(), names=Names(answer))).outcome == "address"
        assert canary.received == []

    async def test_a_name_that_changes_its_mind(self, canary):
        """DNS rebinding: public when it was given, ours when it is called."""
        names = Names(["93.184.216.34"], ["127.0.0.1"])
        guard = Guard((), resolve=names)
        await guard.check("https://rebinding.example/", seconds=5)
        assert (await Poster(guard).post("https://rebinding.example/", HEADERS, b"{}")).outcome == "address"
        assert canary.received == []

    async def test_not_even_the_proxy_of_the_environment(self, receiver, canary, monkeypatch):
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, canary.url("/"))
        assert (await post(receiver.url())).outcome == "delivered"
        assert canary.received == []

    async def test_not_even_beside_an_allowed_network(self, canary):
        narrow = [ipaddress.ip_network("127.0.0.2/32")]
        assert (await post(canary.url(), allowed=narrow)).outcome == "address"
        assert canary.received == []


class TestTls:
    async def test_certificate_must_match_the_name(self, tls_server):
        port, authority, heard = tls_server
        trusting = ssl.create_default_context(cadata=authority)
        url = f"https://hooks.example:{port}/"
        answer = await post(url, names=Names(["127.0.0.1"]), tls=trusting)
        assert answer.outcome == "delivered"
        assert heard == ["hooks.example"]

    async def test_another_name_is_refused(self, tls_server):
        port, authority, _ = tls_server
        trusting = ssl.create_default_context(cadata=authority)
        answer = await post(f"https://other.example:{port}/", names=Names(["127.0.0.1"]), tls=trusting)
        assert answer.outcome == "tls"

    async def test_a_certificate_that_nobody_vouches_for_is_refused(self, tls_server):
        port, _, _ = tls_server
        assert (await post(f"https://hooks.example:{port}/", names=Names(["127.0.0.1"]))).outcome == "tls"


class TestRetryAfter:
    def test_seconds(self):
        assert retry_after("120") == 120.0

    def test_a_date(self):
        then = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=90)
        assert 85 < retry_after(then.strftime("%a, %d %b %Y %H:%M:%S GMT")) < 95

    @pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "٣", "Mon, 99 Foo 2026", "1e9"])
    def test_anything_else_is_none(self, text):
        assert retry_after(text) is None

    def test_the_past_is_now(self):
        assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0


@pytest.fixture
async def background_server():
    """Serve raw bytes: `await background_server(handle)` gives a port."""
    servers = []

    async def start(handle, **options):
        async def serve(reader, writer):
            try:
                outcome = handle(reader, writer)
                if asyncio.iscoroutine(outcome):
                    await outcome
            except ConnectionError:
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, **options)
        servers.append(server)
        return server.sockets[0].getsockname()[1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
async def tls_server(background_server, tmp_path):
    """A server named hooks.example, the certificate of its authority, and the names that it was asked for."""
    certificate, key = make_certificate("hooks.example")
    (tmp_path / "certificate").write_bytes(certificate)
    (tmp_path / "key").write_bytes(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    heard = []
    context.sni_callback = lambda _socket, name, _context: heard.append(name)

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        await writer.drain()

    return await background_server(answer, ssl=context), certificate.decode(), heard


def make_certificate(name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private
