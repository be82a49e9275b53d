"""Tries of what can be guessed: one-time passwords, recovery codes, passwords. After some, each next one has to wait.

They are counted before they are checked, so that many at once are no more than one after another. Redis counts; without
it nothing can be tried.
"""

from typing import Final
from uuid import UUID

from backplane.bus import RedisBus
from backplane.errors.users import TooManyAttempts

PREFIX = "imageshield:tries:"
CODE: Final = "code"
RECOVERY: Final = "recovery"
"""Counted apart from codes, so that who guesses codes does not block it."""
PASSWORD: Final = "password"  # noqa: S105 - a kind of try

FREE = 5
FIRST_SECONDS, LONGEST_SECONDS = 30, 3600
"""At the longest wait, the chance to guess a code of six digits, of which three are valid, is a half in 26 years."""

KEPT_SECONDS = 24 * 3600

TRY_ONCE = """
local now = tonumber(redis.call('TIME')[1])
local free = tonumber(redis.call('HGET', KEYS[1], 'free') or '0')
if now < free then return free - now end
local over = redis.call('HINCRBY', KEYS[1], 'tries', 1) - tonumber(ARGV[1])
if over >= 0 then
    local wait = math.min(tonumber(ARGV[2]) * 2 ^ math.min(over, 30), tonumber(ARGV[3]))
    redis.call('HSET', KEYS[1], 'free', now + wait)
end
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 0
"""
"""It is atomic: of many tries at once no more are allowed than one after another."""


class Tries:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def begin(self, kind: str, user_id: UUID) -> None:
        """Count a try.

        Raises:
            TooManyAttempts: it must wait.
            Unavailable: Redis does not answer.
        """
        limits = (FREE, FIRST_SECONDS, LONGEST_SECONDS, KEPT_SECONDS)
        wait = await self._bus.evaluate(TRY_ONCE, [_name(kind, user_id)], limits)
        if wait:
            raise TooManyAttempts(f"Try again in {wait} seconds", retry_after=wait)

    async def succeed(self, kind: str, user_id: UUID) -> None:
        """Forget the tries before a right one."""
        await self._bus.forget(_name(kind, user_id))


def _name(kind: str, user_id: UUID) -> str:
    return f"{PREFIX}{kind}:{user_id.hex}"
