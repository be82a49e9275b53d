"""The failures of a decryption, by the step that refused."""

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):
    """The decryption failed and released nothing; `failure` names the failed step."""

    def __init__(self, failure: str, why: str) -> None:
        super().__init__(f"{failure}: {why}")
        self.failure = failure


@contextmanager
def failing_as(name: str) -> Iterator[None]:
    """Convert a ValueError in the block into this failure."""
    try:
        yield
    except ValueError as wrong:
        raise Refused(name, str(wrong)) from wrong


def demand(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)
