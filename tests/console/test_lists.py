"""Overview, history, job, quantum and webhooks, in Chromium on the running system."""

import asyncio
import os
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
import pytest
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.console.visits import sign_in
from tests.support.pictures import encode, make
from tests.support.receiver import Receiver, receiving
from tests.support.stack import SystemUnderTest, wait_until

pytestmark = pytest.mark.stack

PNG = encode(make(96, 64), "PNG")
DAMAGED = PNG[: len(PNG) // 2] + bytes(8) + PNG[len(PNG) // 2 + 8 :]
LARGE = encode(make(1000, 800), "PNG")
"""Its keys take seconds with `maximum`."""

CLONE = """
INSERT INTO jobs SELECT (jsonb_populate_record(job, jsonb_build_object(
    'id', (left(job.id::text, 8) || '-' || lpad(to_hex(n), 4, '0') || substr(job.id::text, 14))::uuid, 'note', null))).*
FROM jobs job, generate_series(1, $2::int) n WHERE job.id = $1::uuid ON CONFLICT DO NOTHING
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def clone(system, job_id: str, count: int) -> None:
    """Copy a job in the database, under ids that begin alike."""

    async def run() -> None:
        connection = await asyncpg.connect(system.variables["DATABASE_URL"].replace("+asyncpg", ""))
        await connection.execute(CLONE, job_id.removeprefix("job_"), count)
        await connection.close()

    # Playwright has a loop of its own on this thread.
    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    thread.join()


@contextmanager
def pool_halted(system: SystemUnderTest) -> Iterator[None]:
    """Stop the worker's processes, so that a job that has begun does not complete before the page shows it."""
    children = system.children("worker")
    for pid in children:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in children:
            os.kill(pid, signal.SIGCONT)


def shown(page: Page, count: str):
    return expect(page.get_by_text(re.compile(rf"^{count} shown")))


class TestOverview:
    def test_fresh_account_is_invited(self, page, user):
        sign_in(page, user)
        page.goto("/overview")
        expect(page.get_by_text("No pictures yet.")).to_be_visible()
        page.get_by_role("link", name="Encrypt").last.click()
        page.wait_for_url("**/encrypt")

    def test_counts_come_from_the_service(self, page, user):
        user.encrypt(PNG, name="first.png")
        user.encrypt(PNG, name="second.png")
        user.encrypt(DAMAGED, name="broken.png")
        sign_in(page, user)
        page.goto("/overview")
        expect(page.get_by_role("link", name="second.png")).to_be_visible()
        expect(page.locator("dl > div", has_text="Encrypted in")).to_contain_text("2 pictures today")
        expect(page.locator("dl > div", has_text="Failed in 7 days")).to_contain_text("1of 3 encryptions")
        expect(page.get_by_text("credited 0")).to_be_visible()
        page.locator("section", has_text="Needs you").get_by_role("link", name="Look").click()
        page.wait_for_url(re.compile(r"/history\?status=failed&since="))
        expect(page.get_by_role("link", name="broken.png")).to_be_visible()


class TestHistory:
    def test_filters_are_in_the_address(self, page, user):
        user.encrypt(PNG, name="good.png", reference="case-1")
        user.encrypt(DAMAGED, name="bad.png")
        sign_in(page, user)
        page.goto("/history")
        shown(page, "2").to_be_visible()
        page.get_by_role("combobox", name="State").select_option("Failed")
        page.wait_for_url("**/history?status=failed")
        shown(page, "1").to_be_visible()
        page.reload()
        expect(page.get_by_role("link", name="bad.png")).to_be_visible()
        expect(page.get_by_role("link", name="good.png")).to_be_hidden()
        page.get_by_role("button", name="Clear the filter State").click()
        page.get_by_role("button", name="Reference", exact=True).click()
        page.get_by_label("Reference").last.fill("case-1")
        page.get_by_role("button", name="Show").click()
        page.wait_for_url("**/history?reference=case-1")
        expect(page.get_by_role("link", name="good.png")).to_be_visible()
        shown(page, "1").to_be_visible()

    def test_keyboard_searches_ids(self, page, user):
        wanted = user.encrypt(PNG, name="wanted.png")["job_id"]
        user.encrypt(PNG, name="other.png")
        sign_in(page, user)
        page.goto("/history")
        shown(page, "2").to_be_visible()
        page.keyboard.press("/")
        page.keyboard.type("holiday")
        expect(page.get_by_role("alert")).to_contain_text("Names are encrypted and cannot be searched.")
        page.get_by_role("searchbox").fill(wanted)
        shown(page, "1").to_be_visible()
        expect(page.get_by_role("link", name="wanted.png")).to_be_visible()
        page.get_by_role("searchbox").fill("ffff")
        expect(page.get_by_text("Nothing matches these filters.")).to_be_visible()
        page.get_by_role("button", name="Clear them").click()
        shown(page, "2").to_be_visible()

    def test_selection_acts_after_a_preview(self, page, user):
        user.encrypt(DAMAGED, name="one.png")
        user.encrypt(DAMAGED, name="two.png")
        user.encrypt(PNG, name="three.png")
        sign_in(page, user)
        page.goto("/history")
        page.get_by_role("checkbox", name="Select all 3 shown").check()
        bar = page.get_by_role("region", name="Selection")
        expect(bar).to_contain_text("3 selected")
        bar.get_by_role("button", name="Try 2 again").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("Both failed with image-corrupt; the same files will fail again.")
        expect(dialog).not_to_contain_text("three.png")
        dialog.get_by_role("button", name="Leave them").click()
        expect(bar).to_contain_text("3 selected")
        bar.get_by_role("button", name="Delete 3…").click()
        dialog.get_by_role("button", name="Delete 3").click()
        expect(page.get_by_text("No pictures yet.")).to_be_visible()
        assert user.http.get("/jobs").json()["data"] == []

    def test_each_failure_is_shown(self, page, user, page_watch):
        page_watch.allow("status of 404")
        gone = user.encrypt(PNG, name="gone.png")["job_id"]
        user.encrypt(PNG, name="there.png")
        sign_in(page, user)
        page.goto("/history")
        page.get_by_role("checkbox", name="Select all 2 shown").check()
        page.get_by_role("button", name="Delete 2…").click()
        user.http.delete(f"/jobs/{gone}").raise_for_status()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Delete 2").click()
        expect(dialog).to_contain_text("1 of 2 did not work.")
        expect(dialog.get_by_role("listitem")).to_have_count(1)
        expect(dialog.get_by_role("listitem")).to_contain_text("gone.png")

    def test_far_rows_are_not_drawn(self, page, user, system):
        job = user.encrypt(PNG, name="scan.png")["job_id"]
        clone(system, job, 500)
        sign_in(page, user)
        page.goto("/history")
        for count in range(25, 500, 25):
            shown(page, str(count)).to_be_visible()
            page.get_by_role("button", name="Load 25 more").click()
        shown(page, "500").to_be_visible()
        assert page.locator("tbody tr").count() < 250
        page.get_by_role("checkbox", name="Select all 500 shown").check()
        expect(page.get_by_role("region", name="Selection")).to_contain_text("500 selected")
        page.mouse.wheel(0, -100_000)
        expect(page.locator("tbody tr").first.get_by_role("checkbox")).to_be_checked()

    def test_phone_shows_cards(self, phone, user):
        user.encrypt(PNG, name="scan.png")
        sign_in(phone, user)
        phone.goto("/history")
        card = phone.get_by_role("listitem").filter(has_text="scan.png")
        expect(card).to_contain_text("Completed")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390


class TestLongNames:
    """Names come from outside, and nothing of a page may be pushed out of sight by one."""

    NAME = "a" * 120 + " \N{GRINNING FACE}\u202egnp.scan-of-a-passport" + "x" * 60 + ".png"
    HIDDEN = """() => [...document.querySelectorAll('main *')]
        .filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'auto')
        .map((one) => one.textContent.slice(0, 80))"""

    @pytest.mark.parametrize("width", [768, 1100, 1440])
    def test_push_nothing_out_of_sight(self, open_page, user, width):
        job_id = user.encrypt(PNG, name=self.NAME, analyze="true")["job_id"]
        answer = user.http.post("/batch/encrypt", files={"images": (self.NAME, PNG)}, data={"reference": "r" * 64})
        batch_id = answer.raise_for_status().json()["batch_id"]
        user.follow(batch_id)
        page = open_page(viewport={"width": width, "height": 900})
        sign_in(page, user)
        job_pages = [
            f"/jobs/{job_id}",
            f"/encrypt/{job_id}",
            f"/analytics/{job_id}",
            f"/analytics/compare?job={job_id}",
        ]
        for path in ["/overview", "/history", "/analytics", "/batch", f"/batches/{batch_id}", *job_pages]:
            page.goto(path, wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert page.evaluate(self.HIDDEN) == [], path


class TestJob:
    def test_page_tells_where_bits_came_from(self, page, user):
        job = user.encrypt(PNG, name="scan.png", quantum_purity="multistage")
        sign_in(page, user)
        page.goto(f"/jobs/{job['job_id']}")
        expect(page.get_by_role("heading", name="scan.png")).to_be_visible()
        expect(page.get_by_role("img", name="The encrypted picture: noise")).to_be_visible()
        bits = page.locator("section", has_text="Where its bits came from")
        expect(bits).to_contain_text("Simulator aer")
        expect(bits).to_contain_text("credited 0")
        expect(bits).to_contain_text("strength 256 bits")
        page.get_by_role("button", name="Statement").click()
        expect(page.get_by_role("dialog")).to_contain_text("imageshield-entropy-statement")

    def test_key_file_is_locked_by_default(self, page, user):
        job = user.encrypt(PNG, name="scan.png")
        sign_in(page, user)
        page.goto(f"/jobs/{job['job_id']}")
        page.get_by_role("button", name="More of this job").click()
        page.get_by_role("menuitem", name="Key file…").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("Password for the key file", exact=True).fill("a password of mine")
        with page.expect_download() as download:
            dialog.get_by_role("button", name="Download the key file").click()
        key_file = download.value.path().read_bytes()
        picture = user.download(job["result_url"])
        assert user.decrypt(picture, key_file, master_password="a password of mine").status_code == 200
        assert user.decrypt(picture, key_file, master_password="another password").status_code == 400

    def test_running_job_survives_a_reload_and_is_cancelled(self, page, user, system):
        sign_in(page, user)
        job_id = user.submit(LARGE, name="large.png", quantum_purity="maximum")["job_id"]
        wait_until(lambda: user.job(job_id)["status"] != "pending", "the job has begun")
        with pool_halted(system):
            page.goto(f"/jobs/{job_id}")
            card = page.locator("section", has_text="In progress")
            expect(card.get_by_text("Live", exact=True)).to_be_visible()
            page.reload()
            expect(card.get_by_role("progressbar")).to_be_visible()
            card.get_by_role("button", name="Cancel").click()
            wait_until(lambda: user.job(job_id)["cancel_requested"], "the worker is asked to stop")
        expect(page.get_by_text("The job was cancelled.")).to_be_visible()
        assert user.job(job_id)["status"] == "cancelled"

    def test_job_is_followed_without_a_socket(self, page, user):
        page.route_web_socket("**/ws/progress/**", lambda socket: socket.close())
        sign_in(page, user)
        job_id = user.submit(LARGE, name="large.png", quantum_purity="maximum")["job_id"]
        page.goto(f"/jobs/{job_id}")
        expect(page.get_by_text("Reconnecting, asking every 2 s")).to_be_visible()
        expect(page.get_by_role("img", name="The encrypted picture: noise")).to_be_visible(timeout=60_000)
        expect(page.get_by_text("Maximum, as asked for")).to_be_visible()

    def test_failed_job_is_tried_again(self, page, user):
        job_id = user.encrypt(DAMAGED, name="broken.png")["job_id"]
        sign_in(page, user)
        page.goto(f"/jobs/{job_id}")
        expect(page.get_by_role("alert")).to_contain_text("The file is damaged.")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_text("Tried again once")).to_be_visible()
        expect(page.get_by_role("alert")).to_contain_text("The file is damaged.")
        assert user.job(job_id)["retries"] == 1

    def test_job_of_a_batch_leads_there(self, page, user):
        answer = user.http.post("/batch/encrypt", files={"images": ("scan.png", PNG)}, headers={"Prefer": "wait=30"})
        batch = answer.raise_for_status().json()
        sign_in(page, user)
        page.goto(f"/jobs/{batch['items'][0]['job_id']}")
        page.get_by_role("link", name="its batch").click()
        page.wait_for_url(f"**/batches/{batch['batch_id']}")

    def test_deleting_asks_first(self, page, user, page_watch):
        page_watch.allow("status of 404")
        job_id = user.encrypt(PNG, name="scan.png")["job_id"]
        sign_in(page, user)
        page.goto(f"/jobs/{job_id}")
        page.get_by_role("button", name="Delete job…").click()
        page.get_by_role("dialog").get_by_role("button", name="Delete the job").click()
        page.wait_for_url("**/history")
        page.goto(f"/jobs/{job_id}")
        expect(page.get_by_text("There is no such job.")).to_be_visible()


class TestWebhooks:
    def test_secret_is_shown_once(self, page, user, receiver):
        sign_in(page, user)
        page.goto("/webhooks")
        page.get_by_role("button", name="Add an endpoint").click()
        page.get_by_label("Address").fill(receiver.url())
        page.get_by_role("dialog").get_by_role("button", name="Add the endpoint").click()
        secret = page.get_by_text(re.compile("^whsec_")).inner_text()
        page.get_by_role("button", name="I have stored it").click()
        expect(page.get_by_role("link", name=receiver.url())).to_be_visible()
        assert secret not in page.content()
        page.get_by_role("link", name=receiver.url()).click()
        page.get_by_role("button", name="Send a test").click()
        receiver.wait_until(lambda _: receiver.of_type("webhook.test"))
        assert receiver.of_type("webhook.test")[0].signatures(secret) == [True]
        expect(page.get_by_role("row").filter(has_text="webhook.test")).to_contain_text("Delivered")

    def test_refused_address_says_what_to_do(self, page, user, page_watch):
        page_watch.allow("status of 422")
        sign_in(page, user)
        page.goto("/webhooks")
        page.get_by_role("button", name="Add an endpoint").click()
        page.get_by_label("Address").fill("http://example.org/hook")
        page.get_by_role("dialog").get_by_role("button", name="Add the endpoint").click()
        expect(page.get_by_role("alert")).to_contain_text("use https")
        expect(page.get_by_label("Address")).to_have_value("http://example.org/hook")

    def test_message_is_sent_again(self, page, user, receiver):
        made = user.http.post("/webhooks", json={"url": receiver.url(), "events": ["job.completed"]})
        endpoint = made.raise_for_status().json()["id"]
        job_id = user.encrypt(PNG)["job_id"]
        receiver.wait_until(len)
        sign_in(page, user)
        page.goto(f"/webhooks/{endpoint}")
        page.get_by_role("button", name="Send again: job.completed").click()
        received = receiver.wait_until(lambda all_: len(all_) == 2)
        assert received[0].id == received[1].id
        page.goto(f"/jobs/{job_id}")
        deliveries = page.locator("section", has_text="Webhook deliveries")
        expect(deliveries.get_by_role("row")).to_have_count(3)

    def test_endpoint_is_disabled_and_deleted(self, page, user, receiver):
        made = user.http.post("/webhooks", json={"url": receiver.url(), "events": ["job.completed"]})
        endpoint = made.raise_for_status().json()["id"]
        sign_in(page, user)
        page.goto(f"/webhooks/{endpoint}")
        page.get_by_role("button", name="Disable").click()
        expect(page.get_by_text("This endpoint is disabled.")).to_be_visible()
        assert user.http.get(f"/webhooks/{endpoint}").json()["enabled"] is False
        page.get_by_role("button", name="More of this endpoint").click()
        page.get_by_role("menuitem", name="Delete…").click()
        page.get_by_role("button", name="Delete the endpoint").click()
        expect(page.get_by_text("No endpoints yet.")).to_be_visible()


class TestQuantum:
    def test_zero_and_512_are_large(self, page, user):
        sign_in(page, user)
        page.goto("/quantum")
        expect(page.get_by_role("strong").nth(0)).to_have_text("0")
        expect(page.get_by_role("strong").nth(1)).to_have_text("512")
        expect(page.get_by_role("table", name="Pools of the worker processes")).to_contain_text("aer")


class TestAccessibility:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_open_dialogs_have_no_violations(self, open_page, user, theme):
        page = open_page(color_scheme=theme)
        job_id = user.encrypt(PNG, name="scan.png", quantum_purity="fast")["job_id"]
        sign_in(page, user)
        page.goto("/history?status=completed")
        page.get_by_role("checkbox", name="Select all 1 shown").check()
        page.get_by_role("button", name="Delete 1…").click()
        assert violations_of(page) == []
        page.goto(f"/jobs/{job_id}")
        page.get_by_role("button", name="Statement").click()
        assert violations_of(page) == []
        page.get_by_role("button", name="Close").click()
        page.get_by_role("button", name="More of this job").click()
        page.get_by_role("menuitem", name="Key file…").click()
        assert violations_of(page) == []
        page.goto("/webhooks")
        page.get_by_role("button", name="Add an endpoint").click()
        assert violations_of(page) == []
