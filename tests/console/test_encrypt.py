"""Encrypting in the browser: a picture, parts of one, and what is no picture."""

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.console.accessibility import violations_of
from tests.console.visits import sign_in
from tests.console.work import (
    PASSWORD,
    SAMPLES,
    TO_DECRYPT,
    TO_ENCRYPT,
    await_picture,
    await_result,
    choose,
    choose_option,
    encrypt,
    fetch,
    lock,
    start,
)

pytestmark = pytest.mark.stack

ROCKET = SAMPLES / "rocket.jpg"
ASTRONAUT = SAMPLES / "astronaut.png"


def part(page, width, height, x, y):
    """Part 1 on the picture."""
    return page.get_by_role("button", name=f"Part 1: {width} \N{MULTIPLICATION SIGN} {height} pixels at x {x}, y {y}")


@pytest.fixture
def visitor(page, user):
    """A page that is signed in."""
    sign_in(page, user)
    return page


class TestWholePicture:
    def test_photo_comes_back_byte_for_byte(self, visitor, tmp_path):
        """Sign up, encrypt a photo with a password, decrypt it in the browser: the identical file."""
        start(visitor, ROCKET)
        lock(visitor)
        encrypt(visitor)
        image, key = (
            fetch(visitor, "Download: Encrypted picture", tmp_path),
            fetch(visitor, "Download: Key file", tmp_path),
        )
        assert (image.name, key.name) == ("rocket.enc.png", "rocket.enc.qkey")
        with visitor.expect_download() as opener:
            visitor.get_by_role("link", name="Download the page to keep").click()
        assert opener.value.suggested_filename == "open.html"
        assert b"<html" in Path(opener.value.path()).read_bytes()[:1000].lower()

        visitor.goto("/decrypt")
        expect(visitor.get_by_role("heading", level=1)).to_have_text("Decrypt")
        sent = []
        visitor.on("request", lambda request: sent.append(request) if request.method != "GET" else None)
        choose(visitor, TO_DECRYPT, image, key)
        expect(visitor.get_by_text("Belongs to this picture")).to_be_visible()
        visitor.get_by_label("Password").first.fill(PASSWORD)
        visitor.get_by_role("button", name="Decrypt", exact=True).click()
        await_picture(visitor)
        assert fetch(visitor, "Download", tmp_path).read_bytes() == ROCKET.read_bytes()
        assert sent == []

    def test_stages_are_shown_live(self, visitor, tmp_path):
        """With the purity `maximum`, whose material opens the picture here again."""
        start(visitor, ASTRONAUT)
        choose_option(visitor, "Maximum")
        visitor.get_by_role("button", name="Encrypt", exact=True).click()
        expect(visitor.get_by_role("heading", level=1)).to_have_text("Encrypting")
        expect(visitor.get_by_text("Live", exact=True).last).to_be_visible()
        expect(visitor.get_by_role("listitem").filter(has_text="Checked the file")).to_be_visible()
        expect(visitor.get_by_role("progressbar", name="Encrypted")).to_be_visible()
        await_result(visitor)
        files = [
            fetch(visitor, f"Download: {name}", tmp_path) for name in ("Encrypted picture", "Key file", "Material")
        ]
        visitor.goto("/decrypt")
        choose(visitor, TO_DECRYPT, *files)
        visitor.get_by_role("button", name="Decrypt", exact=True).click()
        await_picture(visitor)

    def test_unequal_passwords_are_told_before_sending(self, visitor):
        start(visitor, ASTRONAUT)
        lock(visitor)
        visitor.get_by_label("The same again").fill("another password")
        visitor.get_by_role("button", name="Encrypt", exact=True).click()
        expect(visitor.get_by_text("The two are not equal.")).to_be_visible()
        expect(visitor.get_by_label("The same again")).to_be_focused()

    def test_preview_can_be_switched_off(self, visitor):
        visitor.goto("/settings")
        visitor.get_by_role("switch", name="Preview while encrypting").press("Space")
        start(visitor, ASTRONAUT)
        expect(visitor.get_by_text("The preview is switched off in Settings")).to_be_visible()
        assert visitor.locator("main img").count() == 0


class TestReceipt:
    @pytest.fixture
    def changed(self, visitor):
        """Receipts arrive changed by this function of their bytes."""

        def install(change):
            def handle(route):
                answer = route.fetch()
                route.fulfill(response=answer, body=change(answer.body()))

            visitor.route("**/receipt", handle)

        return install

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (
                lambda body: body.replace(b'"degraded": false', b'"degraded": true'),
                "This is no receipt, or it was changed.",
            ),
            (lambda body: body.replace(b'"image_sha256": "', b'"image_sha256": "0')[:-1], "This is no receipt"),
            (lambda body: re.sub(rb'"signature_b64": "(.)', flip, body), "Signature does not hold"),
            (lambda body: re.sub(rb'"image_sha256": "(.)', flip, body), "It is about another file"),
        ],
    )
    def test_changed_receipt_is_never_verified(self, visitor, changed, change, words):
        changed(change)
        start(visitor, ASTRONAUT)
        visitor.get_by_role("button", name="Encrypt", exact=True).click()
        expect(visitor.get_by_text(words)).to_be_visible(timeout=90_000)
        expect(visitor.get_by_text("Does not match")).to_be_visible()
        assert visitor.get_by_text("Verified in this browser").count() == 0


def flip(match):
    """Change the last character of a match."""
    return match[0][:-1] + (b"b" if match[1] == b"a" else b"a")


class TestWhatIsNoPicture:
    def test_encrypted_picture_goes_to_decrypt(self, visitor, tmp_path):
        start(visitor, ASTRONAUT)
        encrypt(visitor)
        image = fetch(visitor, "Download: Encrypted picture", tmp_path)
        visitor.goto("/encrypt")
        choose(visitor, TO_ENCRYPT, image)
        expect(visitor.get_by_text("This is an encrypted picture. Decrypt it?")).to_be_visible()
        visitor.get_by_role("button", name="Go to Decrypt with it").click()
        expect(visitor.get_by_text(image.name)).to_be_visible()

    def test_file_over_the_limit_says_both_sizes(self, visitor, tmp_path):
        large = tmp_path / "large.png"
        with large.open("wb") as file:
            file.write(ASTRONAUT.read_bytes()[:64])
            file.truncate(51_000_000)
        visitor.goto("/encrypt")
        choose(visitor, TO_ENCRYPT, large)
        expect(visitor.get_by_text("This file is 51 MB. The limit is 50 MB.")).to_be_visible()

    def test_26_megapixels_are_refused_as_pixels(self, visitor, tmp_path):
        huge = tmp_path / "huge.png"
        Image.new("L", (5200, 5000)).save(huge)
        start(visitor, huge)
        choose_option(visitor, "Pixels")
        expect(visitor.get_by_text("This picture has 26 megapixels.")).to_be_visible()
        choose_option(visitor, "File")
        expect(visitor.get_by_text("This picture has 26 megapixels.")).to_have_count(0)

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("notes.txt", b"not a picture at all", "This format is not supported."),
            ("scan.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "The file is damaged."),
            ("empty.png", b"", "The file is empty."),
            ("picture.png", b"%PDF-1.7 and more", "This format is not supported."),
        ],
    )
    def test_content_decides_and_not_the_name(self, visitor, tmp_path, name, content, words):
        file = tmp_path / name
        file.write_bytes(content)
        visitor.goto("/encrypt")
        choose(visitor, TO_ENCRYPT, file)
        expect(visitor.get_by_role("alert")).to_contain_text(words)


class TestParts:
    def test_parts_are_drawn_by_keyboard(self, visitor, user, tmp_path):
        """Enter adds a part in the middle, arrows move it, and on a handle they resize it."""
        start(visitor, ASTRONAUT)
        visitor.get_by_role("radio", name="Only parts").check(force=True)
        board = visitor.locator("[data-board]")
        board.focus()
        visitor.keyboard.press("Enter")
        expect(part(visitor, 128, 128, 192, 192)).to_be_focused()
        for key in ("ArrowLeft", "Shift+ArrowUp", "Shift+ArrowUp", "ArrowDown"):
            visitor.keyboard.press(key)
        visitor.get_by_role("button", name="Move the right bottom corner").focus()
        for key in ("Shift+ArrowRight", "ArrowDown", "ArrowDown"):
            visitor.keyboard.press(key)
        expect(part(visitor, 138, 130, 191, 173)).to_be_visible()

        board.focus()
        visitor.keyboard.press("Enter")
        visitor.keyboard.press("Delete")
        expect(visitor.get_by_text("1 of at most 64")).to_be_visible()
        visitor.keyboard.press("Control+z")
        expect(visitor.get_by_text("2 of at most 64")).to_be_visible()
        visitor.keyboard.press("Control+y")

        visitor.get_by_role("button", name="Encrypt 1 part", exact=True).click()
        job = user.job(await_result(visitor))
        assert job["regions"] == [{"x": 191, "y": 173, "width": 138, "height": 130}]
        image = Image.open(fetch(visitor, "Download: Encrypted picture", tmp_path))
        changed = np.any(np.asarray(image) != np.asarray(Image.open(ASTRONAUT)), axis=2)
        assert changed[173:303, 191:329].mean() > 0.99
        changed[173:303, 191:329] = False
        assert not changed.any()

    def test_mouse_draws_moves_and_resizes(self, visitor):
        start(visitor, ASTRONAUT)
        visitor.get_by_role("radio", name="Only parts").check(force=True)
        board = visitor.locator("[data-board]").bounding_box()
        scale = board["width"] / 512

        def drag(start, end):
            visitor.mouse.move(board["x"] + start[0] * scale, board["y"] + start[1] * scale)
            visitor.mouse.down()
            visitor.mouse.move(board["x"] + end[0] * scale, board["y"] + end[1] * scale, steps=3)
            visitor.mouse.up()

        drag((100, 100), (200, 150))
        expect(part(visitor, 100, 50, 100, 100)).to_be_visible()
        drag((200, 150), (220, 180))
        expect(part(visitor, 120, 80, 100, 100)).to_be_visible()
        visitor.get_by_role("radio", name="Select").check(force=True)
        drag((150, 120), (600, 120))
        expect(part(visitor, 120, 80, 392, 100)).to_be_visible()
        visitor.get_by_role("button", name="Undo").click()
        expect(part(visitor, 120, 80, 100, 100)).to_be_visible()

    def test_numbers_are_typed(self, visitor):
        start(visitor, ASTRONAUT)
        visitor.get_by_role("radio", name="Only parts").check(force=True)
        visitor.get_by_role("button", name="Add a part").click()
        visitor.get_by_label("Width of part 1").fill("9000")
        visitor.get_by_label("Width of part 1").press("Enter")
        expect(visitor.get_by_label("Width of part 1")).to_have_value("320")

    def test_turned_photo_is_drawn_as_stored(self, visitor, tmp_path):
        """Regions are pixels of the stored picture: EXIF turns this one, and the board does not."""
        photo = tmp_path / "turned.jpg"
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.open(ROCKET).save(photo, exif=exif)
        start(visitor, photo)
        visitor.get_by_role("radio", name="Only parts").check(force=True)
        expect(visitor.get_by_text("Viewers turn this picture.")).to_be_visible()
        shown = Image.open(BytesIO(visitor.locator("[data-board]").screenshot())).convert("RGB").resize((64, 43))
        stored = Image.open(ROCKET).resize((64, 43))
        assert np.abs(np.asarray(shown, float) - np.asarray(stored, float)).mean() < 10


@pytest.mark.parametrize("theme", ["light", "dark"])
class TestAccessibility:
    def test_axe_finds_nothing(self, open_page, user, theme):
        page = open_page(color_scheme=theme, reduced_motion="reduce")
        sign_in(page, user)
        page.goto("/encrypt")
        expect(page.get_by_text("Simulator, credited 0 bits")).to_be_visible()
        assert violations_of(page) == []
        choose(page, TO_ENCRYPT, ASTRONAUT)
        lock(page)
        assert violations_of(page) == []
        page.get_by_role("radio", name="Only parts").check(force=True)
        page.get_by_role("button", name="Add a part").click()
        assert violations_of(page) == []
        page.get_by_role("radio", name="Whole picture").check(force=True)
        encrypt(page)
        assert violations_of(page) == []


class TestPhone:
    def test_pages_do_not_scroll_sideways(self, open_page, user):
        for width in (390, 320):
            page = open_page(viewport={"width": width, "height": 700}, has_touch=True)
            sign_in(page, user)
            start(page, ASTRONAUT)
            self._assert_narrow(page)
            page.get_by_role("radio", name="Only parts").check(force=True)
            page.get_by_role("button", name="Add a part").click()
            self._assert_narrow(page)
            page.get_by_role("button", name="Encrypt 1 part").click()
            await_result(page)
            self._assert_narrow(page)

    @staticmethod
    def _assert_narrow(page):
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url

    def test_options_open_in_sheets(self, phone, user):
        sign_in(phone, user)
        start(phone, ASTRONAUT)
        phone.get_by_role("button", name="This service, for your account").click()
        phone.get_by_role("radio", name="The key file with a password").check(force=True)
        phone.get_by_label("Password", exact=True).fill(PASSWORD)
        phone.get_by_label("The same again").fill(PASSWORD)
        phone.get_by_role("button", name="Close").click()
        encrypt(phone)
        expect(phone.get_by_text("Opens the picture, with the password")).to_be_visible()
