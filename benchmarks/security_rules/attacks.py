"""Synthetic attacks, one for each way in which a rule can find one."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from benchmarks.security_rules.acts import Act, failed, fetched, id_at, key_used, logged_in
from benchmarks.security_rules.month import Person, Program

ATTACKER, TOOL = "203.0.113.66", "python-requests/2.32"


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    rule: str
    account: UUID | None
    """Whose event it must raise; None for the installation."""
    acts: list[Act]


def _guessing(_chance: random.Random, at: datetime, victim: Person) -> Iterator[Act]:
    """Guess as fast as the delays allow."""
    for number in range(15):
        at += timedelta(seconds=1 if number < 5 else 2 ** (number - 5))
        yield failed(at, victim.user, ATTACKER, TOOL)


def _stuffing(_chance: random.Random, at: datetime, _victim: Person) -> Iterator[Act]:
    """Try leaked passwords of strangers from one address."""
    for number in range(80):
        yield failed(at + timedelta(seconds=20 * number), None, "203.0.113.99", TOOL)


def _guessed(_chance: random.Random, at: datetime, victim: Person) -> Iterator[Act]:
    """Guess slowly, and succeed."""
    for number in range(6):
        yield failed(at + timedelta(hours=number), victim.user, ATTACKER, TOOL)
    yield logged_in(at + timedelta(hours=7), victim.user, ATTACKER, TOOL)


def _taken_over(_chance: random.Random, at: datetime, victim: Person) -> Iterator[Act]:
    """Log in with a stolen password, and make an API key that stays."""
    yield logged_in(at, victim.user, ATTACKER, TOOL)
    yield Act(at + timedelta(minutes=3), "api_key.created", account=victim.user, user=victim.user)


def _unlocking(_chance: random.Random, at: datetime, victim: Person) -> Iterator[Act]:
    for number in range(25):
        details = {"code": "decryption-failed"}
        yield Act(
            at + timedelta(seconds=20 * number), "image.decrypt", "failure", account=victim.account, details=details
        )


def _looting(chance: random.Random, at: datetime, victim: Person) -> Iterator[Act]:
    """Fetch the archive of weeks with a stolen session."""
    for number in range(1000):
        made = id_at(chance, at - timedelta(days=chance.uniform(2, 29)))
        yield fetched(at + timedelta(seconds=number), victim.account, made, user=victim.user)


def _scraping(_chance: random.Random, at: datetime, victim: Person) -> Iterator[Act]:
    for minute in range(5):
        who = {"account": victim.account, "user": victim.user}
        yield Act(at + timedelta(minutes=minute), "ids.not_found", "failure", details={"count": 40}, **who)


def _elevation(_chance: random.Random, at: datetime, victim: Person) -> Iterator[Act]:
    details = {"from": "auditor", "to": "owner"}
    yield Act(at, "member.role_changed", account=victim.user, user=victim.user, object=victim.user, details=details)


ON_PEOPLE: dict[str, tuple[str, Callable[[random.Random, datetime, Person], Iterator[Act]]]] = {
    "guessing": ("failed_log_ins", _guessing),
    "stuffing": ("failed_log_ins_by_address", _stuffing),
    "guessed": ("new_network", _guessed),
    "taken over": ("new_network", _taken_over),
    "unlocking": ("failed_unlocks", _unlocking),
    "looting": ("mass_download", _looting),
    "scraping": ("id_scraping", _scraping),
    "elevation": ("privilege_change", _elevation),
}


def attacks(chance: random.Random, victims: list[Person], programs: list[Program], at: datetime) -> list[Attack]:
    """Make each attack on somebody else. `at` is when the first one begins; the others follow within hours."""
    made = []
    for number, (name, (rule, play)) in enumerate(ON_PEOPLE.items()):
        victim, begin = victims[number], at + timedelta(minutes=7 * number)
        account = None if name == "stuffing" else _account(name, victim)
        made.append(Attack(name, rule, account, list(play(chance, begin, victim))))
    program = programs[0]
    stolen = [key_used(at + timedelta(hours=3), program.account, program.key, ATTACKER)]
    made.append(Attack("stolen key", "new_network", program.account, stolen))
    dormant = Act(at, "api_key.woken", account=victims[-1].user, api_key=id_at(chance, at), details={"days": 300})
    made.append(Attack("dormant key", "dormant_api_key", victims[-1].user, [dormant]))
    return made


def _account(name: str, victim: Person) -> UUID:
    return victim.account if name in {"unlocking", "looting", "scraping"} else victim.user
