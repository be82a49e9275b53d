"""Measure whether the time of an answer tells if an address has an account; the goal is a difference within 5 %.

`python -m benchmarks.enumeration URL EMAIL PASSWORD`, where EMAIL has an account with PASSWORD, against a system that
runs on this machine with `MAIL_VERIFICATION=true`. Each act is tried with the known and with an unknown address.
"""

import argparse
import json
import secrets
import statistics
import sys
import time
from collections.abc import Callable
from itertools import count

import httpx

TRIES = 200
GOAL = 0.05
API = "/api/v1/auth"
WRONG = "wrong horse battery"
FREE = 4
"""Wrong passwords in a row that cause no delay; then the right one resets the count."""

PER_ADDRESS = 40
"""Attempts from one loopback address: after a hundred wrong passwords, an address is delayed."""

Act = Callable[[httpx.Client, str], httpx.Response]


class Prober:
    def __init__(self, url: str, email: str, password: str) -> None:
        self._url, self._email, self._password = url + API, email, password
        self._addresses = (f"127.1.{number // 250}.{number % 250 + 1}" for number in count())

    def compare(self, act: Act, tries: int) -> dict[str, float | bool]:
        """Try an act alternately with both kinds of address, and compare times and bodies."""
        times: dict[bool, list[float]] = {True: [], False: []}
        bodies: dict[bool, set[str]] = {True: set(), False: set()}
        for number in range(tries):
            if number % PER_ADDRESS == 0:
                client = self._client()
            if act is log_in and number % FREE == 0:
                log_in(client, self._email, self._password).raise_for_status()
            for exists in (True, False) if number % 2 else (False, True):
                email = self._email if exists else f"{secrets.token_hex(6)}@example.org"
                started = time.perf_counter()
                response = act(client, email)
                times[exists].append(time.perf_counter() - started)
                bodies[exists].add(f"{response.status_code} {comparable(response, email)}")
        known, unknown = statistics.median(times[True]), statistics.median(times[False])
        return {
            "known_ms": round(known * 1000, 2),
            "unknown_ms": round(unknown * 1000, 2),
            "difference": round(abs(known - unknown) / unknown, 4),
            "same_body": bodies[True] == bodies[False],
        }

    def _client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(local_address=next(self._addresses))
        client = httpx.Client(base_url=self._url, timeout=60, trust_env=False, transport=transport)
        client.get("/challenge").raise_for_status()  # connects
        return client


def comparable(response: httpx.Response, email: str) -> str:
    return json.dumps(response.json() | {"request_id": None}).replace(email, "EMAIL")


def log_in(client: httpx.Client, email: str, password: str = WRONG) -> httpx.Response:
    return client.post("/token", data={"grant_type": "password", "username": email, "password": password})


def register(client: httpx.Client, email: str) -> httpx.Response:
    return client.post("/register", json={"email": email, "password": WRONG})


def reset(client: httpx.Client, email: str) -> httpx.Response:
    return client.post("/password/reset", json={"email": email})


ACTS: dict[str, Act] = {"register": register, "reset": reset, "log-in": log_in}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("url", "email", "password"):
        parser.add_argument(name)
    parser.add_argument("--tries", type=int, default=TRIES)
    arguments = parser.parse_args()
    prober = Prober(arguments.url, arguments.email, arguments.password)
    found = {name: prober.compare(act, arguments.tries) for name, act in ACTS.items()}
    sys.stdout.write(json.dumps(found, indent=2) + "\n")
    return 0 if all(result["same_body"] and result["difference"] <= GOAL for result in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
