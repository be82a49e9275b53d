"""HTTP requests to addresses that users chose: checked at the connection, bounded, and without redirects."""

import asyncio
import email.utils
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace

import httpcore

from backplane.addresses import AddressRefused, Guard
from backplane.errors import WebhookUrlRefused
from backplane.outgoing import exchange
from backplane.services.webhooks.deliveries import DELIVERED, Answer

TIMEOUT_SECONDS = 10.0
"""For the whole exchange: name, connection, TLS, request and answer."""

MAX_ANSWER = 4096
"""Bytes of an answer that are read, so that a receiver can finish sending it; they are discarded."""

SUCCESS, REDIRECT = range(200, 300), range(300, 400)


class Poster:
    def __init__(self, guard: Guard, *, tls: ssl.SSLContext | None = None, seconds: float = TIMEOUT_SECONDS) -> None:
        self._guard = guard
        self._tls = tls or ssl.create_default_context()
        self._seconds = seconds

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a message and return its outcome, whatever the receiver does."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._seconds):
                answer = await self._post(url, headers, body)
        except (TimeoutError, httpcore.TimeoutException):
            answer = Answer("timeout")
        except (AddressRefused, WebhookUrlRefused):
            answer = Answer("address")
        except httpcore.ProtocolError:
            answer = Answer("protocol")
        except httpcore.NetworkError as error:
            answer = Answer("tls" if _is_tls(error) else "connection")
        return replace(answer, duration_ms=round((time.monotonic() - started) * 1000))

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        async with exchange(self._guard, self._tls, "POST", url, headers=list(headers.items()), body=body) as response:
            await _throw_away(response)
            return _read(response)


async def _throw_away(response: httpcore.Response) -> None:
    left = MAX_ANSWER
    async for chunk in response.aiter_stream():
        left -= len(chunk)
        if left <= 0:
            return


def _read(response: httpcore.Response) -> Answer:
    if response.status in SUCCESS:
        return Answer(DELIVERED, response.status)
    fields = {name.lower(): value for name, value in response.headers}
    outcome = "redirect" if response.status in REDIRECT else "status"
    return Answer(outcome, response.status, retry_after=retry_after(fields.get(b"retry-after", b"").decode("latin-1")))


def retry_after(text: str) -> float | None:
    """Parse `Retry-After`: seconds or a date; None if it is neither."""
    if text.isascii() and text.strip().isdigit():
        return float(text[:9])
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None


def _is_tls(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error is not None
