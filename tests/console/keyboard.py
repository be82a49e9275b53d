"""What a person does who has a keyboard and no pointer."""

from pathlib import Path

from playwright.sync_api import Download, Locator, Page

MOST_STOPS = 80
FOCUSED = "(element) => element === document.activeElement"
NAME = "() => document.activeElement?.ariaLabel || document.activeElement?.textContent?.trim().slice(0, 40) || ''"


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until an element has the focus; the failure lists where the focus went instead."""
    wanted.wait_for(state="attached")
    stops = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        if wanted.evaluate(FOCUSED):
            return
        stops.append(page.evaluate(NAME))
    raise AssertionError(f"Tab does not lead to {wanted}, but to {stops}")


def press(page: Page, name: str, *, key: str = "Enter") -> None:
    """Go to a button and press it."""
    tab_to(page, page.get_by_role("button", name=name, exact=True))
    page.keyboard.press(key)


def choose_files(page: Page, label: str, files: list[Path]) -> None:
    """Answer the window of the system that Enter opens on a file input."""
    # The browser is told to hand the window over before the focus moves: told right before Enter, it may be too late.
    with page.expect_file_chooser() as opened:
        tab_to(page, page.get_by_label(label, exact=True))
        page.keyboard.press("Enter")
    opened.value.set_files(files)


def download(page: Page, name: str, folder: Path) -> Path:
    with page.expect_download() as started:
        press(page, name)
    return _keep(started.value, folder)


def _keep(one: Download, folder: Path) -> Path:
    path = folder / one.suggested_filename
    one.save_as(path)
    return path
