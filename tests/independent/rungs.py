"""The rungs of the ladder: which step of Decryption refused."""

from collections.abc import Iterator
from contextlib import contextmanager


class Refused(Exception):
    """Nothing is released; `rung` says which step failed."""

    def __init__(self, rung: str, why: str) -> None:
        super().__init__(f"{rung}: {why}")
        self.rung = rung


@contextmanager
def rung(name: str) -> Iterator[None]:
    """Whatever is wrong inside is of this rung."""
    try:
        yield
    except ValueError as wrong:
        raise Refused(name, str(wrong)) from wrong


def demand(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)
