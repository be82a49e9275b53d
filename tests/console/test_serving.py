"""The console and the reference of the API, as the gateway serves them to a browser."""

import re
import threading

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import expect

from api.middleware.headers import SecurityHeaders
from api.routes import pages
from api.site.console import BUILD, Console
from api.site.route import ConsoleRoute
from backplane.settings import Settings
from tests.console.accessibility import violations_of
from tests.console.conftest import watched
from tests.console.visits import sign_in
from tests.support.users import PASSWORD

pytestmark = pytest.mark.stack


@pytest.fixture
def http(system):
    with httpx.Client(base_url=system.url, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def unbuilt(tmp_path):
    """A gateway of an installation without a build."""
    app = FastAPI(docs_url=None)
    app.include_router(pages.router)
    app.router.routes.append(ConsoleRoute(Console.read(tmp_path)))
    app.add_middleware(SecurityHeaders)
    app.state.settings = Settings.model_construct(environment="test", public_url=None)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(20)


class TestWithoutABuild:
    def test_front_page_says_what_to_run(self, browser, unbuilt):
        with watched(browser, unbuilt) as (page, watch):
            watch.allow("/fonts/")  # they are a part of the build
            page.goto("/", wait_until="networkidle")
            expect(page.get_by_role("heading", level=1)).to_have_text("The console is not built")
            expect(page.get_by_text("make console")).to_be_visible()
            page.get_by_role("navigation").get_by_role("link", name="API reference").click()
            expect(page.get_by_role("link", name="Open the console")).to_be_visible()
            watch.allow("openapi.json")  # this gateway has no API


class TestConsole:
    def test_front_page_loads_nothing_from_outside(self, page):
        """The fixture fails on violations of the policy, errors, and requests to other hosts."""
        answer = page.goto("/", wait_until="networkidle")
        assert answer.status == 200
        assert page.title().endswith("ImageShield")
        expect(page.locator("#root > *").first).to_be_visible()

    def test_unknown_page_is_404_and_drawn(self, page, page_watch):
        page_watch.allow("status of 404")  # Chromium's own line about the document
        answer = page.goto("/no/such/page", wait_until="networkidle")
        assert answer.status == 404
        expect(page.locator("#root > *").first).to_be_visible()

    def test_user_signs_in(self, page, user):
        sign_in(page, user)
        page.goto("/settings")
        expect(page.get_by_text(user.email).first).to_be_visible()

    def test_every_page_of_the_build_answers(self, http):
        patterns = [page.pattern.pattern.replace("[^/]+", "x") for page in Console.read(BUILD).pages]
        paths = [re.sub(r"\\(.)", r"\1", pattern) for pattern in patterns]
        assert "/" in paths
        for path in paths:
            assert http.get(path).status_code == 200, path

    def test_caches_keep_hashed_files_only(self, http):
        front = http.get("/")
        assert front.headers["Cache-Control"] == "no-cache"
        scripts = [path.relative_to(BUILD).as_posix() for path in (BUILD / "assets").glob("*.js")]
        for path in scripts:
            answer = http.get(f"/{path}", headers={"Accept-Encoding": "br"})
            assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
            assert answer.headers.get("Content-Encoding") == ("br" if (BUILD / f"{path}.br").is_file() else None)

    def test_addresses_of_programs_are_not_pages(self, http):
        browser = {"Accept": "text/html"}
        assert http.get("/health", headers=browser).json()["status"] == "ok"
        assert http.get("/api/v1/nothing", headers=browser).headers["Content-Type"] == "application/problem+json"


class TestReference:
    def test_authorize_and_try_it_out_work(self, page, user):
        page.goto("/docs", wait_until="networkidle")
        page.get_by_role("button", name="Authorize").first.click()
        dialog = page.locator(".dialog-ux")
        dialog.get_by_label("username:").fill(user.email)
        dialog.get_by_label("password:").fill(PASSWORD)
        dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
        expect(dialog.get_by_role("button", name="Remove authorization")).to_be_visible()
        dialog.get_by_role("button", name="Close").first.click()
        operation = page.locator("#operations-jobs-list_jobs")
        operation.get_by_role("button").first.click()
        operation.get_by_role("button", name="Try it out").click()
        operation.get_by_role("button", name="Execute").click()
        expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")

    def test_examples_fill_bodies_and_no_parameters(self, page):
        """Swagger UI gets the document as OpenAPI 3.0."""
        page.goto("/docs")
        operation = page.locator("#operations-API_keys-create_api_key")
        operation.get_by_role("button").first.click()
        expect(operation.locator("pre").first).to_contain_text('"expires_in_days": 90')
        expect(operation.get_by_placeholder("X-Account")).to_have_value("")
        operation.get_by_text("Schema", exact=True).first.click()
        expect(operation.get_by_text("nullable: true").first).to_be_visible()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_theme_follows_the_system(self, open_page, theme):
        page = open_page(color_scheme=theme)
        page.goto("/docs")
        assert page.locator("html").get_attribute("data-theme") == theme

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_axe_finds_nothing(self, open_page, theme):
        page = open_page(color_scheme=theme)
        page.goto("/docs")
        operation = page.locator("#operations-jobs-list_jobs")
        operation.get_by_role("button").first.click()
        expect(operation.locator("pre").first).to_have_attribute("tabindex", "0")
        assert violations_of(page) == []
        page.goto("/docs/problems/gone")
        assert violations_of(page) == []

    def test_chosen_theme_is_kept(self, page):
        page.goto("/docs")
        page.get_by_role("button", name="Dark theme").click()
        page.reload()
        assert page.locator("html").get_attribute("data-theme") == "dark"
        assert page.get_by_role("button", name="Dark theme").get_attribute("aria-pressed") == "true"

    def test_problem_page_is_readable(self, page):
        page.goto("/docs/problems/gone", wait_until="networkidle")
        expect(page.get_by_role("heading", level=1)).to_have_text("The object is no longer kept")

    def test_phone_does_not_scroll_sideways(self, phone):
        for path in ("/docs", "/docs/problems/gone"):
            phone.goto(path, wait_until="networkidle")
            assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
