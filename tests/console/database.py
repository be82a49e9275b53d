"""The database of the running system, for what no page can do: let time pass, choose a tier, or give a role."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.support.databases import query
from tests.support.stack import SystemUnderTest


def ask(system: SystemUnderTest, statement: str, *arguments: object) -> list[Any]:
    """Ask the database, on a thread: this one runs the event loop of Playwright."""
    url = system.variables["DATABASE_URL"].replace("+asyncpg", "")
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(query, url, statement, *arguments).result()
