"""The system that the generated clients call."""

from collections.abc import Iterator

import pytest

from imageshield.servers.home import scratch
from tests.support.stack import SystemUnderTest, running_system


@pytest.fixture(scope="session")
def whole_system() -> Iterator[SystemUnderTest]:
    with scratch() as path, running_system(path) as running:
        yield running
