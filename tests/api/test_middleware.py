"""The middleware of all requests: request ids, security headers, origins, access log and metrics."""

import re

import pytest
import structlog
from prometheus_client import REGISTRY

from tests.api.conftest import opened
from tests.api.document import PATHS

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-permitted-cross-domain-policies": "none",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


class TestRequestId:
    async def test_a_new_one_is_made(self, client):
        first, second = [(await client.get("/health")).headers["X-Request-ID"] for _ in range(2)]
        assert re.fullmatch(r"req_[0-9a-f]{32}", first)
        assert first != second

    @pytest.mark.parametrize("given", ["abcdefgh", "3f2a-77:b.c_d", "x" * 128])
    async def test_the_callers_is_kept(self, client, given):
        assert (await client.get("/health", headers={"X-Request-ID": given})).headers["X-Request-ID"] == given

    @pytest.mark.parametrize(
        "given", ["short", "x" * 129, "with space", "new\tline", "<script>x", "ünïcödé1", "a;b;c;d;e"]
    )
    async def test_one_of_another_shape_is_replaced(self, client, given):
        response = await client.get("/health", headers=[(b"X-Request-ID", given.encode())])
        assert response.headers["X-Request-ID"].startswith("req_")


class TestSecurityHeaders:
    @pytest.mark.parametrize(
        "path", ["/health", "/nothing", "/docs", "/openapi.json", "/api/v1/jobs", "/docs/assets/x"]
    )
    async def test_are_on_every_answer(self, client, path):
        headers = (await client.get(path)).headers
        assert {name: headers[name] for name in ALWAYS} == ALWAYS

    async def test_nothing_names_the_software(self, server):
        async with server.client() as client:
            for path in ("/health", "/nothing", "/"):
                assert not {"server", "x-powered-by"} & (await client.get(path)).headers.keys()

    async def test_nothing_may_be_loaded_but_by_the_manual(self, client):
        assert (await client.get("/api/v1/jobs")).headers["Content-Security-Policy"] == NOTHING
        policy = (await client.get("/docs")).headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy
        assert "http" not in policy
        assert "unsafe" not in policy

    async def test_answers_of_the_api_are_not_stored(self, client, ada):
        assert (await ada.http.get("/api/v1/jobs")).headers["Cache-Control"] == "no-store"

    async def test_strict_transport_only_over_tls(self, gateway, client):
        assert "Strict-Transport-Security" not in (await client.get("/health")).headers
        gateway_over_tls = "https://gateway/health"
        assert "Strict-Transport-Security" in (await client.get(gateway_over_tls)).headers

    async def test_public_url_tells_the_scheme(self, gateway_settings):
        async with opened(gateway_settings(public_url="https://gateway")) as gateway, gateway.client() as client:
            assert "Strict-Transport-Security" in (await client.get("/health")).headers
            other = await client.get("/health", headers={"Host": "127.0.0.1:8000"})
            assert "Strict-Transport-Security" not in other.headers


class TestOrigins:
    ORIGIN = "https://console.example"

    async def test_a_listed_origin_may_call(self, client):
        response = await client.get("/health", headers={"Origin": self.ORIGIN})
        assert response.headers["Access-Control-Allow-Origin"] == self.ORIGIN
        assert "Access-Control-Allow-Credentials" not in response.headers

    async def test_and_send_a_token_and_a_form(self, client):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,prefer"}
        response = await client.options("/api/v1/encrypt", headers={"Origin": self.ORIGIN} | asked)
        assert response.status_code == 200
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]

    @pytest.mark.parametrize("header", ["X-Account", "X-API-Key", "Accept-Signature", "Idempotency-Key"])
    async def test_listed_headers_may_be_sent(self, client, header):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": header}
        response = await client.options("/api/v1/encrypt", headers={"Origin": self.ORIGIN} | asked)
        assert response.status_code == 200
        assert header in response.headers["Access-Control-Allow-Headers"].split(", ")

    @pytest.mark.parametrize("header", ["Cookie", "X-CSRF", "X-Forwarded-For", "Host"])
    async def test_others_may_not(self, client, header):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": header}
        response = await client.options("/api/v1/encrypt", headers={"Origin": self.ORIGIN} | asked)
        assert response.status_code == 400

    async def test_pages_may_read_what_answers_say(self, client):
        shown = (await client.get("/health", headers={"Origin": self.ORIGIN})).headers["Access-Control-Expose-Headers"]
        wanted = (
            "RateLimit RateLimit-Policy Signature Signature-Input Content-Digest Deprecation Sunset Link Retry-After"
        )
        assert set(wanted.split()) <= set(shown.split(", "))
        assert "Set-Cookie" not in shown

    async def test_caches_keep_origins_apart(self, client):
        for headers in ({}, {"Origin": self.ORIGIN}, {"Origin": "https://evil.example"}):
            vary = (await client.get("/api/v1/tiers", headers=headers)).headers["Vary"]
            assert "Origin" in [name.strip() for name in vary.split(",")]

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://console.example.evil.example"])
    async def test_another_origin_may_not(self, client, origin):
        response = await client.get("/health", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in response.headers


class TestMethods:
    @pytest.mark.parametrize("path", sorted(PATHS))
    async def test_trace_is_not_answered(self, client, path):
        address = re.sub(r"{[^}]*}", "x", path)
        response = await client.request("TRACE", address, headers={"X-Canary": "canary-1234"})
        assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
        assert "TRACE" not in response.headers["Allow"]
        assert "canary" not in response.text


class TestAccessLog:
    async def test_line_has_the_request_without_its_query(self, client):
        with structlog.testing.capture_logs() as lines:
            await client.get("/nothing?token=canary")
        line = next(line for line in lines if line["event"] == "http.request")
        assert (line["method"], line["path"], line["route"], line["status"]) == ("GET", "/nothing", "unmatched", 404)
        assert line["address"] == "127.0.0.1"
        assert "canary" not in str(lines)

    async def test_path_is_cut_at_200_characters(self, client):
        with structlog.testing.capture_logs() as lines:
            await client.get("/" + "x" * 5000)
        assert len(lines[0]["path"]) == 200


class TestMetrics:
    async def test_count_by_route_and_never_by_id(self, ada):
        job_id = await ada.encrypt()
        await ada.job(job_id)
        text = (await ada.http.get("/metrics")).text
        assert 'route="/api/v1/jobs/{job_id}"' in text
        assert job_id not in text

    async def test_an_invented_method_makes_no_new_series(self, client):
        for method in ("BREW", "COFFEE"):
            await client.request(method, "/nothing")
        labels = {"method": "OTHER", "route": "unmatched", "status": "404"}
        assert REGISTRY.get_sample_value("imageshield_http_requests_total", labels) >= 2

    async def test_uploads_in_flight_return_to_zero(self, ada):
        await ada.encrypt()
        assert REGISTRY.get_sample_value("imageshield_upload_bytes_in_flight") == 0


class TestSettingsOfOrigins:
    async def test_none_is_allowed_where_none_is_listed(self, gateway_settings):
        async with opened(gateway_settings()) as gateway, gateway.client() as client:
            response = await client.get("/health", headers={"Origin": "https://console.example"})
            assert "Access-Control-Allow-Origin" not in response.headers
