"""Fixtures for every room: the servers of the session, and for each test a database, a Valkey database and settings."""

from collections.abc import Iterator

import pytest

from backplane.settings import Settings
from tests.stack import Stack, running_stack


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    with running_stack() as running:
        yield running


@pytest.fixture
def database_url(stack: Stack) -> Iterator[str]:
    with stack.database() as url:
        yield url


@pytest.fixture
def redis_url(stack: Stack) -> str:
    return stack.redis_url()


@pytest.fixture
def settings(stack: Stack, database_url: str, redis_url: str) -> Settings:
    return stack.settings(database_url=database_url, redis_url=redis_url)
