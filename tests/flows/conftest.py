"""The running system and a user of it."""

from collections.abc import Iterator

import pytest

from imageshield.servers.home import scratch
from tests.support.stack import SystemUnderTest, running_system
from tests.support.users import User


@pytest.fixture(scope="package")
def whole_system() -> Iterator[SystemUnderTest]:
    """Servers, migration, relay, real prefork worker and gateway, started once; durable, so that they may be killed.

    They end with the last test of this folder: idle, they would slow down the tests of the others.
    """
    with scratch() as path, running_system(path, WEBHOOK_ALLOW_NETWORKS="127.0.0.0/8") as running:
        yield running


@pytest.fixture
def user(system: SystemUnderTest) -> Iterator[User]:
    opened = User(system.url)
    yield opened
    opened.close()
