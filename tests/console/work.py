"""What visitors do with pictures: choose, encrypt, fetch, decrypt."""

from pathlib import Path

from playwright.sync_api import Page, expect

SAMPLES = Path(__file__).parents[2] / "samples"
PASSWORD = "a password of twelve"
TO_ENCRYPT = "Pictures to encrypt"
TO_DECRYPT = "Encrypted picture and key file"


def choose(page: Page, label: str, *files: Path) -> None:
    """Give files to the input of this name."""
    page.get_by_label(label, exact=True).set_input_files([str(file) for file in files])


def start(page: Page, file: Path, address: str = "/encrypt") -> None:
    """Choose a picture to encrypt."""
    page.goto(address)
    choose(page, TO_ENCRYPT, file)
    expect(page.get_by_role("group", name="How much of it")).to_be_visible()


def encrypt(page: Page) -> str:
    """Press the button, wait for the checked result, and return the id of the job."""
    page.get_by_role("button", name="Encrypt", exact=True).click()
    return await_result(page)


def await_result(page: Page) -> str:
    expect(page.get_by_role("heading", level=1)).to_contain_text("Encrypted in", timeout=90_000)
    expect(page.get_by_text("Verified in this browser")).to_be_visible()
    return page.url.rsplit("/", 1)[1]


def fetch(page: Page, name: str, folder: Path) -> Path:
    """Download what the button of this name gives."""
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def await_picture(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Decrypted", timeout=90_000)


def lock(page: Page, password: str = PASSWORD) -> None:
    """Encrypt with a password."""
    page.get_by_role("button", name="This service, for your account").click()
    page.get_by_role("menuitem", name="The key file with a password").click()
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("The same again").fill(password)


def choose_option(page: Page, name: str) -> None:
    page.get_by_role("radio", name=name).check(force=True)
