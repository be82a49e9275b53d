"""Fixtures for all tests: the servers of the session, and for each test its databases and settings."""

import gc
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from backplane.garbage import exempt_loaded
from backplane.settings import Settings
from imageshield.servers.home import scratch
from tests.support import measuring
from tests.support.order import by_duration
from tests.support.stack import Stack, SystemUnderTest, running_stack

# On a busy machine the duration of one example means nothing; `timeout` in pyproject.toml stops a test that hangs.
hypothesis.settings.register_profile("no deadline", deadline=None)
hypothesis.settings.load_profile("no deadline")

# By default structlog prints the values of all variables. One such traceback takes seconds, during which a gateway on
# another thread answers nothing.
structlog.configure(
    processors=[
        *structlog.get_config()["processors"][:-1],
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[object]:
    """Examine no garbage while tests are collected, nor their million objects while they run: it took minutes."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        exempt_loaded()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest files first; `make test` has xdist keep this order."""
    by_duration(items, Path(__file__).parent)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    with measuring.measuring(item):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def unmeasured_children() -> None:
    measuring.leave_children_out()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Async tests are marked `anyio` and run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """The three servers, without durability, started once."""
    with scratch() as path, running_stack(path) as running:
        yield running


@pytest.fixture
def database_url(stack: Stack) -> Iterator[str]:
    with stack.databases.lend() as url:
        yield url


@pytest.fixture
def redis_url(stack: Stack) -> str:
    return stack.redis_url()


@pytest.fixture
def settings(stack: Stack, database_url: str, redis_url: str) -> Settings:
    return stack.settings(database_url=database_url, redis_url=redis_url)


@pytest.fixture
def system(whole_system: SystemUnderTest) -> Iterator[SystemUnderTest]:
    """The whole system of a folder, complete at the start of a test and left complete for the next one."""
    whole_system.await_ready()
    yield whole_system
    whole_system.await_ready()
