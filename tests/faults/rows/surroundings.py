"""The machine and its operator: wrong clocks, stuck entropy sources, missing keys."""

import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.faults.registry import row
from tests.faults.site import Site

CLOCK = str(Path(__file__).parents[1] / "clock")
MINUTES = 300


def _live_with_wrong_clocks(site: Site) -> None:
    site.begin()
    site.failpoints.arm("worker.encrypting", "kill")
    jobs = site.submit(8, at_once=4, follow=[0.0])
    site.failpoints.await_taken("worker.encrypting")
    moment = time.time()
    site.ledger.do("settle", seconds=60)
    late = [line["at"] - moment for line in site.lines("ended") if line["job"] in jobs]
    site.measure("settled_s", max(late, default=0.0), 30, "from the kill of a child to the last end")
    found = site.reconcile()
    site.expect(max(found.attempts) == 2, "only the killed job was tried again")


@row(
    "clock-gateway-ahead",
    "the gateway's clock is 5 min ahead, the worker's and the relay's 5 min behind",
    "G1",
    "G2",
    "G4",
    seconds=150,
    PYTHONPATH=CLOCK,
    CLOCK_SHIFT_SECONDS=json.dumps({"api.main:app": MINUTES, "worker.app": -MINUTES, "relay": -MINUTES}),
)
def gateway_ahead(site: Site) -> None:
    _live_with_wrong_clocks(site)


@row(
    "clock-gateway-behind",
    "the gateway's clock is 5 min behind, the worker's and the relay's 5 min ahead",
    "G1",
    "G2",
    "G4",
    seconds=150,
    PYTHONPATH=CLOCK,
    CLOCK_SHIFT_SECONDS=json.dumps({"api.main:app": -MINUTES, "worker.app": MINUTES, "relay": MINUTES}),
)
def gateway_behind(site: Site) -> None:
    _live_with_wrong_clocks(site)


class Stuck(BaseHTTPRequestHandler):
    """A generator that always gives the same number."""

    def do_GET(self) -> None:
        body = json.dumps({"success": True, "type": "uint16", "data": [21845] * 1024}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@cache
def stuck_source() -> str:
    """Start the generator and return its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stuck)
    threading.Thread(target=server.serve_forever, name="stuck-source", daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


@row(
    "entropy-stuck",
    "the source of random bits always gives the same",
    "G1",
    "G3",
    seconds=150,
    ENTROPY_SOURCE="qrng",
    QRNG_URL=stuck_source,
)
def stick(site: Site) -> None:
    """Every picture is encrypted all the same, and its receipt says that the source is degraded."""
    site.begin()
    jobs = site.submit(6, at_once=3, follow=[0.0])
    site.reconcile()
    receipts = [site.ask_one("GET", f"/jobs/{job}/receipt")["body"]["statement"] for job in jobs]
    labeled = sum(bool(receipt["degraded"]) for receipt in receipts)
    site.measure("unlabeled", len(jobs) - labeled, 0, "pictures that do not say that their source is degraded")


@row("key-missing", "the keys of the vault are not there", "G1", "G2", "G3", seconds=200)
def hide_the_keys(site: Site) -> None:
    """What needs the keys is refused or waits; once they are back, everything works by itself."""
    site.begin()
    [done] = site.submit(1)
    site.ledger.do("settle", seconds=30)
    vault = site.installation.path / "product" / "vault"
    hidden = vault.with_name("vault.hidden")
    site.failpoints.arm("worker.received", "stop")
    [held] = site.submit(1, follow=[0.0])
    pid = site.failpoints.await_taken("worker.received")
    vault.rename(hidden)
    try:
        site.resume(pid)
        answers = [*site.ask("POST", "/encrypt", picture=site.pictures[0], count=2)]
        time.sleep(site.scale(10, 3))
    finally:
        site.restore(hidden, vault)
    named = [f"{answer['status']} {answer['code']}" for answer in answers if answer]
    site.result.counted["answers"] = ", ".join(sorted(set(named)))
    site.expect(len(named) == len(answers), "a request was cut")
    site.expect(all(name.startswith("503") for name in named), "an upload was accepted that nobody could open again")
    site.submit(2)
    found = site.reconcile(may_fail=True, settle=120)
    site.expect(not found.failed, f"jobs failed for a key that came back: {found.failed[:3]}")
    site.expect(done and held, "jobs were accepted before")
