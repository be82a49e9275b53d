"""The gateway behind a real Traefik: whose request it is, over which scheme, and what a caller can forge."""

import json
from contextlib import asynccontextmanager

import httpx
import pytest
import structlog
from websockets.asyncio.client import connect

from api.signatures.accept_signature import EXAMPLE
from tests.api.conftest import PASSWORD, serving
from tests.api.test_signatures import keys_of, verify, verify_by_hand
from tests.support.traefik import traefik

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

CALLER, PROXY = "127.0.0.9", "127.0.0.1"
"""Both are of this machine. Traefik connects from the second one."""

FORGED = {
    "X-Forwarded-For": "9.9.9.9",
    "X-Real-Ip": "9.9.9.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=9.9.9.9;proto=https;host=evil.example",
}


@pytest.fixture(scope="module")
def trusting(gateway_settings):
    with serving(gateway_settings(trusted_proxies=PROXY, allowed_origins="https://console.example")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def strict(trusting, tmp_path_factory):
    with traefik(tmp_path_factory.mktemp("strict"), trusting.base_url) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def credulous(trusting, tmp_path_factory):
    """A proxy that passes what callers forward, and appends: the usual fault of a configuration."""
    with traefik(tmp_path_factory.mktemp("credulous"), trusting.base_url, believes_callers=True) as proxy:
        yield proxy


@asynccontextmanager
async def calling(url, **headers):
    transport = httpx.AsyncHTTPTransport(local_address=CALLER, verify=False)
    async with httpx.AsyncClient(transport=transport, base_url=url, headers=headers, timeout=60) as http:
        yield http


async def seen(url, headers=None):
    """Return the address that the gateway takes for the caller's, and its answer."""
    with structlog.testing.capture_logs() as lines:
        async with calling(url) as http:
            response = await http.get("/api/v1/tiers", headers=headers)
    return next(line["address"] for line in lines if line.get("path") == "/api/v1/tiers"), response


class TestAddress:
    async def test_is_the_callers_behind_the_proxy(self, strict):
        address, response = await seen(strict.http)
        assert response.status_code == 200
        assert address == CALLER

    async def test_forged_headers_move_nothing(self, strict, credulous):
        assert (await seen(strict.http, FORGED))[0] == CALLER
        assert (await seen(credulous.http, FORGED))[0] == CALLER

    async def test_direct_caller_is_not_believed(self, trusting):
        assert (await seen(trusting.base_url, FORGED))[0] == CALLER

    async def test_no_proxy_is_trusted_by_default(self, server, tmp_path):
        with traefik(tmp_path, server.base_url) as proxy:
            assert (await seen(proxy.http, FORGED))[0] == PROXY


class TestScheme:
    async def test_strict_transport_only_over_tls(self, strict):
        assert "Strict-Transport-Security" in (await seen(strict.https))[1].headers
        assert "Strict-Transport-Security" not in (await seen(strict.http, FORGED))[1].headers

    async def test_cookie_is_secure_over_tls(self, strict, ada):
        credentials = {"email": ada.email, "password": PASSWORD}
        for url, name in ((strict.https, "__Host-refresh="), (strict.http, "refresh=")):
            async with calling(url, Origin="https://console.example", **{"X-CSRF": "1"}) as http:
                response = await http.post("/api/v1/auth/session", json=credentials)
            assert response.headers.get("Set-Cookie", response.text).startswith(name)


class TestSignature:
    async def test_covers_the_address_of_the_caller(self, strict):
        async with calling(strict.https) as http:
            response = await http.get("/api/v1/tiers", headers={"Accept-Signature": EXAMPLE, "Accept-Encoding": "gzip"})
            keys = await keys_of(http)
        assert str(response.request.url).startswith("https://")
        assert verify(response, keys)
        assert verify_by_hand(response, keys)


class TestSocket:
    async def test_passes_the_proxy(self, strict, ada):
        job_id = await ada.encrypt()
        url = f"{strict.http.replace('http', 'ws')}/ws/progress/{job_id}"
        async with connect(url, additional_headers={"Authorization": f"Bearer {ada.token}"}, proxy=None) as opened:
            assert json.loads(await opened.recv())["type"] == "snapshot"

    async def test_events_come_at_once(self, strict, ada):
        job_id = await ada.encrypt()
        events = f"/api/v1/jobs/{job_id}/events"
        async with (
            calling(strict.http, Authorization=f"Bearer {ada.token}") as http,
            http.stream("GET", events) as response,
        ):
            assert "snapshot" in await anext(response.aiter_text())

    async def test_refusal_is_logged_with_the_callers_address(self, strict):
        with structlog.testing.capture_logs() as lines:
            async with calling(strict.http, **FORGED) as http:
                handshake = {
                    "Connection": "Upgrade",
                    "Upgrade": "websocket",
                    "Sec-WebSocket-Version": "13",
                    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
                }
                assert (await http.get("/ws/progress/job_" + "0" * 32, headers=handshake)).status_code == 401
        [line] = [line for line in lines if line["event"] == "socket.refused"]
        assert line["address"] == CALLER


class TestKindOfHeader:
    async def test_wrong_kind_believes_the_caller(self, gateway_settings, tmp_path):
        """Why both kinds are never read: Traefik passes the `Forwarded` of callers on."""
        settings = gateway_settings(trusted_proxies=PROXY, proxy_headers="forwarded")
        with serving(settings) as gateway, traefik(tmp_path, gateway.base_url) as proxy:
            assert (await seen(proxy.http, FORGED))[0] == "9.9.9.9"
            assert (await seen(proxy.http))[0] == PROXY
