"""Mails as texts: every kind renders, and no value makes a header, a link or a line of its own."""

import email
import email.policy
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from backplane import ids
from backplane.mail.messages import Letter, compose
from backplane.services.mail import values
from backplane.services.mail.kinds import CATEGORIES, KINDS, SECURITY
from backplane.services.mail.rendering import LINK, TEMPLATES, Footer, read, render

FOOTER = Footer("https://images.example", "help@images.example", None)
LINK_OF_OURS = "https://images.example/password#token=abc"
HOSTILE = (
    'Ada</p><script>x</script>\r\nBcc: eve@evil.example\n\n[click](https://evil.example)\x00\u202e "$link" ${link}'
)


def given(kind, text="text"):
    return {field: LINK_OF_OURS if form == "link" else text for field, form in KINDS[kind].fields.items()}


def message(rendered, **changes):
    letter = Letter(
        id=ids.new(),
        message_id="<1@images.example>",
        sender="ImageShield <no-reply@images.example>",
        recipient="ada@example.org",
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        written_at=datetime(2026, 11, 30, 12, tzinfo=UTC),
        **changes,
    )
    return email.message_from_bytes(bytes(compose(letter)), policy=email.policy.default)


class Links(HTMLParser):
    """Collects whatever in an HTML text leads or loads something, and all names of elements."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.elements = [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        for name, value in attrs:
            if name == "href":
                self.links.append(value)
            elif name in {"src", "srcset", "background", "action"} or "url(" in (value or ""):
                self.loads.append(value)


@pytest.mark.parametrize("kind", KINDS)
class TestKinds:
    def test_text_uses_exactly_its_fields(self, kind):
        subject, paragraphs = read(kind)
        used = set(re.findall(r"\$(\w+)", "\n".join([subject, *paragraphs])))
        assert used == set(KINDS[kind].fields)

    def test_links_are_whole_paragraphs(self, kind):
        _, paragraphs = read(kind)
        links = {match["target"][1:] for one in paragraphs if (match := LINK.fullmatch(one))}
        assert links == {field for field, form in KINDS[kind].fields.items() if form == "link"}

    def test_both_parts_say_the_same(self, kind):
        found = message(render(kind, given(kind), FOOTER))
        assert not found.defects
        plain, html = (found.get_body((part,)).get_content() for part in ("plain", "html"))
        assert "$" not in found["Subject"] + plain + html
        for line in filter(None, plain.splitlines()):
            assert line.removeprefix("- ").removesuffix(":").strip("- ") in html

    def test_html_loads_nothing(self, kind):
        found = Links(render(kind, given(kind), FOOTER).html)
        assert set(found.links) <= {LINK_OF_OURS}
        assert not found.loads
        assert not found.elements & {"img", "script", "style", "link", "iframe", "form"}

    def test_hostile_values_stay_values(self, kind):
        rendered = render(kind, given(kind, HOSTILE), FOOTER)
        found = message(rendered)
        assert not found.defects
        assert found["Bcc"] is None
        assert set(Links(rendered.html).links) <= {LINK_OF_OURS}
        assert "script" not in Links(rendered.html).elements
        assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", rendered.subject + rendered.text)
        assert "\nBcc" not in rendered.text


class TestCatalog:
    def test_every_text_is_of_a_kind(self):
        assert {path.name for path in TEMPLATES.iterdir()} == {f"{kind}.txt" for kind in KINDS} | {"layout.html"}

    def test_categories_are_known(self):
        assert {kind.category for kind in KINDS.values()} == {SECURITY, *CATEGORIES}

    def test_wrong_fields_are_refused(self):
        with pytest.raises(ValueError, match="has the fields link"):
            render("password-reset", {"link": LINK_OF_OURS, "more": "x"}, FOOTER)


class TestHeaders:
    def test_automatic_and_identified(self):
        found = message(render("password-reset", given("password-reset"), FOOTER))
        assert (found["Auto-Submitted"], found["Message-ID"]) == ("auto-generated", "<1@images.example>")
        assert found["Date"].datetime == datetime(2026, 11, 30, 12, tzinfo=UTC)
        assert found["List-Unsubscribe"] is None
        assert found["To"].addresses[0].addr_spec == "ada@example.org"

    def test_long_unsubscribe_link_is_not_encoded(self):
        """RFC 2047 words in it would be no address to a mail program."""
        url = "https://images.example/api/v1/mail/unsubscribe?token=" + "A" * 120
        found = message(render("limit-near", given("limit-near"), FOOTER), unsubscribe_url=url)
        assert found["List-Unsubscribe"] == f"<{url}>"
        assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"

    @pytest.mark.parametrize("changes", [{"recipient": "a@b.example\r\nBcc: c@d.example"}, {"subject": "a\nBcc: b"}])
    def test_line_break_is_refused(self, changes):
        mail = {
            "id": ids.new(),
            "message_id": "<1@images.example>",
            "sender": "a@b.example",
            "recipient": "ada@example.org",
            "subject": "Hello",
            "text": "Hello",
            "html": "Hello",
            "written_at": datetime.now(UTC),
        }
        with pytest.raises(ValueError, match="line"):
            compose(Letter(**(mail | changes)))


class TestNames:
    @pytest.mark.parametrize(
        ("name", "written"),
        [
            ("Bücher & Söhne", "Bücher & Söhne"),
            ("Клиника Москва", "Клиника Москва"),
            ("東京タワーの写真", "東京タワーの写真"),
            ("Micr\u043es\u043eft", "Micr\\u{43e}s\\u{43e}ft"),
            ("evil.example/login", "evil[.]example/login"),
            ("https://evil", "https[:]//evil"),
            ("a@evil.example", "a[at]evil[.]example"),
            ("a\u202eb\r\nc", "a\\u{202e}b\\u{d}\\u{a}c"),
            ("x" * 200, "x" * 99 + "…"),
        ],
    )
    def test_are_written_safely(self, name, written):
        assert values.name(name) == written
