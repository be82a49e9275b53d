"""The object store: failing, silent, slow, breaking off, full."""

import time
from functools import partial

from tests.faults.registry import MATRIX, Row, row
from tests.faults.site import Site

REFUSED = {503, 507}


def _fail(site: Site, *, act: str, seconds: int, **details) -> None:
    """Submit jobs, make the store fail, keep uploading, and check that all recovers by itself."""
    site.begin()
    site.submit(site.scale(8, 3), at_once=8)
    with site.store.failing(act, **details):
        deadline = time.monotonic() + site.scale(seconds, min(seconds, 3))
        answers = []
        while time.monotonic() < deadline:
            answers += site.ask("POST", "/encrypt", picture=site.pictures[1], count=2)
            time.sleep(0.3)
    _judge(site, answers)
    fresh = site.submit(3, follow=[0.0])
    found = site.reconcile(may_fail=True, settle=150)
    ended = {line["job"]: line["status"] for line in site.lines("ended")}
    site.expect([ended.get(job) for job in fresh] == ["completed"] * 3, "what came afterwards was completed")
    allowed = {"unavailable", "storage-full"}
    site.expect(all(name.rpartition(": ")[2] in allowed for name in found.failed), f"jobs failed as {found.failed[:3]}")


def _judge(site: Site, answers) -> None:
    given = [answer for answer in answers if answer is not None]
    odd = {answer["status"] for answer in given} - REFUSED - {202}
    site.expect(not odd, f"uploads were answered {odd}")
    site.expect(len(given) == len(answers), "an upload was cut")
    site.result.counted["refused"] = sum(answer["status"] in REFUSED for answer in given)
    site.result.counted["slowest_s"] = max((answer["seconds"] for answer in given), default=0.0)


def _enter(name: str, fault: str, *, seconds: int, **details) -> None:
    MATRIX.append(Row(name, fault, ("G1", "G2", "G12"), partial(_fail, seconds=seconds, **details), 420.0))


_enter("store-500", "the store answers 500 to everything", seconds=6, act="status", status=500)
_enter("store-503", "the store answers 503 to half of everything", seconds=10, act="status", status=503, share=0.5)
_enter("store-timeout", "the store takes uploads and never answers", seconds=20, act="hang", methods=["PUT"])
_enter("store-slow", "the store takes two seconds for everything", seconds=12, act="slow", pause=2)
_enter("store-truncated", "the store breaks off half of all transfers half-way", seconds=10, act="truncate", share=0.5)
_enter("store-507", "the store is full: 507", seconds=6, act="status", status=507, methods=["PUT"])


@row("disk-full", "the store's disk is full, really", "G1", "G2", "G12", seconds=300)
def fill_the_disk(site: Site) -> None:
    with site.installation.store_on_a_small_disk() as disk:
        site.begin()
        site.submit(3)
        site.ledger.do("settle", seconds=60)
        with disk.full():
            answers = site.ask("POST", "/encrypt", picture=site.picture("large", 3000, 9), count=6)
            odd = {answer["status"] for answer in answers if answer} - REFUSED
            site.expect(not odd, f"uploads to a full disk were answered {odd}")
            refused = sum(answer is not None and answer["status"] in REFUSED for answer in answers)
            site.expect(refused, "no upload was refused: the disk was not full")
            site.result.counted["refused"] = refused
        site.submit(3)
        site.reconcile(may_fail=True, settle=120)
