"""A normal month: working hours, typing errors, travel, offices behind one address, batches, nightly programs.

The numbers are assumptions, and each stands where it is used. Nothing here is an attack.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from benchmarks.security_rules.acts import BEGIN, Act, failed, fetched, id_at, key_used, logged_in

HOLIDAYS = (20, 21)
"""Days without work in the middle of the month. Afterwards more people have forgotten their passwords."""

BROWSER_UPDATE = 16
"""The day of a browser's release: every device has another name from then on."""

CARRIERS = [f"100.{64 + number}.{number % 250}" for number in range(60)]
"""Networks of mobile carriers, in which phones come and go."""


@dataclass
class Person:
    user: UUID
    account: UUID
    """Where this person works: an organization, or the personal account."""
    office: str
    home: str
    browser: str
    travels: range = range(0)
    new_device_on: int | None = None
    batches: bool = False
    trip: str = ""

    def device(self, day: int) -> str:
        version = 130 + (day >= BROWSER_UPDATE)
        new = self.new_device_on is not None and day >= self.new_device_on
        return f"Mozilla/5.0 {self.browser}/{version}{' new' if new else ''}"


@dataclass
class Program:
    account: UUID
    key: UUID
    networks: list[str]
    files: int
    moves_on: int | None = None
    stale: int = 0
    """Ids of deleted jobs that it asks for each night."""


class Month:
    def __init__(self, chance: random.Random, users: Sequence[UUID], *, days: int) -> None:
        self.chance, self.days = chance, days
        self.people = [self._person(user, number, users) for number, user in enumerate(users)]
        self.programs = [self._program(number) for number in range(max(4, len(users) * 6 // 100))]

    def acts(self) -> Iterator[Act]:
        for day in range(self.days):
            acts = [act for person in self.people for act in self._day_of(person, day)]
            acts += [act for program in self.programs for act in self._night_of(program, day)]
            yield from sorted([*acts, *self._rare(day)], key=lambda act: act.at)

    def _person(self, user: UUID, number: int, users: Sequence[UUID]) -> Person:
        chance = self.chance
        # A third works in one big office behind one address, a third in small ones, a third at home.
        home = f"{chance.randrange(80, 95)}.{chance.randrange(250)}.{chance.randrange(250)}.{chance.randrange(1, 250)}"
        office = ("198.51.100.1", f"198.18.{number // 12 % 250}.1", home)[number % 3]
        account = users[number // 10 * 10] if number % 3 == 1 else user
        first = chance.randrange(8, 30)
        return Person(
            user,
            account,
            office,
            home,
            chance.choice(("Firefox", "Chrome", "Safari", "Edge")),
            travels=range(first, first + chance.randrange(3, 9)) if chance.random() < 0.06 else range(0),
            new_device_on=chance.randrange(8, self.days) if self.days > 8 and chance.random() < 0.03 else None,
            batches=chance.random() < 0.03,
            trip=f"{chance.randrange(120, 180)}.{chance.randrange(250)}.{chance.randrange(250)}",
        )

    def _program(self, number: int) -> Program:
        chance = self.chance
        account = self.people[number * 7 % len(self.people)].account
        cloud = number % 8 == 7
        networks = [f"52.{number}.{one}.9" for one in range(chance.randrange(5, 30) if cloud else 1)]
        moves_on = chance.randrange(10, 35) if number % 30 == 3 else None
        stale = chance.randrange(5, 35) if number % 15 == 1 else 0
        return Program(account, id_at(chance, BEGIN), networks, chance.randrange(5, 120), moves_on, stale)

    def _day_of(self, person: Person, day: int) -> Iterator[Act]:
        chance = self.chance
        works = day % 7 < 5 and day not in HOLIDAYS
        if chance.random() > (0.6 if works else 0.05):
            return
        start = BEGIN + timedelta(days=day, hours=7.5 + chance.triangular(0, 3, 1))
        for _ in range(1 + (chance.random() < 0.25)):
            address = self._place(person, day)
            yield from self._log_in(person, start, address, day)
            yield from self._work(person, start, day)
            start += timedelta(hours=chance.uniform(2, 6))

    def _place(self, person: Person, day: int) -> str:
        chance = self.chance
        if day in person.travels:
            return f"{person.trip}.{chance.randrange(1, 250)}" if chance.random() < 0.8 else self._on_the_phone()
        if chance.random() < 0.012:  # a provider gives new addresses
            person.home = f"{chance.randrange(80, 95)}.{chance.randrange(250)}.{chance.randrange(250)}.7"
        if chance.random() < 0.06:
            return self._on_the_phone()
        return person.office if chance.random() < 0.8 else person.home

    def _on_the_phone(self) -> str:
        return f"{self.chance.choice(CARRIERS)}.{self.chance.randrange(1, 250)}"

    def _log_in(self, person: Person, at: datetime, address: str, day: int) -> Iterator[Act]:
        chance, device = self.chance, person.device(day)
        wrong = 0
        while chance.random() < 0.06:  # typing errors
            wrong += 1
        forgets = 0.015 if day in (HOLIDAYS[1] + 1, 0) else 0.004
        forgotten = chance.random() < forgets
        if forgotten:
            wrong += chance.randrange(3, 8)
        for number in range(wrong):
            yield failed(at - timedelta(seconds=12 * (wrong - number)), person.user, address, device)
        if forgotten:
            yield Act(at, "password.changed", account=person.user, user=person.user, address=address)
        yield logged_in(at + timedelta(seconds=60 * forgotten), person.user, address, device)
        if day == person.new_device_on and chance.random() < 0.2:
            yield Act(at + timedelta(minutes=9), "factor.added", account=person.user, user=person.user)

    def _work(self, person: Person, start: datetime, day: int) -> Iterator[Act]:
        chance, who = self.chance, {"account": person.account, "user": person.user}
        for _ in range(chance.randrange(8)):
            at = start + timedelta(minutes=chance.uniform(2, 100))
            yield fetched(at, made=id_at(chance, at - timedelta(minutes=1)), **who)
            if chance.random() < 0.3:
                yield Act(at, "key.exported", object=id_at(chance, at - timedelta(minutes=1)), **who)
        if chance.random() < 0.15:  # looks something up
            for _ in range(chance.randrange(1, 12)):
                at = start + timedelta(minutes=chance.uniform(2, 60))
                yield fetched(at, made=id_at(chance, at - timedelta(days=chance.uniform(1, 28))), **who)
        if chance.random() < 0.2:
            # Wrong passwords of pictures: a typing error, and rarely one that is tried again and again.
            wrong = chance.randrange(3, 8) if chance.random() < 0.02 else sum(chance.random() < 0.05 for _ in range(4))
            for number in range(wrong):
                at = start + timedelta(minutes=20, seconds=30 * number)
                yield Act(at, "image.decrypt", "failure", account=person.account, details={"code": "decryption-failed"})
        if person.batches and day % 7 == 3:
            yield from self._batch(person, start)

    def _batch(self, person: Person, start: datetime) -> Iterator[Act]:
        """Fetch a batch as a zip: most on the same day, some after days."""
        chance = self.chance
        at = start + timedelta(hours=1)
        made = at - (timedelta(hours=1) if chance.random() < 0.85 else timedelta(days=chance.uniform(1, 3)))
        for _ in range(chance.randrange(20, 300)):
            for action in ("result.downloaded", "key.exported"):
                yield Act(at, action, account=person.account, user=person.user, object=id_at(chance, made))

    def _night_of(self, program: Program, day: int) -> Iterator[Act]:
        chance = self.chance
        at = BEGIN + timedelta(days=day, hours=2, minutes=chance.randrange(30))
        if program.moves_on is not None and day >= program.moves_on:
            program.networks = [f"35.{program.networks[0].split('.')[1]}.7.9"]
        who = {"account": program.account, "api_key": program.key}
        yield key_used(at, program.account, program.key, chance.choice(program.networks))
        for _ in range(chance.randrange(program.files // 2, program.files + 1)):
            yield fetched(at + timedelta(seconds=chance.uniform(1, 900)), made=id_at(chance, at), **who)
        if program.stale:
            yield Act(at, "ids.not_found", "failure", details={"count": program.stale}, **who)

    def _rare(self, day: int) -> Iterator[Act]:
        """What happens so many times a month in 1,000 accounts."""
        at = BEGIN + timedelta(days=day, hours=10)
        for times, play in RARE:
            if self.chance.random() < times * len(self.people) / 1000 / 30:
                yield from play(self.chance, at, self.chance.choice(self.people))


Rarity = Callable[[random.Random, datetime, Person], Iterator[Act]]


def _own(action: str, **details: object) -> Rarity:
    """Return what a user does to their own account."""

    def play(_chance: random.Random, at: datetime, person: Person) -> Iterator[Act]:
        yield Act(at, action, account=person.user, user=person.user, object=person.user, details=details)

    return play


def _wake(days: int) -> Rarity:
    def play(chance: random.Random, at: datetime, person: Person) -> Iterator[Act]:
        yield Act(at, "api_key.woken", account=person.user, api_key=id_at(chance, at), details={"days": days})

    return play


def _new_phone(_chance: random.Random, at: datetime, person: Person) -> Iterator[Act]:
    own = {"account": person.user, "user": person.user}
    yield Act(at, "factor.added", **own)
    yield Act(at + timedelta(minutes=5), "factor.removed", details={"last": False}, **own)


def _tidying(chance: random.Random, at: datetime, person: Person) -> Iterator[Act]:
    """Keep copies of what will be deleted soon."""
    for _ in range(chance.randrange(30, 130)):
        made = id_at(chance, at - timedelta(days=chance.uniform(2, 29)))
        yield fetched(at + timedelta(seconds=chance.uniform(0, 1800)), person.user, made, user=person.user)


RARE: tuple[tuple[float, Rarity], ...] = (
    (5, _own("member.role_changed", **{"from": "member", "to": "admin"})),
    (1, _own("operator.made")),
    (2, _own("factor.removed", last=True)),
    (10, _new_phone),
    (30, _own("password.changed")),
    (40, _own("api_key.created")),
    (4, _wake(92)),
    (1, _wake(200)),
    (6, _tidying),
)
"""A program that runs each quarter sleeps for 92 days; one that somebody finds again, for 200."""
