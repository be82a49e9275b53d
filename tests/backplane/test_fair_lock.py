import asyncio
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backplane.errors import Overloaded
from backplane.services.sealing.fair_lock import FairLock

ADA, BOB, EVE = map(UUID, ("0" * 31 + "1", "0" * 31 + "2", "0" * 31 + "3"))


class Crowd:
    """Accounts that wait for the lock; a test releases each holder."""

    def __init__(self, *, waiting=100):
        self.lock = FairLock(waiting=waiting)
        self.turns = []
        self.refused = []
        self.tasks = {}
        self.gates = {}

    async def _want(self, account, number):
        try:
            async with self.lock.held(account):
                self.turns.append((account, number))
                await self.gates[account, number].wait()
        except Overloaded:
            self.refused.append((account, number))

    async def want(self, account, number):
        self.gates[account, number] = asyncio.Event()
        self.tasks[account, number] = asyncio.create_task(self._want(account, number))
        await settle()

    async def let_go(self, *one):
        self.gates[one or self.turns[-1]].set()
        await settle()

    async def finish(self):
        for gate in self.gates.values():
            gate.set()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)


async def settle():
    for _ in range(5):
        await asyncio.sleep(0)


def run(play):
    return asyncio.run(play())


STEPS = st.lists(st.sampled_from([ADA, BOB, EVE, "let go", "give up"]), max_size=40)


class TestFairLock:
    @given(steps=STEPS)
    def test_every_waiter_gets_its_turn_in_the_round(self, steps):
        """Between two turns of an account, every account that waited all the time has one; none is forgotten."""

        async def play():
            crowd, gone = Crowd(), set()
            waiting = {}  # account -> its turns so far when it began to wait
            for number, step in enumerate(steps):
                if isinstance(step, UUID):
                    await crowd.want(step, number)
                elif step == "let go" and crowd.turns:
                    await crowd.let_go()
                elif step == "give up" and (late := set(crowd.tasks) - set(crowd.turns) - gone):
                    one = min(late)
                    gone.add(one)
                    crowd.tasks[one].cancel()
                    if number % 2:
                        await settle()
                held = [one for one in crowd.turns if not crowd.tasks[one].done()]
                assert len(held) <= 1
                assert held or not set(crowd.tasks) - set(crowd.turns) - gone
                queued = {account for account, _ in set(crowd.tasks) - set(crowd.turns) - gone}
                for account in queued:
                    since = crowd.turns[waiting.setdefault(account, len(crowd.turns)) :]
                    others = [other for other, _ in since]
                    assert all(others.count(other) <= 1 for other in set(others) - {account})
                    if account in others:
                        waiting[account] = len(crowd.turns)
                waiting = {account: at for account, at in waiting.items() if account in queued}
            await crowd.finish()
            assert set(crowd.turns) == set(crowd.tasks) - gone

        run(play)

    def test_one_that_asks_for_much_delays_another_once(self):
        async def play():
            crowd = Crowd()
            for number in range(5):
                await crowd.want(ADA, number)
            await crowd.want(BOB, 0)
            await crowd.let_go()
            assert crowd.turns == [(ADA, 0), (BOB, 0)]
            await crowd.finish()

        run(play)

    def test_bound_is_of_one_account(self):
        async def play():
            crowd = Crowd(waiting=2)
            for number in range(4):
                await crowd.want(ADA, number)
            await crowd.want(BOB, 0)
            assert crowd.refused == [(ADA, 3)]
            await crowd.finish()
            assert (BOB, 0) in crowd.turns

        run(play)

    def test_a_failure_passes_it_on(self):
        async def play():
            lock = FairLock(waiting=1)
            with pytest.raises(ZeroDivisionError):
                async with lock.held(ADA):
                    raise ZeroDivisionError
            async with asyncio.timeout(1), lock.held(BOB):
                pass

        run(play)

    def test_waiter_cancelled_at_its_turn_passes_on(self):
        async def play():
            lock = FairLock(waiting=2)

            async def hold(account):
                async with lock.held(account):
                    pass

            async with lock.held(ADA):
                first, second = asyncio.create_task(hold(BOB)), asyncio.create_task(hold(EVE))
                await settle()
            first.cancel()  # its turn has come, and it has not run since
            async with asyncio.timeout(1):
                await second
            assert first.cancelled()

        run(play)

    @pytest.mark.parametrize("waiters", [1, 2])
    def test_waiter_cancelled_at_release_is_skipped(self, waiters):
        async def play():
            crowd = Crowd()
            for number in range(1 + waiters):
                await crowd.want(ADA, number)
            crowd.gates[ADA, 0].set()
            crowd.tasks[ADA, 1].cancel()  # the holder runs first
            await settle()
            assert crowd.turns == [(ADA, 0), (ADA, 2)][:waiters]
            await crowd.finish()
            await crowd.want(BOB, 0)
            assert crowd.turns[-1] == (BOB, 0)
            await crowd.finish()

        run(play)
