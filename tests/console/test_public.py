"""The public pages: what they say is so, and what they link to is there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.console.accessibility import violations_of
from tests.support.stack import ROOT
from tests.support.users import PASSWORD

EXAMPLE = ROOT / "console" / "src" / "features" / "landing" / "example"
PAGES = ("/", "/pricing", "/guide")


def code_of(page: Page, label: str) -> list[str]:
    """Return the lines of a block of commands, without its answer."""
    lines = page.get_by_role("group", name=label).locator("> code")
    expect(lines.first).to_be_visible()
    return lines.all_text_contents()


def run(command: str, folder: Path, **variables: str) -> str:
    """Run a line as a reader would, and return what it prints."""
    environment = os.environ | {"no_proxy": "*"} | variables
    done = subprocess.run(
        ["bash", "-c", command.replace("curl ", "curl -sS --fail-with-body ", 1)],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


def assert_same_pixels(one: Path, other: Path) -> None:
    with Image.open(one) as first, Image.open(other) as second:
        assert np.array_equal(np.asarray(first), np.asarray(second))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "scan.png").write_bytes((ROOT / "samples" / "coffee.png").read_bytes())
    return tmp_path


class TestExample:
    """The receipt that the landing page shows and offers."""

    def test_receipt_is_verified(self):
        command = ["-m", "imageshield", "verify", "receipt.json", "--keys", "jwks.json", "--json"]
        done = subprocess.run([sys.executable, *command], cwd=EXAMPLE, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["outcome"] == "verified"

    def test_noise_is_of_an_encrypted_picture(self):
        """Its values are as even as those of noise: chi-square of 255 degrees is below 350 but once in 20,000."""
        with Image.open(EXAMPLE / "noise.png") as picture:
            values = np.asarray(picture.convert("RGB")).ravel()
        counts = np.bincount(values, minlength=256)
        expected = values.size / 256
        assert ((counts - expected) ** 2 / expected).sum() < 350


@pytest.mark.stack
class TestCommands:
    def test_those_of_the_landing_run(self, page, user, folder):
        page.goto("/")
        given = {"URL": f"{user.url}/api/v1", "AUTH": f"Authorization: {user.http.headers['Authorization']}"}
        encrypt, *others = code_of(page, "Commands that encrypt and decrypt a picture")
        job = json.loads(run(encrypt, folder, **given))
        assert job["status"] == "completed"
        for command in others:
            run(command, folder, JOB=job["job_id"], **given)
        assert_same_pixels(folder / "scan.png", folder / "back.png")

    def test_those_of_the_guide_run(self, page, folder):
        page.goto("/guide")
        address, register, token, _ = code_of(page, "Commands that make an account and get a token")
        given = {"URL": address.removeprefix("URL=")}
        run(register.replace("ada@", "guide@"), folder, **given)
        granted = json.loads(run(token.replace("ada@", "guide@"), folder, **given))
        given["AUTH"] = f"Authorization: Bearer {granted['access_token']}"
        encrypt, _, *others = code_of(page, "Commands that encrypt a picture and download the result")
        given["JOB"] = json.loads(run(encrypt, folder, **given))["job_id"]
        for command in others:
            run(command, folder, **given)
        assert_same_pixels(folder / "scan.png", folder / "back.png")


@pytest.mark.stack
class TestPages:
    @pytest.fixture(autouse=True)
    def _account(self, user):
        """Without an account every page leads to the set-up."""

    @pytest.mark.parametrize("path", PAGES)
    def test_links_lead_somewhere(self, page, system, path):
        page.goto(path, wait_until="networkidle")
        links = page.locator("a[href]").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
        for href in sorted(set(links)):
            address = urlsplit(urljoin(path, href))
            answer = httpx.get(system.url + address.path, headers={"Host": urlsplit(page.url).netloc}, trust_env=False)
            assert answer.status_code == 200, href
            if address.fragment:
                page.goto(urljoin(path, href))
                expect(page.locator(f"#{address.fragment}")).to_be_in_viewport()

    def test_sign_in_loads_less_than_100_kb_of_script(self, page):
        page.goto("/login", wait_until="networkidle")
        loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
        sizes = []
        for address in (name for name in loaded if name.endswith(".js")):
            with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}, trust_env=False) as answer:
                sizes.append(int(answer.headers["Content-Length"]))
        assert sizes
        assert sum(sizes) < 100_000

    @pytest.mark.parametrize("path", PAGES)
    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_nothing_for_axe_to_complain_of(self, open_page, path, theme):
        page = open_page(color_scheme=theme)
        page.goto(path, wait_until="networkidle")
        assert violations_of(page) == []

    @pytest.mark.parametrize("path", PAGES)
    def test_narrow_page_does_not_scroll_sideways(self, open_page, path):
        page = open_page(viewport={"width": 320, "height": 640})
        for script in ("", "localStorage.setItem('signed-in', 'yes')"):
            page.add_init_script(script)
            page.goto(path, wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") == 320

    def test_menu_of_phones_leads_to_the_guide(self, phone):
        phone.goto("/", wait_until="networkidle")
        phone.get_by_label("Menu", exact=True).click()
        phone.get_by_role("navigation", name="Site, menu").get_by_role("link", name="Guide").click()
        expect(phone.get_by_role("heading", level=1)).to_have_text("Guide")


@pytest.mark.stack
class TestPricing:
    def test_every_tier_is_shown(self, page, user):
        tiers = user.http.get("/tiers").json()["tiers"]
        page.goto("/pricing")
        for tier in tiers:
            card = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name=tier["name"]))
            price = tier["price_per_month"]
            expect(card).to_contain_text("Contact" if price is None else f"${price:.0f} a month")

    def test_failure_can_be_tried_again(self, page, page_watch, user):
        page_watch.allow("ERR_FAILED")
        page.route("**/api/v1/tiers", lambda route: route.abort())
        page.goto("/pricing")
        expect(page.get_by_role("alert")).to_contain_text("The service does not answer.")
        page.unroute("**/api/v1/tiers")
        page.get_by_role("button", name="Try again").click()
        expect(page.get_by_role("heading", name="Enterprise")).to_be_visible()


@pytest.mark.stack
class TestSetup:
    def test_account_without_jobs_continues_at_the_sample(self, page, page_watch, user, folder):
        page_watch.allow("status of 401")  # no session yet
        page_watch.allow("status of 415")
        page.goto("/setup")
        page.wait_for_url("**/login?next=%2Fsetup")
        page.get_by_label("Email").fill(user.email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        (folder / "notes.png").write_text("no picture")
        page.get_by_label("Your own picture").set_input_files(folder / "notes.png")
        expect(page.get_by_role("alert")).to_contain_text("This format is not supported.")
        page.get_by_label("Your own picture").set_input_files(folder / "scan.png")
        expect(page.get_by_text(re.compile("scan.png, 600 . 400, as pixels"))).to_be_visible()
        expect(page.get_by_role("link", name="All numbers")).to_be_visible()
