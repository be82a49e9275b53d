"""Results of a row: its measures beside their goals, and its verdict."""

from dataclasses import asdict, dataclass, field
from typing import Any

OK, BROKEN, LATER, SKIPPED = "ok", "BROKEN", "later", "SKIPPED"


@dataclass
class Measure:
    """One number beside its goal, in the form of benchmarks/results.json."""

    id: str
    measured: float | None
    goal: float | None
    better: str
    how: str
    stretch: float | None = None

    @property
    def ok(self) -> bool | None:
        if self.measured is None or self.goal is None:
            return None
        return self.measured >= self.goal if self.better == "higher" else self.measured <= self.goal

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}


@dataclass
class Result:
    """The outcome of a row of the fault matrix, or why it was not run."""

    name: str
    fault: str
    goals: tuple[str, ...]
    status: str = OK
    reason: str = ""
    seconds: float = 0.0
    counted: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    measures: list[Measure] = field(default_factory=list)

    def judge(self) -> None:
        if self.faults or any(measure.ok is False for measure in self.measures):
            self.status = BROKEN

    def complaints(self) -> list[str]:
        """List the faults and the missed goals, a line each."""
        missed = [
            measure for measure in self.measures if measure.ok is False and not measure.id.endswith(".violations")
        ]
        goals = [f"{measure.id}: {measure.measured:g}, goal {measure.goal:g} ({measure.how})" for measure in missed]
        return [f"    ! {line}" for line in [*self.faults, *goals]]

    def to_json(self) -> dict[str, Any]:
        return {
            "id": self.name,
            "fault": self.fault,
            "goals": list(self.goals),
            "status": self.status,
            "reason": self.reason,
            "seconds": round(self.seconds, 1),
            "counted": self.counted,
            "faults": self.faults,
        }
