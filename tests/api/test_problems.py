"""Problem documents: the shape of every refusal, and the catalog of codes."""

import pytest
import structlog

from api.errors import catalog
from backplane.errors import ApplicationError, FileTooLarge
from tests.api.conftest import opened

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

MEMBERS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


def assert_problem(response, status, code):
    assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
    body = response.json()
    assert set(body) == MEMBERS
    assert (body["status"], body["code"], body["type"]) == (status, code, f"/docs/problems/{code}")
    assert body["request_id"] == response.headers["X-Request-ID"]


class TestFrameworkRefusals:
    @pytest.mark.parametrize("path", ["/nothing", "/api/v1", "/api/v1/jobs/", "/api/v2/jobs", "/docs/x", "/%2e%2e/etc"])
    async def test_an_unknown_address_is_a_problem(self, client, path):
        assert_problem(await client.get(path), 404, "not-found")

    @pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "TRACE", "BREW"])
    async def test_other_method_is_405_with_allow(self, client, method):
        response = await client.request(method, "/api/v1/encrypt")
        assert_problem(response, 405, "method-not-allowed")
        assert response.headers["Allow"] == "POST"


class TestUnexpectedErrors:
    @pytest.fixture
    async def broken(self, gateway_settings):
        async with opened(gateway_settings()) as gateway:
            yield gateway

    async def test_are_500_without_details(self, broken, monkeypatch):
        async def fail(*_args, **_keywords):
            raise RuntimeError("canary: the password is hunter2")

        monkeypatch.setattr(broken.services.jobs.views, "page", fail, raising=True)
        user = await broken.user()
        with structlog.testing.capture_logs() as lines:
            async with user.http:
                response = await user.http.get("/api/v1/jobs")
        assert_problem(response, 500, "internal")
        assert "http.failed" in [line["event"] for line in lines]
        assert "canary" not in response.text
        assert "Traceback" not in response.text

    async def test_have_the_headers_of_every_answer(self, broken, monkeypatch):
        monkeypatch.setattr(broken.app.state.readiness, "read", None)
        with structlog.testing.capture_logs():
            async with broken.client() as client:
                response = await client.get("/ready")
        assert response.status_code == 500
        assert response.headers["X-Content-Type-Options"] == "nosniff"


class TestCatalog:
    async def test_every_code_has_its_page(self, client):
        for code, (status, _title) in catalog().items():
            response = await client.get(f"/docs/problems/{code}")
            assert response.status_code == 200
            assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
            assert f"`{code}` · HTTP {status}" in response.text

    async def test_has_a_page_where_no_documents_are_installed(self, client, monkeypatch, tmp_path):
        monkeypatch.setattr("api.routes.pages.PROBLEMS", tmp_path)
        assert (await client.get("/docs/problems/gone")).text == "# The object is no longer kept\n\n`gone` · HTTP 410\n"

    @pytest.mark.parametrize("code", ["nothing", "README", "..%2f..%2fREADME", "gone.md"])
    async def test_no_other_page_is_there(self, client, code):
        assert_problem(await client.get(f"/docs/problems/{code}"), 404, "not-found")

    def test_covers_every_refusal_of_the_services(self):
        assert {kind.code for kind in ApplicationError.__subclasses__()} <= set(catalog())
        assert catalog()["file-too-large"] == (413, FileTooLarge.title)
