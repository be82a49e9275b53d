"""Delays after wrong passwords, counted in Redis by user and by network address.

A device from which the user is logged in counts by itself: an attacker elsewhere cannot lock the owner out. The keys
are digests, so that Redis holds no address of a person.
"""

import hashlib
import math
import secrets
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from backplane.bus import RedisBus
from backplane.errors.users import TooManyAttempts
from backplane.services.requests.caller import Caller

PREFIX = "imageshield:attempts:"

USER_FREE = 5
"""Wrong passwords in a row for one user before the first delay, of a second; it doubles with each further one."""

ADDRESS_FREE = 100
"""The same for one network address: an office of many people has one."""

USER_AT_ONCE, ADDRESS_AT_ONCE = 20, 100
"""Attempts under way, whose outcome is not yet known: without a limit, all guesses could come at once."""

LONGEST_SECONDS = 900
FORGOTTEN_SECONDS = 86_400
UNDER_WAY_SECONDS = 60
"""After it an attempt counts as abandoned: its gateway was killed."""

IPV6_NETWORK = 64
"""Bits of an IPv6 address that are one customer of a provider."""

BEGIN = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = 0
for index, key in ipairs(KEYS) do
    local blocked = tonumber(redis.call('HGET', key, 'until') or '0')
    wait = math.max(wait, blocked - now)
    redis.call('ZREMRANGEBYSCORE', key .. ':now', '-inf', now - ARGV[2] * 1000)
    if redis.call('ZCARD', key .. ':now') >= tonumber(ARGV[2 + index]) then wait = math.max(wait, 1000) end
end
if wait > 0 then return wait end
for _, key in ipairs(KEYS) do
    redis.call('ZADD', key .. ':now', now, ARGV[1])
    redis.call('EXPIRE', key .. ':now', ARGV[2])
end
return 0
"""
FAIL = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local first = 0
for index, key in ipairs(KEYS) do
    redis.call('ZREM', key .. ':now', ARGV[1])
    local failures = redis.call('HINCRBY', key, 'failures', 1)
    local over = failures - ARGV[3 + index]
    if over >= 0 then
        redis.call('HSET', key, 'until', now + math.min(2 ^ math.min(over, 30), ARGV[2]) * 1000)
    end
    redis.call('EXPIRE', key, ARGV[3])
    if index == 1 then first = failures end
end
return first
"""
FORGET = "redis.call('DEL', KEYS[1])"
LEAVE = "for _, key in ipairs(KEYS) do redis.call('ZREM', key .. ':now', ARGV[1]) end"


@dataclass(frozen=True, slots=True)
class Counter:
    """What failures are counted for."""

    key: str
    free: int
    at_once: int


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to log in that has begun."""

    name: str
    counters: tuple[Counter, ...]
    known_device: bool

    @property
    def keys(self) -> list[str]:
        return [counter.key for counter in self.counters]


class Lockout:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def begin(self, caller: Caller, email: str, *, known_device: bool) -> Attempt:
        """Begin an attempt to log in.

        Raises:
            TooManyAttempts: the caller has to wait.
            Unavailable: Redis does not answer.
        """
        attempt = Attempt(secrets.token_hex(8), _counters(caller, email, known_device=known_device), known_device)
        at_once = [counter.at_once for counter in attempt.counters]
        wait = await self._bus.evaluate(BEGIN, attempt.keys, [attempt.name, UNDER_WAY_SECONDS, *at_once])
        if wait:
            raise TooManyAttempts("Wait before the next attempt", retry_after=math.ceil(wait / 1000))
        return attempt

    async def fail(self, attempt: Attempt) -> bool:
        """Count a wrong password; return whether it has caused the first delay for unknown devices."""
        free = [counter.free for counter in attempt.counters]
        failures = await self._bus.evaluate(
            FAIL, attempt.keys, [attempt.name, LONGEST_SECONDS, FORGOTTEN_SECONDS, *free]
        )
        return bool(failures == USER_FREE) and not attempt.known_device

    async def leave(self, attempt: Attempt) -> None:
        """End an attempt without an outcome: the password was not verified."""
        await self._bus.evaluate(LEAVE, attempt.keys, [attempt.name])

    async def succeed(self, attempt: Attempt) -> None:
        """Forget the wrong passwords for this user; those of the network address, which an attacker shares, stay."""
        await self.leave(attempt)
        await self._bus.evaluate(FORGET, [attempt.keys[0]], [])

    async def forget(self, email: str) -> None:
        """Forget the wrong passwords for a user, who has proved otherwise who they are."""
        await self._bus.evaluate(FORGET, [_key("user", email)], [])


def _counters(caller: Caller, email: str, *, known_device: bool) -> tuple[Counter, ...]:
    if known_device:
        device = _key("device", email, caller.address or "", caller.user_agent or "")
        return (Counter(device, USER_FREE, USER_AT_ONCE),)
    user = Counter(_key("user", email), USER_FREE, USER_AT_ONCE)
    return (user, Counter(_key("address", _network(caller.address)), ADDRESS_FREE, ADDRESS_AT_ONCE))


def _network(address: str | None) -> str:
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> (128 - IPV6_NETWORK))
    return str(getattr(parsed, "ipv4_mapped", None) or parsed)


def _key(*parts: str) -> str:
    return PREFIX + hashlib.sha256("\0".join(parts).encode()).hexdigest()
