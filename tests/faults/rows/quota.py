"""The quota of an account: charged once and refunded once, whatever is killed meanwhile."""

import re
import tempfile
import time
from pathlib import Path

from backplane.services.usage.tiers import PACKAGED
from tests.faults.injectors import execute
from tests.faults.registry import row
from tests.faults.site import Site
from tests.support.stack import wait_until

LIMIT = 6
USED = """
SELECT coalesce(sum(quantity), 0) AS used FROM usage_entries WHERE account_id = $1::uuid AND kind = 'encrypt'
"""


def small_table() -> str:
    """Write tiers whose free accounts have six encryptions and nothing else that this row could meet."""
    table = PACKAGED.read_text()
    for name in ("api_calls_per_hour", "uploads_at_once", "stored_bytes"):
        table = re.sub(rf"(?m)^{name} = .*$", f'{name} = "unlimited"', table)
    file = Path(tempfile.mkdtemp()) / "tiers.toml"
    file.write_text(table.replace("encryptions_per_month = 10", f"encryptions_per_month = {LIMIT}"))
    return str(file)


@row(
    "quota",
    "kill -9 of gateway, worker and child around the charge of a job, up to the account's limit",
    *("G1", "G2", "G4"),
    seconds=300,
    TIERS_FILE=small_table,
)
def charge_once(site: Site) -> None:
    site.begin()
    execute(site.installation, "UPDATE accounts SET tier = 'free' WHERE id = $1::uuid RETURNING id", _account(site))
    _kill_gateways(site)
    site.expect(_used(site) == 1, "of two unanswered requests the committed one is charged, and no other")
    for point in ("worker.completing", "worker.completed"):
        site.failpoints.arm(point, "kill")
        site.submit(1, follow=[0.0])
        site.failpoints.await_taken(point)
        site.ledger.do("settle", seconds=90)
    site.expect(_used(site) == 3, "jobs whose workers were killed at their end are charged once")
    _kill_each_attempt(site)
    site.expect(_used(site) == 3, "the job that its workers died of is refunded")
    answers = site.ask("POST", "/encrypt", picture=site.pictures[0], count=12)
    statuses = [answer["status"] for answer in answers if answer is not None]
    site.result.counted |= {"passed": statuses.count(202), "refused": statuses.count(429)}
    site.expect((statuses.count(202), statuses.count(429)) == (3, 9), f"three of twelve pass: {statuses}")
    site.reconcile(may_fail=True)
    site.measure("used", _used(site), LIMIT, "encryptions charged at the end")


def _kill_gateways(site: Site) -> None:
    for point in ("gateway.charged", "gateway.submitted"):
        site.failpoints.arm(point, "kill")
        before = site.installation.starts("gateway")
        site.ask("POST", "/encrypt", picture=site.pictures[0])
        wait_until(lambda before=before: site.installation.starts("gateway") > before, "the gateway is started again")
        site.installation.await_ready()


def _kill_each_attempt(site: Site) -> None:
    """Kill each of the three attempts; the sweeper ends the job."""
    site.failpoints.arm("worker.encrypting", "kill")
    [job] = site.submit(1, follow=[0.0])
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        if site.failpoints.taken_by("worker.encrypting") is not None:
            site.failpoints.clear()
            site.failpoints.arm("worker.encrypting", "kill")
        if site.ask_one("GET", f"/jobs/{job}")["body"]["status"] == "failed":
            break
        time.sleep(0.05)
    site.failpoints.clear()


def _account(site: Site) -> str:
    return site.accounts[0].rpartition("_")[2]


def _used(site: Site) -> int:
    [found] = execute(site.installation, USED, _account(site))
    return int(found["used"])
