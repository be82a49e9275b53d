"""A limit for mails that strangers cause: without it anybody could fill the mailbox of somebody else."""

import hashlib

from backplane.bus import RedisBus

PREFIX = "imageshield:mails:"
AN_HOUR = 5
"""Mails to one address within an hour. Above it the answer is the same, and no mail is sent."""

COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], 3600) end
return count
"""


class MailThrottle:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def allows(self, email: str) -> bool:
        """Count a mail to this address; return whether it may be sent.

        Raises:
            Unavailable: Redis does not answer.
        """
        key = PREFIX + hashlib.sha256(email.encode()).hexdigest()
        return await self._bus.evaluate(COUNT, [key], []) <= AN_HOUR
