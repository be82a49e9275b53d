"""The browsers of this machine, and what a page must not do."""

import os
import re
import shutil
from contextlib import suppress
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
WITHOUT_WINDOWS = ("chromium-headless-shell", *CHROMIUM)
"""The first is Chromium less its own windows and its cache for "Back": a page costs a third of the processor time."""
FIREFOX = ("firefox-esr", "firefox")
# As root there is no sandbox; the others keep the browser itself from calling its maker.
OPTIONS = (
    *("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
)
INSECURE = "http://console.test"
"""An origin that browsers do not trust, and the running system does."""

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) => {
  const { effectiveDirective, blockedURI, sourceFile, lineNumber } = event;
  console.error(`CSP violation: ${effectiveDirective} blocked ${blockedURI} (${sourceFile}:${lineNumber})`);
});
"""


def demand(names: tuple[str, ...]) -> str:
    """Return the path of a browser; without one, skip, or fail where browsers are required."""
    for name in names:
        if path := shutil.which(name):
            return path
    reason = f"{names[0]} is not installed: apt-get install {names[0]}"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, and {reason}")
    pytest.skip(reason)


class Watch:
    """Notes what no page of ours may do."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self._origin = urlsplit(origin).netloc
        self._allowed: list[str] = []
        self._seen: list[str] = []
        context.add_init_script(REPORT_VIOLATIONS)
        context.on("console", self._note_message)
        context.on("weberror", lambda error: self._seen.append(f"exception: {error.error}"))
        context.on("request", self._note_request)

    def allow(self, words: str) -> None:
        """Accept the errors whose text has these words."""
        self._allowed.append(words)

    @property
    def complaints(self) -> list[str]:
        return [line for line in self._seen if not any(words in line for words in self._allowed)]

    def settle(self, page: Page) -> None:
        """Wait until the browser has delivered what it noted."""
        with suppress(Exception):  # the page may be closed
            page.evaluate("() => new Promise((resolve) => setTimeout(resolve))")

    def _note_message(self, message: ConsoleMessage) -> None:
        if message.type == "error" or re.search("content security policy", message.text, re.IGNORECASE):
            self._seen.append(f"console: {message.text} {message.location.get('url', '')}")

    def _note_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in {"blob", "data"} and address.netloc != self._origin:
            self._seen.append(f"request: {request.method} {request.url}")
