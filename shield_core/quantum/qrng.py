"""The source `qrng`, a quantum random number generator that is called over HTTPS: the optional extra `qrng`.

The protocol is that of the Australian National University's quantum numbers: `GET ?length=N&type=uint16` with the key
in `x-api-key`, answered by `{"success": true, "type": "uint16", "data": [N numbers]}`. Other services use it too.
"""

import json
import time
from collections.abc import Iterator
from fractions import Fraction
from importlib import import_module, util
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

import numpy as np

from shield_core.errors import SourceFailed
from shield_core.quantum.sources import SourceKind, whole_bytes

NUMBERS_PER_REQUEST: Final = 1024
"""The most numbers that ANU returns in a response."""

LARGEST_ANSWER: Final = 64 * 1024
"""Bytes of a response: 1024 numbers of five digits with commas and spaces take 7 KiB."""

_TOP: Final = 65_535
_OK: Final = 200


class HttpQrngSource:
    """A third party's generator, called over the network.

    Its operator knows every bit that it returned, so its bits are combined with the operating system's. The credit of
    half a bit for each bit is a conservative assumption, compared with what these services publish about themselves.

    Args:
        url: The address: https, or http to this machine; without user, query and fragment.
        api_key: Sent as `x-api-key`, and never shown.
        deadline_seconds: The time that an image waits.

    Raises:
        SourceFailed: httpx is not installed.
        ValueError: another kind of address, or the time is not positive. The message does not repeat the address,
            because it may hold a secret.
    """

    name = "qrng"
    kind = SourceKind.HARDWARE
    credited_bits_per_bit = Fraction(1, 2)
    min_entropy_per_bit = Fraction(1, 2)

    def __init__(self, url: str, *, api_key: str | None = None, deadline_seconds: float = 30.0) -> None:
        self._host, self._is_loopback = _judge(url)
        if deadline_seconds <= 0:
            raise ValueError("the source needs some time")
        if api_key is not None and not (api_key.isascii() and api_key.isprintable()):
            raise ValueError("the API key holds characters that no header can carry")
        if util.find_spec("httpx") is None:
            raise SourceFailed("httpx is not installed: install imageshield[qrng]")
        self._url = url
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if api_key:
            self._headers["x-api-key"] = api_key
        self.deadline_seconds = deadline_seconds

    def __repr__(self) -> str:
        return f"HttpQrngSource({self._host!r})"

    def describe(self) -> dict[str, Any]:
        """Return the host and the protocol, without path and credential."""
        return {"backend": f"QRNG over HTTP, {self._host}", "protocol": "anu uint16"}

    def measure(self, n_bits: int) -> bytes:
        """Request numbers.

        Args:
            n_bits: A multiple of 8.

        Returns:
            `n_bits` bits: number after number, the highest bit first.

        Raises:
            SourceFailed: no valid response, or none in time; the message has fixed words and no part of the response.
            ValueError: not a positive multiple of 8.
        """
        size = whole_bytes(n_bits)
        numbers = -(-n_bits // 16)
        end = time.monotonic() + self.deadline_seconds
        httpx = import_module("httpx")
        # Even if the environment sets a proxy, addresses of this machine are called directly.
        options = {"follow_redirects": False, "trust_env": not self._is_loopback, "headers": self._headers}
        words: list[int] = []
        try:
            with httpx.Client(**options) as client:
                while len(words) < numbers:
                    words += self._ask(client, min(NUMBERS_PER_REQUEST, numbers - len(words)), end)
        except httpx.TimeoutException:
            raise self._late() from None
        except httpx.HTTPError as error:
            raise SourceFailed(f"the connection failed with {type(error).__name__}") from None
        return np.array(words, ">u2").tobytes()[:size]

    def _ask(self, client: Any, count: int, end: float) -> list[int]:
        left = end - time.monotonic()
        if left <= 0:
            raise self._late()
        query = {"length": count, "type": "uint16"}
        with client.stream("GET", self._url, params=query, timeout=left) as answer:
            if answer.status_code != _OK:
                raise SourceFailed(f"it answered with the status {answer.status_code}")
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise SourceFailed("it answered in an encoding that was not asked for")
            body = b"".join(self._bounded(answer.iter_raw(), end))
        return _numbers(body, count)

    def _bounded(self, chunks: Iterator[bytes], end: float) -> Iterator[bytes]:
        """Pass chunks on within the limits of size and time: the client's own time limit restarts with every byte."""
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > LARGEST_ANSWER:
                raise SourceFailed(f"it answered with more than {LARGEST_ANSWER} bytes")
            if time.monotonic() > end:
                raise self._late()
            yield chunk

    def _late(self) -> SourceFailed:
        return SourceFailed(f"it did not answer within {self.deadline_seconds:g} s")


def _judge(url: str) -> tuple[str, bool]:
    """Return the host, and whether it is this machine."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("the address of the generator cannot be read") from None
    if not host or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the address of the generator is a host and a path: no user, query or fragment")
    is_loopback = host == "localhost" or _is_loopback_address(host)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback):
        raise ValueError("the generator is asked over https; http is for this machine only")
    return host, is_loopback


def _is_loopback_address(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _numbers(body: bytes, count: int) -> list[int]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise SourceFailed("it answered with something that is no JSON") from None
    if not isinstance(answer, dict) or answer.get("success") is not True or answer.get("type", "uint16") != "uint16":
        raise SourceFailed("it answered without the numbers that were asked for")
    numbers = answer.get("data")
    if not isinstance(numbers, list) or len(numbers) != count:
        raise SourceFailed(f"it did not answer with {count} numbers")
    if not all(type(number) is int and 0 <= number <= _TOP for number in numbers):
        raise SourceFailed("it answered with something that is no number of 16 bits")
    return numbers
