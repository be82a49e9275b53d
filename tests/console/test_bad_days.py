"""What goes wrong on the way: the page says so, loses nothing, and goes on."""

import json

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.console.conftest import watched
from tests.console.visits import sign_in
from tests.console.work import SAMPLES, await_result, choose_option, start
from tests.support.users import PASSWORD

pytestmark = pytest.mark.stack

ENCRYPT = "**/api/v1/encrypt"
HOUR = 3_600_000
WRONG_CLOCK = f"""
const offset = {HOUR};
const RealDate = Date;
globalThis.Date = class extends RealDate {{
  constructor(...args) {{ super(...(args.length ? args : [RealDate.now() + offset])); }}
  static now() {{ return RealDate.now() + offset; }}
}};
"""


@pytest.fixture
def visitor(page, user, page_watch):
    page_watch.allow("Failed to load resource")  # Chromium's own line about each refusal
    sign_in(page, user)
    return page


@pytest.fixture
def chosen(visitor):
    """A page with a picture that was chosen."""
    start(visitor, SAMPLES / "astronaut.png")
    return visitor


def press(page):
    page.get_by_role("button", name="Encrypt", exact=True).click()


def problem(status, code, **headers):
    body = {
        "type": f"/docs/problems/{code}",
        "title": code,
        "status": status,
        "detail": "",
        "code": code,
        "request_id": "a" * 32,
        "errors": [],
    }
    return {
        "status": status,
        "body": json.dumps(body),
        "headers": {"Content-Type": "application/problem+json", **headers},
    }


def refuse_once(page, pattern, **answer):
    """Answer the first such request otherwise; return the idempotency keys of all of them."""
    keys = []

    def handle(route):
        keys.append(route.request.headers.get("idempotency-key"))
        if len(keys) == 1:
            route.fulfill(**answer)
        else:
            route.continue_()

    page.route(pattern, handle)
    return keys


class TestUpload:
    def test_expired_token_repeats_the_upload(self, chosen):
        keys = refuse_once(chosen, ENCRYPT, **problem(401, "token-expired"))
        press(chosen)
        await_result(chosen)
        assert len(keys) == 2
        assert len(set(keys)) == 1

    def test_ended_session_asks_and_goes_on(self, chosen, user):
        """The refresh is refused as well, so the password is asked for on top of the page; then the upload goes on."""
        refuse_once(chosen, ENCRYPT, **problem(401, "token-expired"))
        chosen.route("**/api/v1/auth/session/refresh", lambda route: route.fulfill(**problem(401, "unauthenticated")))
        press(chosen)
        dialog = chosen.get_by_role("dialog", name="The session has ended")
        dialog.get_by_label("Password").first.fill(PASSWORD)
        chosen.unroute("**/api/v1/auth/session/refresh")
        dialog.get_by_role("button", name="Sign in").click()
        await_result(chosen)

    def test_proxy_that_refuses_large_files_is_named(self, chosen):
        refuse_once(chosen, ENCRYPT, status=413, body="<html>413</html>", headers={"Content-Type": "text/html"})
        press(chosen)
        expect(chosen.get_by_role("alert")).to_contain_text(
            "A proxy in front of the service refuses files of this size (413)"
        )
        chosen.get_by_role("button", name="Try again").click()
        await_result(chosen)

    def test_too_many_requests_count_down_and_repeat(self, chosen):
        refuse_once(chosen, ENCRYPT, **problem(429, "rate-limited", **{"Retry-After": "3"}))
        press(chosen)
        expect(chosen.get_by_role("alert")).to_contain_text("Too many requests.")
        expect(chosen.get_by_text("Try again in").first).to_be_visible()
        await_result(chosen)

    def test_overloaded_service_is_tried_again(self, chosen):
        refuse_once(chosen, ENCRYPT, **problem(503, "overloaded", **{"Retry-After": "30"}))
        press(chosen)
        expect(chosen.get_by_role("alert")).to_contain_text("The service has too much to do.")
        chosen.get_by_role("button", name="Try again").click()
        await_result(chosen)

    def test_offline_waits_for_the_network(self, chosen):
        chosen.context.set_offline(True)
        press(chosen)
        expect(chosen.locator("main").get_by_text("This computer is offline.")).to_be_visible()
        chosen.context.set_offline(False)
        await_result(chosen)

    def test_stop_keeps_the_choice(self, chosen):
        chosen.route(ENCRYPT, lambda route: None)  # it never answers
        press(chosen)
        chosen.get_by_role("button", name="Stop").click()
        expect(chosen.get_by_role("button", name="Encrypt", exact=True)).to_be_visible()
        expect(chosen.get_by_text("astronaut.png")).to_be_visible()


class TestRunningJob:
    @pytest.fixture
    def slow(self, tmp_path):
        """A picture that takes seconds with the purity `maximum`."""
        path = tmp_path / "slow.png"
        Image.open(SAMPLES / "retina.jpg").resize((900, 900)).save(path)
        return path

    @pytest.fixture
    def long_job(self, visitor, slow):
        """A job that runs long enough to be left."""
        start(visitor, slow)
        choose_option(visitor, "Maximum")
        press(visitor)
        visitor.wait_for_url("**/encrypt/job_*")
        return visitor

    def test_reload_finds_the_job(self, long_job):
        long_job.reload()
        expect(long_job.get_by_role("heading", level=1)).to_contain_text("Encrypt")
        await_result(long_job)

    def test_closed_tab_is_opened_again(self, long_job):
        context, url = long_job.context, long_job.url
        long_job.close()
        again = context.new_page()
        again.goto(url)
        await_result(again)

    def test_two_tabs_show_the_same_job(self, long_job):
        other = long_job.context.new_page()
        other.goto(long_job.url)
        for tab in (other, long_job):
            await_result(tab)

    def test_cancel_ends_it(self, long_job):
        long_job.get_by_role("button", name="Cancel").click()
        expect(long_job.get_by_role("heading", level=1)).to_have_text("Cancelled", timeout=60_000)

    def test_cut_socket_comes_back(self, visitor, slow):
        """The first socket is cut after its first message; the page says so, asks meanwhile, and connects again."""
        sockets = []

        def handle(socket):
            sockets.append(socket)
            server = socket.connect_to_server()
            if len(sockets) == 1:
                server.on_message(lambda message: (socket.send(message), socket.close(code=1011)))

        visitor.route_web_socket("**/ws/progress/**", handle)
        start(visitor, slow)
        choose_option(visitor, "Maximum")
        press(visitor)
        expect(visitor.get_by_text("Reconnecting, asking every 2 s.")).to_be_visible()
        await_result(visitor)
        assert len(sockets) >= 2

    def test_clock_wrong_by_an_hour_changes_nothing(self, open_page, user):
        page = open_page()
        page.context.add_init_script(WRONG_CLOCK)
        sign_in(page, user)
        start(page, SAMPLES / "astronaut.png")
        press(page)
        await_result(page)
        assert "min" not in page.get_by_role("heading", level=1).text_content()

    def test_unknown_job_says_so(self, visitor):
        visitor.goto(f"/encrypt/job_{'0' * 32}")
        expect(visitor.get_by_role("alert")).to_contain_text("There is nothing at this address.")


class TestBack:
    """Playwright switches off that Chromium keeps whole pages for "Back"."""

    @pytest.fixture
    def keeping(self, launch, origin, user):
        with watched(launch(ignore_default_args=["--disable-back-forward-cache"]), origin) as (page, watch):
            watch.allow("status of 401")
            page.add_init_script("addEventListener('pageshow', (event) => { if (event.persisted) name = 'kept'; })")
            sign_in(page, user)
            yield page
            assert page.evaluate("name") == "kept"

    def test_signed_out_visitor_sees_nothing_of_before(self, keeping, user):
        user.encrypt((SAMPLES / "coffee.png").read_bytes(), name="private.png")
        keeping.goto("/history")
        expect(keeping.get_by_text("private.png")).to_be_visible()
        keeping.get_by_role("button", name=user.email).click()
        keeping.get_by_role("menuitem", name="Sign out").click()
        keeping.wait_for_url("**/login")
        keeping.go_back()
        keeping.wait_for_url("**/login?next=%2Fhistory")

    def test_chosen_picture_is_still_there(self, keeping):
        start(keeping, SAMPLES / "coffee.png")
        keeping.goto("/docs")
        keeping.evaluate("history.back()")
        expect(keeping.get_by_role("button", name="Encrypt", exact=True)).to_be_visible()
        expect(keeping.get_by_text("coffee.png")).to_be_visible()
