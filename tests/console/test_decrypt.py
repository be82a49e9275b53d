"""Decrypting in the browser and by the service: exchanged files, wrong secrets, pictures that were saved again."""

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from shield_core.keys.recipients import SecretKey
from tests.console.accessibility import violations_of
from tests.console.visits import sign_in
from tests.console.work import PASSWORD, SAMPLES, TO_DECRYPT, await_picture, choose, fetch

pytestmark = pytest.mark.stack

COFFEE = SAMPLES / "coffee.png"


class Encrypted:
    """An encryption of the user, as files."""

    def __init__(self, user, folder, source, **form):
        job = user.encrypt(source.read_bytes(), name=source.name, **form)
        self.job_id, self.key_id = job["job_id"], job["key_id"]
        self.image, self.key = folder / f"{source.stem}.enc.png", folder / f"{source.stem}.enc.qkey"
        self.image.write_bytes(user.download(job["result_url"]))
        self.key.write_bytes(user.download(job["key_file_url"]))


@pytest.fixture
def coffee(user, tmp_path):
    return Encrypted(user, tmp_path, COFFEE)


@pytest.fixture
def visitor(page, user):
    sign_in(page, user)
    page.goto("/decrypt")
    return page


def press(page):
    page.get_by_role("button", name="Decrypt", exact=True).click()


def by_the_service(page):
    page.get_by_role("switch", name="In this browser").uncheck(force=True)


def assert_same_pixels(one, other):
    assert np.array_equal(np.asarray(Image.open(one)), np.asarray(Image.open(other)))


class TestFiles:
    def test_exchanged_files_are_swapped(self, visitor, coffee, tmp_path):
        choose(visitor, TO_DECRYPT, coffee.image)
        choose(visitor, "Choose: Key file", coffee.image)
        choose(visitor, "Replace: Encrypted picture", coffee.key)
        expect(visitor.get_by_text("Picture and key file are exchanged.")).to_be_visible()
        visitor.get_by_role("button", name="Swap them").click()
        expect(visitor.get_by_text("Belongs to this picture")).to_be_visible()
        press(visitor)
        await_picture(visitor)
        assert_same_pixels(fetch(visitor, "Download", tmp_path), COFFEE)

    def test_key_file_of_another_picture_is_refused(self, visitor, user, coffee, tmp_path):
        other = Encrypted(user, tmp_path, SAMPLES / "rocket.jpg")
        choose(visitor, TO_DECRYPT, coffee.image, other.key)
        expect(visitor.get_by_text("Of another picture")).to_be_visible()
        expect(visitor.get_by_role("button", name="Choose the key file of this picture")).to_have_attribute(
            "aria-disabled", "true"
        )

    def test_changed_key_file_is_told(self, visitor, coffee):
        coffee.key.write_bytes(coffee.key.read_bytes().replace(b'"version": 1', b'"version": 2'))
        choose(visitor, TO_DECRYPT, coffee.image, coffee.key)
        key_file = visitor.get_by_role("region", name="Key file")
        expect(key_file.get_by_role("alert")).to_contain_text("This key file was changed.")
        expect(visitor.get_by_role("button", name="Choose other files first")).to_have_attribute(
            "aria-disabled", "true"
        )

    @pytest.mark.parametrize("where", [lambda _: None, by_the_service], ids=["here", "service"])
    def test_key_file_with_other_line_ends_opens(self, visitor, coffee, where, tmp_path):
        coffee.key.write_bytes(coffee.key.read_bytes().replace(b"\n", b"\r\n"))
        choose(visitor, TO_DECRYPT, coffee.image, coffee.key)
        expect(visitor.get_by_text("Another program has changed its line ends or spaces.")).to_be_visible()
        where(visitor)
        press(visitor)
        await_picture(visitor)
        assert_same_pixels(fetch(visitor, "Download", tmp_path), COFFEE)

    def test_empty_file_is_told(self, visitor, tmp_path):
        (tmp_path / "empty.png").touch()
        choose(visitor, TO_DECRYPT, tmp_path / "empty.png")
        expect(visitor.get_by_role("alert")).to_contain_text("The file is empty.")

    def test_foreign_file_is_told(self, visitor, tmp_path):
        (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.7")
        choose(visitor, TO_DECRYPT, tmp_path / "letter.pdf")
        expect(visitor.get_by_role("alert")).to_contain_text("This is neither an encrypted picture nor a key file.")


class TestSecrets:
    @pytest.fixture
    def locked(self, user, tmp_path):
        return Encrypted(user, tmp_path, COFFEE, master_password=PASSWORD)

    def test_wrong_password_here_keeps_everything(self, visitor, locked):
        choose(visitor, TO_DECRYPT, locked.image, locked.key)
        visitor.get_by_label("Password").first.fill("a wrong password")
        press(visitor)
        expect(visitor.get_by_role("alert")).to_contain_text(
            "The password does not open this key file.", timeout=60_000
        )
        visitor.get_by_label("Password").first.fill(PASSWORD)
        press(visitor)
        await_picture(visitor)

    def test_wrong_password_at_the_service_keeps_files(self, visitor, locked):
        choose(visitor, TO_DECRYPT, locked.image, locked.key)
        by_the_service(visitor)
        visitor.get_by_label("Password").first.fill("a wrong password")
        press(visitor)
        expect(visitor.get_by_role("alert")).to_contain_text("The picture does not open.", timeout=60_000)
        visitor.get_by_role("link", name="Change something and try again").click()
        expect(visitor.get_by_text("Belongs to this picture")).to_be_visible()
        expect(visitor.get_by_label("Password").first).to_have_value("")

    def test_secret_key_of_a_recipient_opens(self, visitor, user, tmp_path, recipient):
        public, secret = recipient
        made = Encrypted(user, tmp_path, COFFEE, recipients=public)
        choose(visitor, TO_DECRYPT, made.image, made.key)
        by_the_service(visitor)
        expect(visitor.get_by_role("button", name="Only its recipients open it, in this browser")).to_be_visible()
        visitor.get_by_role("switch", name="In this browser").check(force=True)
        visitor.get_by_role("textbox", name="Secret key").fill(secret)
        press(visitor)
        await_picture(visitor)
        assert_same_pixels(fetch(visitor, "Download", tmp_path), COFFEE)

    @pytest.fixture
    def recipient(self):
        secret = SecretKey.generate()
        return secret.public.text, secret.text


class TestByTheService:
    def test_picture_needs_no_key_file(self, visitor, coffee, tmp_path):
        choose(visitor, TO_DECRYPT, coffee.image)
        by_the_service(visitor)
        press(visitor)
        await_picture(visitor)
        expect(visitor.get_by_text("60 s after it was fetched")).to_be_visible()
        assert_same_pixels(fetch(visitor, "Download", tmp_path), COFFEE)


class TestSavedAgain:
    @pytest.fixture
    def again(self, coffee, tmp_path):
        path = tmp_path / "again.png"
        Image.open(coffee.image).save(path, optimize=True)
        return path

    def test_service_has_kept_the_header(self, visitor, coffee, again, tmp_path):
        choose(visitor, TO_DECRYPT, again)
        expect(
            visitor.get_by_text("Another program has saved this picture again, or it was never encrypted.")
        ).to_be_visible()
        by_the_service(visitor)
        visitor.get_by_label("Which picture was it?").select_option(coffee.key_id)
        press(visitor)
        await_picture(visitor)
        assert_same_pixels(fetch(visitor, "Download", tmp_path), COFFEE)

    def test_header_is_fetched_for_this_browser(self, visitor, coffee, again, tmp_path):
        choose(visitor, TO_DECRYPT, again, coffee.key)
        visitor.get_by_role("button", name="Fetch the header from the service").click()
        expect(visitor.get_by_text("Belongs to this picture")).to_be_visible()
        press(visitor)
        await_picture(visitor)
        assert_same_pixels(fetch(visitor, "Download", tmp_path), COFFEE)

    def test_changed_pixel_does_not_open(self, visitor, coffee, again):
        image = Image.open(again)
        image.putpixel((0, 0), tuple(255 - value for value in image.getpixel((0, 0))))
        image.save(again)
        choose(visitor, TO_DECRYPT, again, coffee.key)
        visitor.get_by_role("button", name="Fetch the header from the service").click()
        press(visitor)
        expect(visitor.get_by_role("alert")).to_contain_text("was changed")

    def test_jpeg_is_lost(self, visitor, coffee, tmp_path):
        Image.open(coffee.image).save(tmp_path / "again.jpg")
        choose(visitor, TO_DECRYPT, tmp_path / "again.jpg", coffee.key)
        expect(visitor.get_by_role("alert")).to_contain_text("it is lost in it")
        expect(visitor.get_by_role("button", name="This file cannot be decrypted")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, user, coffee, theme):
    page = open_page(color_scheme=theme, reduced_motion="reduce")
    sign_in(page, user)
    page.goto("/decrypt")
    expect(page.get_by_role("heading", level=1)).to_have_text("Decrypt")
    assert violations_of(page) == []
    choose(page, TO_DECRYPT, coffee.image, coffee.key)
    expect(page.get_by_text("Belongs to this picture")).to_be_visible()
    assert violations_of(page) == []
    press(page)
    await_picture(page)
    assert violations_of(page) == []
