"""The pictures of `docs/screenshots`, taken on a system of their own.

    python -m tests.console.screenshots [--to FOLDER]

Everything in them is real: pictures of `samples/`, encrypted as visitors encrypt them, and what was measured.
"""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from imageshield.servers.home import scratch
from tests.console.browsers import CHROMIUM, OPTIONS, demand
from tests.console.visits import sign_in
from tests.console.work import SAMPLES, TO_DECRYPT, TO_ENCRYPT, await_picture, await_result, choose
from tests.support.stack import SystemUnderTest, running_system
from tests.support.users import User

FOLDER = Path(__file__).parents[2] / "docs" / "screenshots"
MAX_BYTES = 150_000
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
NAMES = ("astronaut.png", "coffee.png", "hubble_deep_field.jpg", "retina.jpg", "rocket.jpg")


def main() -> None:
    parser = argparse.ArgumentParser(description="Take the pictures of docs/screenshots again.")
    parser.add_argument("--to", type=Path, default=FOLDER, metavar="FOLDER")
    folder = parser.parse_args().to
    folder.mkdir(parents=True, exist_ok=True)
    with scratch() as home, running_system(home) as system, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=demand(CHROMIUM), args=[*OPTIONS])
        take_all(system, browser, folder)
        browser.close()


def take_all(system: SystemUnderTest, browser: Browser, folder: Path) -> None:
    user = User(system.url)
    jobs = [user.encrypt((SAMPLES / name).read_bytes(), name=name, analyze="true") for name in NAMES]
    retina = jobs[NAMES.index("retina.jpg")]
    files = {"encrypted_image": folder / ".retina.enc.png", "key_file": folder / ".retina.enc.qkey"}
    files["encrypted_image"].write_bytes(user.download(retina["result_url"]))
    files["key_file"].write_bytes(user.download(retina["key_file_url"]))
    try:
        with opened(system, browser, WIDE, "light") as page:
            page.goto("/")
            take(page, folder / "landing.webp")
        for theme, pages in pages_of(retina["job_id"]).items():
            with opened(system, browser, WIDE, theme) as page:
                sign_in(page, user)
                for name, path in pages.items():
                    page.goto(path)
                    take(page, folder / f"{name}.webp")
        with opened(system, browser, WIDE, "light") as page:
            sign_in(page, user)
            encrypt(page, folder)
        with opened(system, browser, NARROW, "light") as page:
            sign_in(page, user)
            decrypt(page, files, folder)
    finally:
        for file in files.values():
            file.unlink()


def pages_of(job: str) -> dict[str, dict[str, str]]:
    """The addresses of pages, by theme and name."""
    return {
        "light": {"history": "/history", "job": f"/jobs/{job}"},
        "dark": {"overview": "/overview", "analytics": f"/analytics/{job}", "quantum": "/quantum"},
    }


def encrypt(page: Page, folder: Path) -> None:
    page.goto("/encrypt")
    choose(page, TO_ENCRYPT, SAMPLES / "astronaut.png")
    page.get_by_role("button", name="Encrypt", exact=True).wait_for()
    take(page, folder / "encrypt.webp")
    page.get_by_role("button", name="Encrypt", exact=True).click()
    await_result(page)
    take(page, folder / "result.webp")


def decrypt(page: Page, files: dict[str, Path], folder: Path) -> None:
    page.goto("/decrypt")
    choose(page, TO_DECRYPT, *files.values())
    page.get_by_role("button", name="Decrypt", exact=True).click()
    await_picture(page)
    take(page, folder / "decrypt-phone.webp")


@contextmanager
def opened(system: SystemUnderTest, browser: Browser, size: dict[str, int], theme: str) -> Iterator[Page]:
    origin = system.url.replace("127.0.0.1", "localhost")
    context = browser.new_context(base_url=origin, viewport=size, color_scheme=theme, reduced_motion="reduce")
    yield context.new_page()
    context.close()


def take(page: Page, path: Path) -> None:
    """Save what the window shows, in the best quality that fits."""
    page.wait_for_load_state("networkidle")
    page.evaluate("document.fonts.ready")
    shot = Image.open(BytesIO(page.screenshot()))
    for quality in range(92, 40, -4):
        shot.save(path, "WEBP", quality=quality, method=6)
        if path.stat().st_size < MAX_BYTES:
            break
    sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes, quality {quality}\n")


if __name__ == "__main__":
    main()
