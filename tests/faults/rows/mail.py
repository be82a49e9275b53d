"""Mails: none is lost, and none goes out under two ids, whatever is killed while it is sent."""

import contextlib
import threading
from collections import Counter

from relay.mails import AT_ONCE
from tests.faults.injectors import execute
from tests.faults.registry import row
from tests.faults.site import Site
from tests.support.mail_server import MailServer, mail_server
from tests.support.stack import wait_until

SENDER = "no-reply@images.example"
POINTS = ("mail.claimed", "mail.delivered")
FLOOD = 20
EVERY = 5
KILLS = 2 + FLOOD // EVERY
OPEN = contextlib.ExitStack()
SERVERS: list[MailServer] = []

ADDRESS = "SELECT email FROM users WHERE id = $1::uuid"
DUE = "UPDATE mails SET due_at = now() WHERE status IN ('pending', 'sending')"
UNSENT = "SELECT count(*) AS waiting FROM mails WHERE status NOT IN ('sent', 'dropped')"


def server_url() -> str:
    """Start the server that this row's relay sends to."""
    SERVERS.append(OPEN.enter_context(mail_server()))
    return SERVERS[-1].url()


@row(
    "mail",
    "kill -9 of the relay before a mail is sent, while the server reads it, and before it is recorded",
    *("G1", "G2", "G4"),
    seconds=240,
    SMTP_URL=server_url,
    MAIL_FROM=SENDER,
)
def send_once(site: Site) -> None:
    server = SERVERS[-1]
    site.begin(accounts=len(POINTS) + 1 + FLOOD)
    with OPEN:
        for number, point in enumerate(POINTS):
            site.failpoints.arm(point, "kill")
            _request(site, number)
            site.failpoints.await_taken(point)
            _send_again(site)
        _kill_while_the_server_reads(site, server, len(POINTS))
        _kill_in_a_flood(site, server)
        _count(site, server)


def _kill_while_the_server_reads(site: Site, server: MailServer, account: int) -> None:
    server.hold = held = threading.Event()
    _request(site, account)
    wait_until(lambda: server.holding, "the server reads the mail")
    site.installation.kill("relay")
    server.hold = None
    held.set()
    _send_again(site)


def _kill_in_a_flood(site: Site, server: MailServer) -> None:
    before = len(server.received)
    for number in range(len(POINTS) + 1, len(POINTS) + 1 + FLOOD):
        _request(site, number)
        if number % EVERY == 0:
            site.installation.kill("relay")
    _send_again(site)
    wait_until(lambda: len(server.received) >= before + FLOOD, "the mails of the flood arrive", seconds=60)


def _request(site: Site, account: int) -> None:
    [found] = execute(site.installation, ADDRESS, site.accounts[account].rpartition("_")[2])
    answer = site.ask_one("POST", "/auth/password/reset", account=account, body={"email": found["email"]})
    site.expect(answer["status"] == 202, f"the reset of account {account} is accepted: {answer['status']}")


def _send_again(site: Site) -> None:
    """Do what the lease of a dead sender does after 75 seconds, and wait until everything is sent."""
    site.installation.await_ready()
    execute(site.installation, DUE)

    def all_sent() -> bool:
        [found] = execute(site.installation, UNSENT)
        return not found["waiting"]

    wait_until(all_sent, "every mail is recorded as sent", seconds=60)


def _count(site: Site, server: MailServer) -> None:
    ids: dict[str, set[str]] = {}
    for mail in server.received:
        ids.setdefault(mail.recipients[0], set()).add(mail.id)
    copies = Counter(mail.id for mail in server.received)
    asked = len(POINTS) + 1 + FLOOD
    site.measure("lost", asked - len(ids), 0, "requested mails that did not arrive")
    site.measure("two_ids", sum(len(found) > 1 for found in ids.values()), 0, "mails that arrived under two ids")
    again = sum(copies.values()) - len(copies)
    site.measure("copies", again, KILLS * AT_ONCE, "repeated mails, at most those in flight at each kill")
