"""The running system, the browser, and pages that fail on what they must not do."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from imageshield.servers.home import scratch
from tests.console.browsers import CHROMIUM, INSECURE, OPTIONS, WITHOUT_WINDOWS, Watch, demand
from tests.support.stack import SystemUnderTest, running_system
from tests.support.users import User

PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1440, "height": 900}
SECONDS = 20
"""A page on a busy machine, with a worker beside it."""

SETTINGS = {"WEBHOOK_ALLOW_NETWORKS": "127.0.0.0/8", "ALLOWED_ORIGINS": INSECURE}

expect.set_options(timeout=SECONDS * 1000)


@pytest.fixture(scope="package")
def whole_system() -> Iterator[SystemUnderTest]:
    """The whole system, started once for this folder."""
    with scratch() as path, running_system(path, **SETTINGS) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = demand(WITHOUT_WINDOWS)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=path, args=[*OPTIONS])
        yield launched
        launched.close()


@pytest.fixture
def user(system: SystemUnderTest) -> Iterator[User]:
    opened = User(system.url)
    yield opened
    opened.close()


@pytest.fixture
def origin(system: SystemUnderTest) -> str:
    """The address of the console: pages on 127.0.0.1 are sent to it."""
    return system.url.replace("127.0.0.1", "localhost")


@contextmanager
def watched(browser: Browser, origin: str, **options: object) -> Iterator[tuple[Page, Watch]]:
    context = browser.new_context(**({"base_url": origin, "viewport": DESKTOP} | options))
    context.set_default_timeout(SECONDS * 1000)
    watch = Watch(context, origin)
    page = context.new_page()
    try:
        yield page, watch
        watch.settle(page)
    finally:
        context.close()
    assert watch.complaints == []


@pytest.fixture
def opened(browser: Browser, origin: str) -> Iterator[tuple[Page, Watch]]:
    with watched(browser, origin) as pair:
        yield pair


@pytest.fixture
def page(opened: tuple[Page, Watch]) -> Page:
    return opened[0]


@pytest.fixture
def page_watch(opened: tuple[Page, Watch]) -> Watch:
    """What `page` is watched by."""
    return opened[1]


@pytest.fixture
def phone(browser: Browser, origin: str) -> Iterator[Page]:
    with watched(browser, origin, viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2) as (page, _):
        yield page


@pytest.fixture
def dark(browser: Browser, origin: str) -> Iterator[Page]:
    with watched(browser, origin, color_scheme="dark") as (page, _):
        yield page


@pytest.fixture
def open_page(browser: Browser, origin: str) -> Iterator[Callable[..., Page]]:
    """Open further pages, each in a context of its own, with Playwright's options of a context."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(watched(browser, origin, **options))[0]


@pytest.fixture
def launch(browser: Browser) -> Iterator[Callable[..., Browser]]:
    """Launch a whole Chromium, with other options."""
    with ExitStack() as stack:

        def start(*options: str, **more: Any) -> Browser:
            path, args = demand(CHROMIUM), [*OPTIONS, *options]
            launched = browser.browser_type.launch(executable_path=path, args=args, **more)
            stack.callback(launched.close)
            return launched

        yield start
