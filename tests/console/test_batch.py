"""Batches in the browser: choose, send, follow, fetch, and try again."""

import zipfile

import pytest
from playwright.sync_api import expect

from tests.console.accessibility import violations_of
from tests.console.visits import sign_in
from tests.console.work import SAMPLES, TO_ENCRYPT, choose, fetch

pytestmark = pytest.mark.stack

PICTURES = [SAMPLES / name for name in ("astronaut.png", "coffee.png", "rocket.jpg")]
TO_BATCH = "Pictures for the batch"
DONE = "3 pictures encrypted"


@pytest.fixture
def visitor(page, user):
    sign_in(page, user)
    page.goto("/batch")
    return page


def send(page, *files):
    choose(page, TO_BATCH, *files)
    page.get_by_role("button", name="Encrypt 3 pictures", exact=True).click()
    page.wait_for_url("**/batches/bat_*")


class TestBatch:
    def test_pictures_come_back_in_one_zip(self, visitor, tmp_path):
        notes = tmp_path / "notes.txt"
        notes.write_text("no picture")
        choose(visitor, TO_BATCH, *PICTURES, notes)
        expect(visitor.get_by_text("1 file left out")).to_be_visible()
        visitor.get_by_role("button", name="Encrypt 3 pictures", exact=True).click()
        expect(visitor.get_by_role("heading", level=1)).to_have_text(DONE, timeout=90_000)
        names = set(zipfile.ZipFile(fetch(visitor, "Download the zip", tmp_path)).namelist())
        assert {"astronaut.enc.png", "coffee.enc.png", "rocket.enc.png", "manifest.json"} <= names
        assert not any(name.endswith(".qkey") for name in names)

        visitor.get_by_role("switch", name="With the key files").check(force=True)
        expect(visitor.get_by_text("Anyone who has this zip can open the pictures.")).to_be_visible()
        names = zipfile.ZipFile(fetch(visitor, "Download the zip", tmp_path)).namelist()
        assert "coffee.enc.qkey" in names

    def test_reload_shows_the_same_batch(self, visitor):
        send(visitor, *PICTURES)
        visitor.reload()
        expect(visitor.get_by_role("listitem").filter(has_text="coffee.png")).to_be_visible()
        expect(visitor.get_by_role("heading", level=1)).to_have_text(DONE, timeout=90_000)
        visitor.get_by_role("link", name="New batch").click()
        visitor.get_by_role("link", name="3 pictures").click()
        expect(visitor.get_by_role("heading", level=1)).to_have_text(DONE)

    def test_several_pictures_become_a_batch(self, visitor):
        visitor.goto("/encrypt")
        choose(visitor, TO_ENCRYPT, *PICTURES)
        expect(visitor.get_by_role("button", name="Encrypt 3 pictures", exact=True)).to_be_visible()

    def test_more_than_hundred_are_left_out(self, visitor, tmp_path):
        files = [tmp_path / f"{number}.jpg" for number in range(103)]
        for file in files:
            file.write_bytes(PICTURES[2].read_bytes())
        choose(visitor, TO_BATCH, *files)
        expect(visitor.get_by_text("3 files left out")).to_be_visible(timeout=60_000)
        expect(visitor.get_by_role("button", name="Encrypt 100 pictures")).to_be_visible()

    def test_refused_picture_is_a_line(self, visitor, user):
        """A picture that only the service recognizes as bad is an item with its reason."""
        files = [("images", ("good.png", PICTURES[0].read_bytes())), ("images", ("bad.png", b"not a picture"))]
        batch = user.http.post("/batch/encrypt", files=files, headers={"Prefer": "wait=30"}).json()
        visitor.goto(f"/batches/{batch['batch_id']}")
        expect(visitor.get_by_role("heading", level=1)).to_have_text("1 encrypted, 1 failed")
        expect(visitor.get_by_role("listitem").filter(has_text="bad.png")).to_contain_text("only a new picture helps")
        expect(visitor.get_by_role("button", name="Try 1 again")).to_have_count(0)

    def test_failed_picture_is_tried_again(self, visitor, user):
        """Only the worker finds what is wrong with the pixels, so this picture has a job that can be retried."""
        damaged = bytearray(PICTURES[0].read_bytes())
        damaged[100_000:100_400] = bytes(400)
        files = [("images", ("good.png", PICTURES[0].read_bytes())), ("images", ("damaged.png", bytes(damaged)))]
        batch = user.http.post("/batch/encrypt", files=files, headers={"Prefer": "wait=30"}).json()
        visitor.goto(f"/batches/{batch['batch_id']}")
        expect(visitor.get_by_role("listitem").filter(has_text="damaged.png")).to_contain_text("The file is damaged.")
        with visitor.expect_response("**/retry") as answer:
            visitor.get_by_role("button", name="Try 1 again").click()
        assert answer.value.status == 202
        expect(visitor.get_by_role("button", name="Try 1 again")).to_be_visible(timeout=60_000)
        expect(visitor.get_by_role("heading", level=1)).to_have_text("1 encrypted, 1 failed")

    def test_unknown_batch_says_so(self, visitor, page_watch):
        page_watch.allow("status of 404")
        visitor.goto(f"/batches/bat_{'0' * 32}")
        expect(visitor.get_by_role("alert")).to_contain_text("There is nothing at this address.")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(open_page, user, theme):
    page = open_page(color_scheme=theme, reduced_motion="reduce")
    sign_in(page, user)
    page.goto("/batch")
    choose(page, TO_BATCH, *PICTURES)
    expect(page.get_by_role("button", name="Encrypt 3 pictures")).to_be_visible()
    assert violations_of(page) == []
    page.get_by_role("button", name="Encrypt 3 pictures", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(DONE, timeout=90_000)
    assert violations_of(page) == []
