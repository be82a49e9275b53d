"""The mails of a running system, read from the folder to which it writes them."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from tests.support.stack import SystemUnderTest, wait_until

LINK = re.compile(r"^https?://[^/\s]+(/[\w-]+#token=[\w-]+)\r?$", re.MULTILINE)


def mails_to(system: SystemUnderTest, email: str) -> list[EmailMessage]:
    """Return the mails to an address, oldest first."""
    files = sorted(Path(system.variables["MAIL_OUTBOX_DIRECTORY"]).glob("[!.]*.eml"), key=lambda file: file.name[17:])
    letters = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    return [letter for letter in letters if letter["To"] == email]


def newest_link(system: SystemUnderTest, email: str, *, mails: int = 1) -> str:
    """Wait for a number of mails to an address; return path and fragment of the link in the newest one."""
    wait_until(lambda: len(mails_to(system, email)) >= mails, f"{mails} mails to {email}", seconds=60)
    body = mails_to(system, email)[-1].get_body(("plain",))
    assert body is not None
    [link] = set(LINK.findall(body.get_content()))
    return link


def link_in(system: SystemUnderTest, email: str, page: str) -> str:
    """Wait for the mail to an address; return what follows the page in its link."""
    wait_until(lambda: mails_to(system, email), f"a mail to {email} is written")
    [letter] = mails_to(system, email)
    body = letter.get_body(("plain",))
    assert body is not None
    [rest] = set(re.findall(re.escape(page) + r"#(token=[\w-]+)", body.get_content()))
    return rest
