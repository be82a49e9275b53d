"""A month and its attacks, played into the real trail, sealer and watch, on a real database."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import merge
from itertools import islice
from typing import TypeVar
from uuid import UUID

from sqlalchemy import insert, text

from backplane import ids
from backplane.db.models import AuditEvent, User
from backplane.services.audit.persons import PersonStage
from backplane.services.audit.sealer import AT_ONCE
from backplane.services.identity.accounts import add_personal
from backplane.wiring.audit import Sealing
from backplane.wiring.resources import Resources
from backplane.wiring.security import wire_watch
from benchmarks.security_rules.acts import BEGIN, LEARNING, Act, id_at
from benchmarks.security_rules.attacks import Attack, attacks
from benchmarks.security_rules.in_memory import Raised
from benchmarks.security_rules.month import Month

Item = TypeVar("Item")
ALARMS = text("SELECT rule, account_id, first_at FROM security_events ORDER BY first_at")


@dataclass
class Outcome:
    days: float
    entries: int
    attacks: int
    missed: list[str]
    false: Counter[str] = field(default_factory=Counter)
    """Alarms without an attack, by rule, after the week of learning."""

    @property
    def false_a_day(self) -> float:
        return self.false.total() / self.days


@dataclass
class Scene:
    """A month with attacks in it."""

    users: list[UUID]
    acts: Iterator[Act]
    hidden: list[Attack]
    days: int


def prepare(*, accounts: int, days: int, seed: int, rounds: int = 1) -> Scene:
    """Make a month of so many days behind a week of learning, with so many rounds of all attacks in it."""
    chance = random.Random(seed)
    users = [id_at(chance, BEGIN - timedelta(days=400)) for _ in range(accounts)]
    month = Month(chance, users, days=days + LEARNING.days)
    hidden = _hide(chance, month, days, rounds)
    attacking = sorted((act for attack in hidden for act in attack.acts), key=lambda act: act.at)
    return Scene(users, merge(month.acts(), attacking, key=lambda act: act.at), hidden, days)


async def run(resources: Resources, scene: Scene) -> Outcome:
    """Play a month into the database."""
    await _register(resources, scene.users)
    entries = await _play(resources, scene.acts)
    async with resources.database.transaction() as session:
        alarms = [Raised(*row) for row in (await session.execute(ALARMS)).all()]
    return judge(alarms, scene, entries=entries)


def _hide(chance: random.Random, month: Month, days: int, rounds: int) -> list[Attack]:
    settled = [person for person in month.people if not person.batches]
    programs = [program for program in month.programs if len(program.networks) == 1 and program.moves_on is None]
    hidden = []
    for number in range(rounds):
        begin = BEGIN + LEARNING + timedelta(days=chance.uniform(1, days - 2))
        hidden += attacks(chance, chance.sample(settled, 9), programs[number:], begin)
    return hidden


async def _register(resources: Resources, users: list[UUID]) -> None:
    for group in _groups(enumerate(users), 200):
        async with resources.database.transaction() as session:
            for number, user_id in group:
                user = User(id=user_id, email=f"user{number}@example.org", password_hash="x", operator=False)  # noqa: S106
                key = resources.vault.create_account_key(user_id)
                await add_personal(session, user, tier="enterprise", key=key)


async def _play(resources: Resources, acts: Iterable[Act]) -> int:
    sealer, watch = Sealing.wire(resources).sealer, wire_watch(resources)
    stage, entries = PersonStage(resources.vault), 0
    for group in _groups(acts, AT_ONCE):
        async with resources.database.transaction() as session:
            await session.execute(insert(AuditEvent), list(_rows(stage, group)))
        await sealer.seal_all()
        await watch.watch_all()
        entries += len(group)
    return entries


def _groups(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while group := list(islice(left, size)):
        yield group


def _rows(stage: PersonStage, acts: Iterable[Act]) -> Iterator[dict[str, object]]:
    for act in acts:
        event_id = ids.new()
        person = {name: value for name in ("address", "device") if (value := getattr(act, name)) is not None}
        yield {
            "id": event_id,
            "created_at": act.at,
            "action": act.action,
            "outcome": act.outcome,
            "account_id": act.account,
            "user_id": act.user,
            "api_key_id": act.api_key,
            "object_id": act.object,
            "details": act.details,
            "actor": "api_key" if act.api_key else "user",
            "person": stage.stage(event_id, person) if person else None,
        }


def judge(alarms: list[Raised], scene: Scene, *, entries: int = 0) -> Outcome:
    expected = {(attack.rule, attack.account): attack.name for attack in scene.hidden}
    raised = {(alarm.rule, alarm.account_id) for alarm in alarms}
    # One attack may raise other rules as well, at the same account.
    attacked = {attack.account for attack in scene.hidden if attack.account is not None}
    false = Counter(
        alarm.rule
        for alarm in alarms
        if alarm.first_at >= BEGIN + LEARNING
        and alarm.account_id not in attacked
        and (alarm.rule, alarm.account_id) not in expected
    )
    missed = [name for key, name in expected.items() if key not in raised]
    return Outcome(scene.days, entries, len(expected), missed, false)
