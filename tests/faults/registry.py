"""The fault matrix: the name of each row, its fault, its goals and its function."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.site import Site

MATRIX: list["Row"] = []


@dataclass(frozen=True)
class Row:
    """One line of the matrix."""

    name: str
    fault: str
    goals: tuple[str, ...]
    act: Callable[[Site], None] | None
    seconds: float
    changes: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    """Settings of the product for this row; a callable is called when the row runs."""
    later: str = ""
    """Why the row cannot run, if it cannot."""


def row(
    name: str, fault: str, *goals: str, seconds: float = 120.0, **changes: str | Callable[[], str]
) -> Callable[[Callable[[Site], None]], Callable[[Site], None]]:
    """Put a function into the matrix; `seconds` limits its full form."""

    def enter(act: Callable[[Site], None]) -> Callable[[Site], None]:
        MATRIX.append(Row(name, fault, goals, act, seconds, changes))
        return act

    return enter


def later(name: str, fault: str, *goals: str, why: str) -> None:
    """Put a row into the matrix that says why it does not run."""
    MATRIX.append(Row(name, fault, goals, None, 0.0, {}, why))


def elsewhere(name: str, fault: str, *goals: str, command: str) -> None:
    """Put a row into the matrix that another command counts."""
    later(name, fault, *goals, why=f"counted by `{command}`")
