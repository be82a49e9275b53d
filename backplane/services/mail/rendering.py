"""Mails as plain text and HTML, both from one text for each kind.

A text is the subject, an empty line, and paragraphs. A paragraph is a link, `[words]($link)`, or lines that begin with
`- `, or prose. Its structure is read before the values are filled in, so no value makes a link or a line.
"""

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template

from backplane.services.mail import values as texts
from backplane.services.mail.kinds import KINDS

LINK = re.compile(r"\[(?P<words>[^\]]+)\]\((?P<target>\$\w+)\)")
TEMPLATES = files("backplane.services.mail") / "templates"
FORMS: dict[str, Callable[[str], str]] = {"text": texts.plain, "name": texts.name, "link": str}

BUTTON = (
    '<p style="margin:24px 0"><a href="{target}" style="display:inline-block;padding:12px 20px;border-radius:6px;'
    'background:#1d4ed8;color:#ffffff;text-decoration:none;font-weight:600">{words}</a></p>'
    '<p style="margin:16px 0;font-size:13px;color:#57606a;word-break:break-all">{target}</p>'
)
PROSE = '<p style="margin:16px 0">{prose}</p>'
LIST = '<ul style="margin:16px 0;padding-left:20px">{items}</ul>'
ITEM = '<li style="margin:4px 0;overflow-wrap:anywhere">{item}</li>'


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Footer:
    """What stands below every mail."""

    service_url: str
    support: str | None
    unsubscribe_url: str | None

    def paragraphs(self) -> list[str]:
        found = [f"Sent by ImageShield at {self.service_url}."]
        if self.support is not None:
            found.append(f"Questions: {self.support}")
        if self.unsubscribe_url is not None:
            found.append(f"No more mails of this kind: {self.unsubscribe_url}")
        return found


def render(kind: str, values: Mapping[str, str], footer: Footer) -> Rendered:
    """Fill the text of a kind with its values.

    Raises:
        ValueError: the values are not the fields of the kind.
    """
    fields = KINDS[kind].fields
    if values.keys() != fields.keys():
        raise ValueError(f"{kind} has the fields {', '.join(sorted(fields))}")
    safe = {field: FORMS[form](values[field]) for field, form in fields.items()}
    subject, paragraphs = read(kind)
    plain = [_plain(paragraph, safe) for paragraph in paragraphs]
    body = "\n".join(_marked_up(paragraph, safe) for paragraph in paragraphs)
    return Rendered(
        subject=Template(subject).substitute(safe),
        text="\n\n".join([*plain, "-- \n" + "\n".join(footer.paragraphs())]) + "\n",
        html=_layout().substitute(body=body, footer="<br>".join(map(html.escape, footer.paragraphs()))),
    )


@cache
def read(kind: str) -> tuple[str, tuple[str, ...]]:
    """Read the text of a kind: its subject and its paragraphs."""
    subject, *paragraphs = (TEMPLATES / f"{kind}.txt").read_text().strip().split("\n\n")
    return subject, tuple(paragraphs)


@cache
def _layout() -> Template:
    return Template((TEMPLATES / "layout.html").read_text())


def _plain(paragraph: str, values: Mapping[str, str]) -> str:
    found = LINK.fullmatch(paragraph)
    text = f"{found['words']}:\n{found['target']}" if found is not None else paragraph
    return Template(text).substitute(values)


def _marked_up(paragraph: str, values: Mapping[str, str]) -> str:
    escaped = {field: html.escape(value) for field, value in values.items()}

    def fill(text: str) -> str:
        return Template(html.escape(text)).substitute(escaped)

    found = LINK.fullmatch(paragraph)
    if found is not None:
        return BUTTON.format(target=fill(found["target"]), words=fill(found["words"]))
    if paragraph.startswith("- "):
        items = [ITEM.format(item=fill(line.removeprefix("- "))) for line in paragraph.splitlines()]
        return LIST.format(items="".join(items))
    return PROSE.format(prose=fill(" ".join(paragraph.splitlines())))
