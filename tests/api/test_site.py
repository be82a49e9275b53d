"""The console's route: files and pages of a build, without any server behind it."""

import gzip
import json

import httpx
import pytest
from fastapi import FastAPI

from api import errors
from api.middleware.headers import PAGE_POLICY, POLICY, SecurityHeaders
from api.routing import Router
from api.site.console import FOR_A_YEAR, Console
from api.site.files import choose_coding
from api.site.route import ConsoleRoute
from backplane.settings import Settings

pytestmark = pytest.mark.anyio

HTML = {"Accept": "text/html,*/*;q=0.8"}
SHELL = "<!doctype html><title>console</title>"
SCRIPT = "export const answer = 42;\n" * 50
ROUTES = [
    {"path": "/", "index": True},
    {"path": "/overview", "index": False},
    {"path": "/jobs/:job", "index": False},
    {"path": "/a.b", "index": True},
]

router = Router()


@router.get("/health")
async def health() -> dict:
    return {"status": "ok"}


@router.post("/api/v1/encrypt")
async def encrypt() -> dict:
    return {}


@pytest.fixture
def build(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(SHELL)
    (tmp_path / "routes.json").write_text(json.dumps(ROUTES))
    (tmp_path / "health").write_text("of the build")
    (tmp_path / "open.html").write_text("<!doctype html>opener")
    (tmp_path / "robots.txt").write_text("User-agent: *\n")
    (tmp_path / "manifest.webmanifest").write_text("{}")
    (tmp_path / "assets" / "main-4f1c.js").write_text(SCRIPT)
    (tmp_path / "assets" / "main-4f1c.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    (tmp_path / "assets" / "main-4f1c.js.br").write_bytes(b"brotli")
    return tmp_path


def serve(build):
    app = FastAPI(docs_url=None, redoc_url=None, redirect_slashes=False)
    errors.install(app)
    app.include_router(router)
    app.router.routes.append(ConsoleRoute(Console.read(build)))
    app.add_middleware(SecurityHeaders)
    app.state.settings = Settings.model_construct(environment="test", public_url="http://localhost:8000")
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://gateway", headers={"Accept-Encoding": ""}
    )


@pytest.fixture
async def client(build):
    async with serve(build) as http:
        yield http


class TestPages:
    @pytest.mark.parametrize("path", ["/", "/overview", "/jobs/job_01", "/jobs/%2e%2e"])
    async def test_every_route_is_the_shell(self, client, path):
        page = await client.get(path)
        assert (page.status_code, page.text) == (200, SHELL)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Cache-Control"] == "no-cache"
        assert page.headers["Content-Security-Policy"] == PAGE_POLICY

    async def test_only_public_pages_are_indexed(self, client):
        assert "X-Robots-Tag" not in (await client.get("/")).headers
        assert (await client.get("/overview")).headers["X-Robots-Tag"] == "noindex"

    @pytest.mark.parametrize("path", ["/nothing", "/jobs", "/jobs/", "/jobs/a/b", "/overview/", "/axb", "/routes.json"])
    async def test_unknown_page_is_404_with_the_shell(self, client, path):
        page = await client.get(path, headers=HTML)
        assert (page.status_code, page.text) == (404, SHELL)
        assert page.headers["X-Robots-Tag"] == "noindex"
        assert page.headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        ("path", "accept"),
        [
            ("/nothing", "*/*"),
            ("/nothing", "application/json"),
            ("/api/v1/nothing", "text/html"),
            ("/assets/main-old.js", "text/html"),
            ("/docs/nothing", "text/html"),
            ("/ws/nothing", "text/html"),
            ("/.well-known/nothing", "text/html"),
        ],
    )
    async def test_program_gets_a_problem_document(self, client, path, accept):
        answer = await client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
        assert answer.headers["Content-Security-Policy"] == POLICY

    async def test_other_methods_are_refused(self, client):
        answer = await client.post("/overview", headers=HTML)
        assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
        assert answer.headers["Allow"] == "GET, HEAD"
        assert (await client.post("/nothing", headers=HTML)).status_code == 404

    async def test_no_address_of_the_api_is_hidden(self, client):
        assert (await client.get("/health", headers=HTML)).json() == {"status": "ok"}
        wrong = await client.get("/api/v1/encrypt", headers=HTML)
        assert (wrong.status_code, wrong.headers["Allow"]) == (405, "POST")

    @pytest.mark.parametrize(("path", "status"), [("/overview", 307), ("/nothing", 307), ("/robots.txt", 200)])
    async def test_loopback_address_leads_to_the_public_one(self, client, path, status):
        accept = HTML if status == 307 else {}
        page = await client.get(f"{path}?a=b", headers={"Host": "127.0.0.1:8000", **accept})
        assert page.status_code == status
        assert status == 200 or page.headers["Location"] == f"http://localhost:8000{path}?a=b"


class TestFiles:
    async def test_hashed_files_are_kept_for_a_year(self, client):
        script = await client.get("/assets/main-4f1c.js")
        assert script.headers["Cache-Control"] == FOR_A_YEAR == "public, max-age=31536000, immutable"
        assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert (await client.get("/robots.txt")).headers["Cache-Control"] == "no-cache"

    async def test_types_do_not_depend_on_the_machine(self, client):
        assert (await client.get("/manifest.webmanifest")).headers["Content-Type"] == "application/manifest+json"
        assert (await client.get("/robots.txt")).headers["Content-Type"] == "text/plain; charset=utf-8"

    async def test_opener_is_offered_as_a_download(self, client):
        assert (await client.get("/open.html")).headers["Content-Disposition"] == 'attachment; filename="open.html"'

    @pytest.mark.parametrize(("accepted", "coding"), [("gzip, deflate, br, zstd", "br"), ("gzip", "gzip"), ("", None)])
    async def test_compressed_forms_are_negotiated(self, client, accepted, coding):
        request = client.build_request("GET", "/assets/main-4f1c.js", headers={"Accept-Encoding": accepted})
        answer = await client.send(request, stream=True)
        raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert answer.headers.get("Content-Encoding") == coding
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert int(answer.headers["Content-Length"]) == len(raw)
        assert raw == {"br": b"brotli", "gzip": gzip.compress(SCRIPT.encode()), None: SCRIPT.encode()}[coding]

    async def test_each_form_has_its_own_etag(self, client):
        tags = [
            (await client.head("/assets/main-4f1c.js", headers={"Accept-Encoding": one})).headers["ETag"]
            for one in ("", "gzip", "br")
        ]
        assert len(set(tags)) == 3

    @pytest.mark.parametrize("path", ["/", "/assets/main-4f1c.js"])
    async def test_known_etag_is_304_with_the_policy(self, client, path):
        whole = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": whole.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Cache-Control", "Content-Security-Policy"):
            assert again.headers[name] == whole.headers[name]
        assert (await client.get(path, headers={"If-Match": '"other"'})).status_code == 412

    @pytest.mark.parametrize("path", ["/", "/assets/main-4f1c.js", "/open.html"])
    async def test_head_is_get_without_the_body(self, client, path):
        whole, head = await client.get(path), await client.head(path)
        assert (head.status_code, head.content) == (200, b"")
        assert dict(head.headers) == dict(whole.headers)

    async def test_head_of_an_unknown_page_is_404(self, client):
        assert (await client.head("/nothing", headers=HTML)).status_code == 404

    @pytest.mark.parametrize(
        "path",
        [
            "/assets/../index.html",
            "/assets/%2e%2e/routes.json",
            "/..%2f..%2fetc%2fpasswd",
            "/routes.json",
            "/open.html.br",
        ],
    )
    async def test_nothing_else_of_the_disk_is_given_out(self, client, path):
        assert (await client.get(path)).status_code == 404

    async def test_disk_is_not_read_again(self, build, client):
        (build / "assets" / "main-4f1c.js").unlink()
        assert (await client.get("/assets/main-4f1c.js")).text == SCRIPT


class TestCoding:
    @pytest.mark.parametrize(
        ("header", "expected"),
        [
            ("br, gzip", "br"),
            ("br;q=0.1, gzip;q=0.9", "gzip"),
            ("br;q=0", "identity"),
            ("br;q=0, *", "gzip"),
            ("*;q=0", "identity"),
            ("GZIP ; Q=0.5", "gzip"),
            ("identity", "identity"),
            ("gzip;q=x, br;;", "identity"),
            ("", "identity"),
        ],
    )
    def test_weights_decide_and_then_size(self, header, expected):
        assert choose_coding([header], {"br": b"", "gzip": b"", "identity": b""}) == expected


class TestWithoutABuild:
    async def test_front_page_says_what_to_run(self, tmp_path):
        async with serve(tmp_path) as client:
            page = await client.get("/")
            assert page.status_code == 200
            assert "<code>make console</code>" in page.text
            assert page.headers["Cache-Control"] == "no-store"
            assert (await client.get("/overview", headers=HTML)).status_code == 404
            assert (await client.get("/health")).json() == {"status": "ok"}
