"""What visitors do on many pages."""

from playwright.sync_api import Page, expect

from tests.support.users import PASSWORD, User


def sign_in(page: Page, user: User) -> None:
    """Sign in by the login page, and wait for the first page behind it."""
    page.goto("/login")
    fill_sign_in(page, user)


def fill_sign_in(page: Page, user: User) -> None:
    """Sign in by the login page that is shown, and wait for the page behind it."""
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)
    expect(page.locator("#content")).to_be_visible()
