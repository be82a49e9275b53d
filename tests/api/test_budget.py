"""The memory budget of bodies: attackers on real sockets fill it, and other accounts are still served."""

import asyncio
from collections import Counter

import httpx
import pytest
from prometheus_client import REGISTRY

from api import lifespan
from api.middleware import budget
from api.middleware.bodies import DEFAULT_LIMIT
from api.middleware.budget import STEP, BodyBudget, Share
from backplane import ids
from backplane.errors import Overloaded
from tests.api.conftest import PASSWORD, eventually, serving
from tests.api.wire import HEAD, TAIL, Wire
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

LIMIT = 112_000_000
PIECE = b"x" * 1_000_000
PICTURE = pictures.encode(pictures.make(1400, 1200), "BMP")


def in_flight():
    return REGISTRY.get_sample_value("imageshield_upload_bytes_in_flight")


@pytest.fixture(scope="module")
def narrow(gateway_settings):
    with serving(gateway_settings(upload_memory_bytes=LIMIT)) as gateway:
        yield gateway


@pytest.fixture
async def hold(narrow):
    """Open bodies that declare 50 MB, send some megabytes at once, and then continue slowly."""
    wires, drips = [], []

    async def drip(wire):
        while True:
            await wire.send(b"x" * 40)
            await asyncio.sleep(0.02)

    async def begin(user, *, count, megabytes):
        began = [await Wire.open(narrow) for _ in range(count)]
        for wire in began:
            await wire.begin("/api/v1/encrypt", user.token, length=50_000_000)
            await wire.send(HEAD + PIECE * megabytes)
        wires.extend(began)
        drips.extend(asyncio.create_task(drip(wire)) for wire in began)
        return began

    yield begin
    for task in drips:
        task.cancel()
    await asyncio.gather(*drips, return_exceptions=True)
    for wire in wires:
        wire.writer.close()
    await eventually(lambda: in_flight() == 0)


async def log_in(gateway, user):
    form = {"grant_type": "password", "username": user.email, "password": PASSWORD}
    async with httpx.AsyncClient(base_url=gateway.base_url, trust_env=False, timeout=60) as http:
        return (await http.post("/api/v1/auth/token", data=form)).status_code


async def upload(gateway, user, picture=PICTURE):
    headers = {"Authorization": f"Bearer {user.token}"}
    async with httpx.AsyncClient(base_url=gateway.base_url, headers=headers, trust_env=False, timeout=60) as http:
        return await http.post("/api/v1/encrypt", files={"image": ("a.bmp", picture)})


class TestAttackers:
    async def test_five_idle_sockets_block_no_other_account(self, narrow, hold, ada, bob):
        wires = await hold(bob, count=5, megabytes=0)
        await eventually(lambda: in_flight() >= 5 * STEP)
        assert {await log_in(narrow, ada) for _ in range(5)} == {200}
        assert (await upload(narrow, ada)).status_code == 202
        assert not any(wire.answered for wire in wires), "no other body needed their room"

    async def test_full_budget_cuts_the_account_holding_it(self, narrow, hold, ada, bob):
        """Twenty slow bodies hold all of it: a picture of 5 MB is accepted at once, and some of them are cut for it."""
        wires = await hold(bob, count=20, megabytes=5)
        # Each is charged for its next step as well: no body may wait for room before the other account comes.
        await hold(bob, count=1, megabytes=LIMIT // 1_000_000 - 103)
        await eventually(lambda: in_flight() > LIMIT - 3_000_000)
        assert await log_in(narrow, ada) == 200
        began = asyncio.get_running_loop().time()
        assert (await upload(narrow, ada)).status_code == 202
        assert asyncio.get_running_loop().time() - began < 10
        cut = [await wire.answer() for wire in wires if wire.answered]
        assert 1 <= len(cut) <= 2
        for status, headers, body in cut:
            assert (status, body["code"]) == (503, "overloaded")
            assert int(headers["Retry-After"]) >= 1

    async def test_own_slow_bodies_give_way_too(self, narrow, hold, bob, monkeypatch):
        monkeypatch.setattr(budget, "WAIT_SECONDS", 0.2)
        monkeypatch.setattr(budget, "WINDOW_SECONDS", 0.1)
        wires = await hold(bob, count=3, megabytes=37)
        await eventually(lambda: in_flight() > LIMIT - 2_000_000)
        await eventually(lambda: min(wire.sent for wire in wires) > 37_001_000)
        assert (await upload(narrow, bob)).status_code == 202

    async def test_small_bodies_share_with_small_ones_alone(self, gateway_settings, ada, monkeypatch):
        monkeypatch.setattr(lifespan, "SMALL_BODIES", 4 * DEFAULT_LIMIT)
        with serving(gateway_settings()) as gateway:
            wires = [await Wire.open(gateway) for _ in range(8)]
            for wire in wires:
                await wire.begin("/api/v1/auth/register", "", length=60_000, media_type="application/json")
                await wire.send(b"{")
            await eventually(lambda: sum(wire.answered for wire in wires) == 4)
            assert {await log_in(gateway, ada) for _ in range(3)} == {200}
            for wire in wires:
                wire.writer.close()


class TestOneAccount:
    async def test_many_uploads_at_once_are_202_or_503(self, narrow, bob):
        answers = await asyncio.gather(*(upload(narrow, bob) for _ in range(60)))
        counted = Counter(answer.status_code for answer in answers)
        assert set(counted) <= {202, 503}
        assert counted[202] >= LIMIT // len(PICTURE) // 2
        assert all("Retry-After" in answer.headers for answer in answers if answer.status_code == 503)
        await eventually(lambda: in_flight() == 0)

    async def test_single_body_is_never_too_much(self, narrow, bob):
        wire = await Wire.open(narrow)
        parts = [
            HEAD.replace(b'"image"', b'"encrypted_image"') + b"x" * 100_000_000,
            b'\r\n--b\r\nContent-Disposition: form-data; name="material"; filename="m"\r\n\r\n' + b"x" * 30_000_000,
            TAIL,
        ]
        await wire.begin("/api/v1/decrypt", bob.token, length=sum(map(len, parts)))
        for part in parts:
            await wire.send(part)
        status, _, body = await wire.answer()
        assert (status, body["code"]) == (415, "unsupported-format")
        wire.writer.close()


class Sender:
    """Stands in for the timeout of a body, and records whether it was ended."""

    def __init__(self):
        self.ended = False

    def reschedule(self, _when):
        self.ended = True


class TestBodyBudget:
    """The rules of the budget, on simulated bodies."""

    @pytest.fixture
    def room(self, monkeypatch):
        monkeypatch.setattr(budget, "WAIT_SECONDS", 0.05)
        return BodyBudget(100)

    async def arriving(self, room, account_id, held):
        """Return a body that holds so many bytes and waits for its sender."""
        share = Share(account_id)
        await room.reserve(share, held)
        share.wait = Sender()
        return share

    async def test_whole_bodies_are_waited_for(self, room, background):
        whole, late = Share(ids.new()), Share(ids.new())
        await room.reserve(whole, 90)
        waiting = background(room.reserve(late, 20))
        await asyncio.sleep(0)
        room.release(whole)
        await waiting
        assert late.held == 20

    async def test_whole_bodies_are_never_cut(self, room):
        whole, late = Share(ids.new()), Share(ids.new())
        await room.reserve(whole, 90)
        with pytest.raises(Overloaded):
            await room.reserve(late, 20)
        assert (whole.held, whole.cut, late.held) == (90, False, 0)

    async def test_room_goes_to_the_smallest_holder(self, room, background):
        rich, poor = ids.new(), ids.new()
        whole, more, first, second = Share(rich), Share(rich), Share(rich), Share(poor)
        await room.reserve(whole, 60)
        await room.reserve(more, 30)
        one, two = background(room.reserve(first, 35)), background(room.reserve(second, 35))
        await asyncio.sleep(0)
        room.release(more)
        await two
        assert (first.held, second.held) == (0, 35)
        room.release(whole)
        await one

    async def test_equals_do_not_cut_each_other(self, room, background):
        ada, bob = ids.new(), ids.new()
        hers, his = Share(ada), Share(bob)
        await room.reserve(hers, 50)
        share = Share(bob)
        await room.reserve(his, 45)
        his.speed.add(10)
        waiting = background(room.reserve(share, 20))
        await asyncio.sleep(0)
        assert not hers.cut
        room.release(hers)
        await waiting

    @pytest.mark.parametrize("slow", [0, 1])
    async def test_slowest_body_of_largest_holder_is_cut(self, room, slow):
        rich, poor = ids.new(), ids.new()
        shares = [await self.arriving(room, rich, 40) for _ in range(2)]
        bystander = await self.arriving(room, poor, 20)
        shares[1 - slow].speed.add(1_000_000)
        await room.reserve(Share(ids.new()), 10)
        assert [share.cut for share in shares] == [slow == 0, slow == 1]
        assert [share.wait.ended for share in shares] == [slow == 0, slow == 1]
        assert not bystander.cut
