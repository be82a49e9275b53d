"""Play a synthetic month against the rules on the audit trail, and print what they raised.

python -m benchmarks.security_rules [--accounts 1000] [--days 30] [--rounds 5] [--seed 1]
"""

import argparse
import asyncio
import sys
import time

from backplane.settings import Settings
from backplane.wiring.resources import open_resources
from benchmarks.security_rules.engine import Outcome, Scene, prepare, run
from imageshield.servers.home import scratch
from tests.support.stack import running_stack

GOAL = 1.0
"""False alarms a day, over the whole installation."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("accounts", 1000), ("days", 30), ("rounds", 5), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    wanted = parser.parse_args()
    began = time.perf_counter()
    with scratch() as path, running_stack(path) as stack, stack.databases.lend() as url:
        settings = stack.settings(database_url=url, redis_url=stack.redis_url())
        scene = prepare(accounts=wanted.accounts, days=wanted.days, seed=wanted.seed, rounds=wanted.rounds)
        outcome = asyncio.run(play(settings, scene))
    print(f"{wanted.accounts:,} accounts, {wanted.days} days after a week of learning, seed {wanted.seed}")
    print(f"{outcome.entries:,} audit entries that rules look at, in {time.perf_counter() - began:.0f} s")
    print(f"attacks found: {outcome.attacks - len(outcome.missed)} of {outcome.attacks}", *outcome.missed)
    print(f"false alarms: {outcome.false.total()}, {outcome.false_a_day:.2f} a day (goal: fewer than {GOAL:g})")
    for rule, count in outcome.false.most_common():
        print(f"    {rule:28} {count}")
    return int(bool(outcome.missed) or outcome.false_a_day >= GOAL)


async def play(settings: Settings, scene: Scene) -> Outcome:
    async with open_resources(settings) as resources:
        return await run(resources, scene)


if __name__ == "__main__":
    sys.exit(main())
