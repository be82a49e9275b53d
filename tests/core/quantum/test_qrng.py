import json
import ssl
import sys
import threading
import traceback
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shield_core.errors import SourceFailed
from shield_core.keys import canonical
from shield_core.quantum import qrng
from shield_core.quantum.keygen import draw_file_key
from shield_core.quantum.measurement import measure
from shield_core.quantum.qrng import HttpQrngSource
from tests.core.quantum.test_keygen import BALANCED, NAMES

KEY = "key-4611686018427387905"
SECRET = "what-the-server-said"


class Generator(ThreadingHTTPServer):
    """A local generator. `answer(handler, numbers)` sends the response."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, answer):
        self.answer = answer
        self.requests = []
        self.random = np.random.default_rng(1)
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/qrng"

    def numbers(self, count):
        return [int(number) for number in self.random.integers(0, 65_536, count)]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.requests.append((query, dict(self.headers)))
        self.server.answer(self, int(query["length"]))

    def send(self, body, *, status=200, **headers):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def sound(handler, count, **changes):
    numbers = handler.server.numbers(count)
    handler.send({"success": True, "type": "uint16", "length": str(count), "data": numbers} | changes)


def with_data(change):
    return lambda handler, count: sound(handler, count, data=change(handler.server.numbers(count)))


@contextmanager
def generator(answer=sound):
    server = Generator(answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()


def endless(handler, _):
    """Send an endless response, as fast as it is read."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.is_set():
        try:
            handler.wfile.write(b" " * 4096)
        except OSError:
            return


def dripping(handler, _):
    """Send single bytes slowly: every read is in time, but the response is not."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.over.wait(0.02):
        try:
            handler.wfile.write(b" ")
        except OSError:
            return


class TestMeasure:
    def test_asks_as_anu_wants_to_be_asked(self):
        with generator() as server:
            HttpQrngSource(server.url, api_key=KEY).measure(4096)
        (query, headers), *others = server.requests
        assert query == {"length": "256", "type": "uint16"}
        assert headers["X-Api-Key" if "X-Api-Key" in headers else "x-api-key"] == KEY
        assert others == []

    def test_without_a_key_sends_none(self):
        with generator() as server:
            HttpQrngSource(server.url).measure(8)
        assert "x-api-key" not in {name.lower() for name in server.requests[0][1]}

    def test_gives_the_numbers_highest_bit_first(self):
        with generator(with_data(lambda _: [0x0102, 0xFFFE])) as server:
            assert HttpQrngSource(server.url).measure(32) == b"\x01\x02\xff\xfe"

    @pytest.mark.parametrize("n_bits", [8, 16, 24, 4096, 16_384, 16_392, 40_000])
    def test_gives_exactly_the_bits_that_were_asked_for(self, n_bits):
        with generator() as server:
            assert len(HttpQrngSource(server.url).measure(n_bits)) * 8 == n_bits
        assert all(int(query["length"]) <= 1024 for query, _ in server.requests)

    def test_makes_a_key_through_tests_and_extractor(self):
        with generator() as server:
            drawn = draw_file_key(HttpQrngSource(server.url), **NAMES, **BALANCED)
        assert not drawn.degraded
        assert (drawn.statement["raw"]["bits"], drawn.statement["raw"]["credited_bits"]) == (16_384, 4096)
        assert drawn.statement["source"]["kind"] == "hardware"
        assert len(server.requests) == 1


class TestBadAnswers:
    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (with_data(lambda numbers: numbers[:-1]), "did not answer with 1024 numbers"),
            (with_data(lambda numbers: [*numbers, 1]), "did not answer with 1024 numbers"),
            (with_data(lambda numbers: []), "did not answer with 1024 numbers"),
            (with_data(lambda numbers: None), "did not answer with 1024 numbers"),
            (with_data(lambda numbers: "ff" * 2048), "did not answer with 1024 numbers"),
            (with_data(lambda numbers: ["1", *numbers[1:]]), "no number of 16 bits"),
            (with_data(lambda numbers: [True, *numbers[1:]]), "no number of 16 bits"),
            (with_data(lambda numbers: [1.0, *numbers[1:]]), "no number of 16 bits"),
            (with_data(lambda numbers: [-1, *numbers[1:]]), "no number of 16 bits"),
            (with_data(lambda numbers: [65_536, *numbers[1:]]), "no number of 16 bits"),
            (with_data(lambda numbers: [None, *numbers[1:]]), "no number of 16 bits"),
            (lambda handler, count: sound(handler, count, success=False), "without the numbers"),
            (lambda handler, count: sound(handler, count, success="true"), "without the numbers"),
            (lambda handler, count: sound(handler, count, type="uint8"), "without the numbers"),
            (lambda handler, count: handler.send([1, 2, 3]), "without the numbers"),
            (lambda handler, count: handler.send({}), "without the numbers"),
            (lambda handler, count: handler.send(b"<html>quota</html>"), "no JSON"),
            (lambda handler, count: handler.send(b""), "no JSON"),
            (lambda handler, count: handler.send(b"\xff\xfe\xff"), "no JSON"),
            (lambda handler, count: handler.send(b"[" * 60_000), "no JSON"),
            (lambda handler, count: handler.send(SECRET.encode(), status=500), "the status 500"),
            (lambda handler, count: handler.send(SECRET.encode(), status=503), "the status 503"),
            (lambda handler, count: handler.send(SECRET.encode(), status=429), "the status 429"),
            (lambda handler, count: handler.send(SECRET.encode(), status=204), "the status 204"),
            (lambda handler, count: handler.send(b"x", Content_Encoding="gzip"), "encoding that was not asked for"),
            (lambda handler, count: handler.send(b" " * 70_000), "more than 65536 bytes"),
            (endless, "more than 65536 bytes"),
            (lambda handler, count: handler.wfile.write(b"not http at all\r\n\r\n"), "the connection failed"),
            (lambda handler, count: handler.send(b"{", Content_Length="100"), "the connection failed"),
        ],
    )
    def test_is_named_and_not_repeated(self, answer, reason):
        with generator(answer) as server:
            source = HttpQrngSource(server.url)
            with pytest.raises(SourceFailed, match=reason) as caught:
                measure(source, 4096)
        assert SECRET not in "".join(traceback.format_exception(caught.value))

    def test_a_redirect_is_not_followed(self):
        """The key would go to any address in the response."""
        with generator() as other:
            with (
                generator(lambda handler, _: handler.send(b"", status=302, Location=other.url)) as server,
                pytest.raises(SourceFailed, match="the status 302"),
            ):
                measure(HttpQrngSource(server.url, api_key=KEY), 4096)
            assert other.requests == []

    @pytest.mark.parametrize("answer", [lambda handler, _: handler.server.over.wait(30), dripping])
    def test_one_that_stalls_is_left(self, answer):
        with generator(answer) as server, pytest.raises(SourceFailed, match=r"did not answer within 0.2 s"):
            HttpQrngSource(server.url, deadline_seconds=0.2).measure(4096)

    def test_no_request_starts_after_the_deadline(self, monkeypatch):
        with generator() as server:
            source = HttpQrngSource(server.url)
            monkeypatch.setattr(qrng.time, "monotonic", iter([0, 1, 2, 31]).__next__)
            with pytest.raises(SourceFailed, match="within 30 s"):
                source.measure(3 * 16_384)
        assert len(server.requests) == 1

    def test_a_server_that_is_not_there_is_named(self):
        with generator() as server:
            pass
        with pytest.raises(SourceFailed, match="the connection failed with ConnectError"):
            measure(HttpQrngSource(server.url), 4096)

    def test_the_image_is_encrypted_and_says_so(self):
        with generator(lambda handler, _: handler.send(b"", status=503)) as server:
            drawn = draw_file_key(HttpQrngSource(server.url), **NAMES, **BALANCED)
        assert drawn.statement["purity"]["reason"] == (
            "degraded: The source qrng failed: it answered with the status 503"
        )


class TestTransport:
    def test_self_signed_certificate_is_refused(self, tmp_path):
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
            .sign(key, hashes.SHA256())
        )
        pem = tmp_path / "server.pem"
        pem.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        with generator() as server:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            with pytest.raises(SourceFailed, match="the connection failed"):
                HttpQrngSource(f"https://localhost:{server.server_port}/", deadline_seconds=5).measure(8)
        assert server.requests == []

    @pytest.mark.parametrize("host", ["127.0.0.1:1", "127.9.9.9", "localhost", "[::1]:8080"])
    def test_this_machine_may_be_asked_without_tls(self, host):
        assert HttpQrngSource(f"http://{host}/qrng")

    @pytest.mark.parametrize("url", ["http://qrng.example", "http://10.0.0.1/", "ftp://127.0.0.1/", "http://0.0.0.0/"])
    def test_remote_address_without_https_is_refused(self, url):
        with pytest.raises(ValueError, match="over https"):
            HttpQrngSource(url)

    @pytest.mark.parametrize(
        "url",
        [
            "https://user:secret@qrng.example/",
            "https://secret@qrng.example/",
            "https://qrng.example/?key=secret",
            "https://qrng.example/#secret",
            "https:///path",
            "",
            "qrng.example",
            "https://[::1/secret",
            "https://qrng.example:secret/",
        ],
    )
    def test_invalid_address_is_refused_and_not_quoted(self, url):
        with pytest.raises(ValueError, match="address of the generator") as caught:
            HttpQrngSource(url)
        assert "secret" not in "".join(traceback.format_exception(caught.value))

    def test_loopback_address_bypasses_environment_proxy(self, monkeypatch):
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        with generator() as server:
            assert HttpQrngSource(server.url).measure(8)


class TestSecrecy:
    def test_neither_key_nor_path_is_said_or_shown(self):
        source = HttpQrngSource("https://qrng.example/path-of-mine", api_key=KEY)
        for text in (repr(source), str(source), canonical.dumps(source.describe()).decode()):
            assert "qrng.example" in text
            assert KEY not in text
            assert "path-of-mine" not in text

    def test_echoed_api_key_is_not_quoted(self):
        with generator(lambda handler, _: handler.send(KEY.encode(), status=403)) as server:
            drawn = draw_file_key(HttpQrngSource(server.url, api_key=KEY), **NAMES, **BALANCED)
        assert drawn.degraded
        assert KEY not in canonical.dumps(drawn.statement).decode()


class TestStart:
    def test_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "httpx", None)
        monkeypatch.setattr(qrng.util, "find_spec", lambda name: None)
        with pytest.raises(SourceFailed, match=r"imageshield\[qrng\]"):
            HttpQrngSource("https://qrng.example/")

    @pytest.mark.parametrize("seconds", [0, -1])
    def test_needs_some_time(self, seconds):
        with pytest.raises(ValueError, match="some time"):
            HttpQrngSource("https://qrng.example/", deadline_seconds=seconds)

    @pytest.mark.parametrize("key", ["secret\n", "secret\r\nHost: x", "sécret"])
    def test_refuses_a_key_that_no_header_can_carry(self, key):
        with pytest.raises(ValueError, match="no header can carry") as caught:
            HttpQrngSource("https://qrng.example/", api_key=key)
        assert "cret" not in str(caught.value)
