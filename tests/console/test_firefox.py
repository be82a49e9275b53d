"""The console in Firefox: every page, and a picture that is encrypted, checked, fetched and decrypted."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.browsers import FIREFOX, demand
from tests.console.firefox import ENTER, TAB, Firefox, running_firefox
from tests.console.work import SAMPLES, TO_DECRYPT, TO_ENCRYPT
from tests.support.stack import wait_until
from tests.support.users import PASSWORD

pytestmark = pytest.mark.stack

ROCKET = SAMPLES / "rocket.jpg"
PAGES = {
    "/": "Keep the picture. Show the noise.",
    **{f"/{name.lower()}": name for name in ("Pricing", "Guide", "Overview", "Encrypt", "Decrypt", "Batch", "History")},
    **{f"/{name.lower()}": name for name in ("Analytics", "Quantum", "Webhooks", "Settings")},
    "/analytics/compare": "Compare jobs",
}


class Visitor:
    """A tab of Firefox that is signed in."""

    def __init__(self, firefox: Firefox, origin: str) -> None:
        self.firefox, self.origin = firefox, origin

    def open(self, path: str) -> None:
        self.firefox.open(self.origin + path)

    def await_heading(self, start: str) -> None:
        heading = "document.querySelector('h1')?.textContent ?? ''"
        wait_until(lambda: self.firefox.evaluate(heading).startswith(start), f"the page {start}", seconds=60)

    def choose(self, label: str, *files: Path) -> None:
        self.firefox.choose_files(f'input[aria-label="{label}"]', list(files))

    def press(self, name: str) -> None:
        """Press the button of this name as soon as it can be pressed."""
        buttons = "[...document.querySelectorAll('button:not([aria-disabled=true])')]"
        found = f"{buttons}.find((one) => (one.ariaLabel ?? one.textContent) === {json.dumps(name)})"
        wait_until(lambda: self.firefox.evaluate(f"{found} !== undefined"), name)
        self.firefox.evaluate(f"{found}.click()")

    def fetch(self, name: str) -> Path:
        """Download what the button of this name gives."""
        self.press(name)
        return self.firefox.await_download()


@pytest.fixture
def visitor(origin, user, tmp_path) -> Iterator[Visitor]:
    downloads, profile = tmp_path / "downloads", tmp_path / "profile"
    downloads.mkdir()
    profile.mkdir()
    with running_firefox(demand(FIREFOX), profile, downloads=downloads) as firefox:
        opened = Visitor(firefox, origin)
        opened.open("/login")
        opened.await_heading("Sign in")
        firefox.type(f"{user.email}{TAB}{PASSWORD}{ENTER}")
        opened.await_heading("Overview")
        yield opened
        firefox.settle()
        assert firefox.errors == []
        assert [url for url in firefox.requests if not url.startswith((origin, "blob:", "data:"))] == []


def test_every_page_is_shown_with_its_data(visitor, user):
    job = user.encrypt(ROCKET.read_bytes(), name="rocket.jpg", analyze="true")["job_id"]
    for path, heading in {**PAGES, f"/jobs/{job}": "rocket.jpg", f"/analytics/{job}": "rocket.jpg"}.items():
        visitor.open(path)
        visitor.await_heading(heading)
        # A skeleton is a status; what is shown at the end has none.
        waiting = "document.querySelectorAll('main [role=status][aria-label=Loading]').length"
        wait_until(lambda waiting=waiting: visitor.firefox.evaluate(waiting) == 0, f"{path} has its data")
        assert visitor.firefox.evaluate("document.querySelectorAll('main [role=alert]').length") == 0, path


def test_photo_comes_back_byte_for_byte(visitor):
    visitor.open("/encrypt")
    visitor.await_heading("Encrypt")
    visitor.choose(TO_ENCRYPT, ROCKET)
    visitor.press("Encrypt")
    visitor.await_heading("Encrypted in")
    verified = "document.querySelector('main').textContent.includes('Verified in this browser')"
    wait_until(lambda: visitor.firefox.evaluate(verified), "the receipt is checked")
    files = [visitor.fetch(f"Download: {name}") for name in ("Encrypted picture", "Key file")]
    visitor.open("/decrypt")
    visitor.await_heading("Decrypt")
    visitor.choose(TO_DECRYPT, *files)
    visitor.press("Decrypt")
    visitor.await_heading("Decrypted")
    assert visitor.fetch("Download").read_bytes() == ROCKET.read_bytes()
