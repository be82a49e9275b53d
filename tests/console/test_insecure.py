"""The console over http and not on localhost, where browsers offer pages no cryptography."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.console.browsers import INSECURE
from tests.console.conftest import watched
from tests.console.visits import sign_in
from tests.console.work import SAMPLES, TO_DECRYPT, await_picture, choose, fetch
from tests.support.pictures import pixels

pytestmark = pytest.mark.stack

COFFEE = SAMPLES / "coffee.png"


@pytest.fixture
def visitor(launch, system, user) -> Iterator[Page]:
    """A page of that origin that is signed in."""
    host, address = INSECURE.removeprefix("http://"), system.url.removeprefix("http://")
    with watched(launch(f"--host-resolver-rules=MAP {host}:80 {address}"), INSECURE) as (page, watch):
        watch.allow("Cross-Origin-Opener-Policy")  # Chromium says that it ignores it here.
        sign_in(page, user)
        assert page.evaluate("isSecureContext") is False
        yield page


def test_picture_is_opened_by_the_service_and_the_page_says_why(visitor, user, tmp_path):
    job = user.encrypt(COFFEE.read_bytes(), name="coffee.png")
    image, key = tmp_path / "coffee.enc.png", tmp_path / "coffee.enc.qkey"
    image.write_bytes(user.download(job["result_url"]))
    key.write_bytes(user.download(job["key_file_url"]))
    visitor.goto("/decrypt")
    choose(visitor, TO_DECRYPT, image, key)
    expect(visitor.get_by_text("This page has no secure connection.")).to_be_visible()
    expect(visitor.get_by_role("switch", name="In this browser")).not_to_be_checked()
    visitor.get_by_role("button", name="Decrypt", exact=True).click()
    await_picture(visitor)
    assert np.array_equal(pixels(fetch(visitor, "Download", tmp_path).read_bytes()), pixels(COFFEE.read_bytes()))


def test_id_is_copied(visitor, user):
    job = user.encrypt(COFFEE.read_bytes(), name="coffee.png")
    visitor.goto(f"/jobs/{job['job_id']}")
    visitor.get_by_role("button", name="Copy the job id").click()
    expect(visitor.get_by_role("status").filter(has_text="Copied")).to_be_attached()
    visitor.goto("/history")
    search = visitor.get_by_role("searchbox")
    search.focus()
    visitor.keyboard.press("Control+V")
    expect(search).to_have_value(job["job_id"])
