"""The pages in real browsers, on the real embedded system.

How to write a test of a page:

    def test_overview_shows_the_job(self, page, user, picture):
        sign_in(page, user)                                  # tests.console.visits: by the login page
        page.goto("/overview")                               # addresses begin at the console's origin
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()

`page` (Playwright's) comes from a fresh browser context. At the end of the test it fails on every violation of the
policy, error of the console, exception and request to another host that it saw; `page_watch.allow("404")` accepts the
errors whose text has these words. `phone` is the same with the screen of a phone, `dark` in the dark theme. `user` is a
registered account with an HTTP client (tests.support.users), `system` the running system.

`tests.console.accessibility.violations_of(page)` is what axe complains of.

test_every_page.py covers each page of the navigation table by itself: head, width, axe, unknown ids, sign-in. Only a
page whose address has a new parameter needs something there: a record of that kind, in records.py.

Find elements by role and name, as a person does, and wait with `expect`. Do not sleep, and do not call `asyncio.run`:
Playwright's loop runs in this thread. Without Chromium the tests are skipped, unless REQUIRE_BROWSER=1. Names of tests:
at most 8 words.
"""
