"""Where a page is to be fetched: at the public address, if a browser came by a loopback address."""

import pytest
from starlette.requests import Request

from api.requests.origins import public_page_location
from backplane.settings import Settings
from tests.api.conftest import opened

LOCAL = "http://localhost:8000"
PAGE = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "host": "127.0.0.1:8000"}


def location(path="/login", *, public_url=LOCAL, method="GET", query="", environment="development", **headers):
    settings = Settings.model_construct(public_url=public_url, environment=environment)
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "server": ("127.0.0.1", 8000),
        "headers": [(name.encode(), value.encode()) for name, value in (PAGE | headers).items()],
    }
    return public_page_location(Request(scope), settings)


class TestPublicPageLocation:
    def test_page_keeps_its_path_and_query(self):
        assert location("/jobs/job_1", query="tab=report&x=%2F") == f"{LOCAL}/jobs/job_1?tab=report&x=%2F"

    @pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.0.0.2:8000", "[::1]:8000"])
    def test_loopback_addresses_lead_to_the_name(self, host):
        assert location(host=host) == f"{LOCAL}/login"

    def test_address_leads_back_where_it_is_public(self):
        assert location(public_url="http://127.0.0.1:8000", host="[::1]:8000") == "http://127.0.0.1:8000/login"

    def test_default_port_is_the_same_port(self):
        assert location(public_url="http://localhost", host="127.0.0.1") == "http://localhost/login"

    @pytest.mark.parametrize(
        "host",
        [
            "localhost:8000",
            "127.0.0.1:9000",
            "127.0.0.1",
            "192.168.0.7:8000",
            "evil.example:8000",
            "",
            "[",
            "a:b:c",
            "x:99999",
        ],
    )
    def test_other_host_stays(self, host):
        assert location(host=host) is None

    @pytest.mark.parametrize(
        "path",
        ["/api/v1/jobs", "/ws/progress/x", "/health", "/ready", "/metrics", "/openapi.json", "/.well-known/jwks.json"],
    )
    def test_what_programs_call_stays(self, path):
        assert location(path) is None

    @pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
    def test_other_method_stays(self, method):
        assert location(method=method) is None

    @pytest.mark.parametrize("accept", ["*/*", "application/json", "text/css,*/*;q=0.1", ""])
    def test_what_is_no_page_stays(self, accept):
        assert location(accept=accept) is None

    def test_production_and_no_address_stay(self):
        assert location(environment="production") is None
        assert location(public_url=None) is None

    def test_path_never_leads_to_another_host(self):
        assert location("//evil.example/x") == f"{LOCAL}//evil.example/x"
        assert location("/a\r\nSet-Cookie: x=1/ü") == f"{LOCAL}/a%0D%0ASet-Cookie:%20x=1/%C3%BC"


@pytest.mark.anyio
@pytest.mark.stack
class TestManual:
    async def test_is_fetched_at_the_public_address(self, gateway_settings):
        async with opened(gateway_settings(public_url=LOCAL)) as gateway, gateway.client(**PAGE) as client:
            response = await client.get("/docs")
            assert (response.status_code, response.headers["Location"]) == (307, f"{LOCAL}/docs")
            assert response.headers["Cache-Control"] == "no-store"
            assert (await client.get("/docs", headers={"Host": "localhost:8000"})).status_code == 200
            assert (await client.get("/health")).status_code == 200
