"""The console by keyboard alone: no pointer is moved and no element is clicked."""

import re

import pytest
from playwright.sync_api import expect

from tests.console.keyboard import choose_files, download, press, tab_to
from tests.console.visits import sign_in
from tests.support import pictures
from tests.support.users import PASSWORD

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


def choose_file_layout(page):
    """With it the same file comes back; by itself a PNG comes back as its pixels."""
    layouts = page.get_by_role("group", name="What comes back")
    tab_to(page, layouts.get_by_role("radio", name="Auto"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(layouts.get_by_role("radio", name="File")).to_be_checked()


class TestFromSignInToPicture:
    def test_decrypted_picture_is_identical(self, page, user, tmp_path):
        picture = tmp_path / "coffee.png"
        picture.write_bytes(pictures.sample("coffee.png"))

        page.goto("/login")
        expect(page.get_by_label("Email")).to_be_focused()
        page.keyboard.type(user.email)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/overview")
        expect(page.get_by_role("heading", level=1)).to_be_focused()

        page.keyboard.press("n")
        expect(page.get_by_role("heading", level=1, name="Encrypt")).to_be_focused()
        choose_files(page, "Pictures to encrypt", [picture])
        choose_file_layout(page)
        press(page, "Encrypt")
        page.wait_for_url("**/encrypt/job_*")
        expect(page.get_by_text("Downloads")).to_be_visible()
        kept = tmp_path / "kept"
        encrypted = download(page, "Download: Encrypted picture", kept)
        key_file = download(page, "Download: Key file", kept)

        page.keyboard.press("g")
        page.keyboard.press("d")
        expect(page.get_by_role("heading", level=1, name="Decrypt")).to_be_focused()
        choose_files(page, "Encrypted picture and key file", [encrypted, key_file])
        press(page, "Decrypt")
        assert download(page, "Download", tmp_path / "back").read_bytes() == picture.read_bytes()


class TestPalette:
    def test_finds_a_page_and_goes_there(self, page, user):
        sign_in(page, user)
        page.keyboard.press("Control+k")
        search = page.get_by_role("combobox", name="Search or jump to")
        expect(search).to_be_focused()
        page.keyboard.type("webh")
        page.keyboard.press("Enter")
        page.wait_for_url("**/webhooks")
        expect(page.get_by_role("heading", level=1)).to_be_focused()

    def test_arrows_choose_and_escape_gives_focus_back(self, page, user):
        sign_in(page, user)
        link = page.get_by_role("navigation").get_by_role("link", name="History")
        tab_to(page, link)
        page.keyboard.press("Control+k")
        search = page.get_by_role("combobox", name="Search or jump to")
        first = search.get_attribute("aria-activedescendant")
        page.keyboard.press("ArrowDown")
        expect(search).not_to_have_attribute("aria-activedescendant", first)
        expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(link).to_be_focused()


class TestShortcuts:
    def test_two_keys_go_to_a_page(self, page, user):
        sign_in(page, user)
        page.keyboard.press("g")
        page.keyboard.press("h")
        page.wait_for_url("**/history")
        expect(page.get_by_role("heading", level=1)).to_have_text("History")

    def test_question_mark_lists_them(self, page, user):
        sign_in(page, user)
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(dialog).to_contain_text("Go to History")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)

    def test_they_are_off_while_typing(self, page, user):
        sign_in(page, user)
        page.goto("/history")
        expect(page.get_by_role("heading", level=1)).to_have_text("History")
        page.keyboard.press("/")
        field = page.locator("main [data-search]")
        expect(field).to_be_focused()
        page.keyboard.type("gh?n")
        expect(field).to_have_value("gh?n")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page).to_have_url(re.compile("/history"))
