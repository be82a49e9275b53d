"""Race the routines in one interleaved run, and hold the ratios to the goals of docs/explanation/entropy.md."""

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from imageshield.commands.offline.entropy_routines import BULK_BITS, Routine, all_routines
from imageshield.terminal.failures import Failure
from shield_core.errors import SourceFailed
from shield_core.quantum.aer import AerSource
from shield_core.quantum.conditioner import condition
from shield_core.quantum.health import BLOCK, BULK, SEEDS, Monitor
from shield_core.quantum.measurement import measure

SEED_BYTES: Final = 128
TIMES: Final = 32
"""How often what takes a tenth of a millisecond is done in a turn."""


@dataclass(frozen=True)
class Row:
    """One ratio beside its goal, in the form of benchmarks/results.json."""

    id: str
    measured: float
    goal: float
    better: str
    how: str

    @property
    def ok(self) -> bool:
        return self.measured >= self.goal if self.better == "higher" else self.measured <= self.goal

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "stretch": None, "ok": self.ok}


@dataclass(frozen=True)
class Result:
    """Rates in Mbit a second of processor time, and the rows."""

    routines: tuple[Routine, ...]
    mbit_per_second: Mapping[str, float]
    rows: tuple[Row, ...]

    def to_json(self) -> dict[str, Any]:
        ways = [
            {
                "id": one.id,
                "what": one.what,
                "is_measurement": one.measures,
                "mbit_per_cpu_second": _short(self.mbit_per_second[one.id]),
            }
            for one in self.routines
        ]
        return {"ok": all(row.ok for row in self.rows), "routines": ways, "rows": [row.to_json() for row in self.rows]}


def run(*, rounds: int) -> Result:
    try:
        source = AerSource()
    except SourceFailed as error:
        raise Failure("unavailable", "The simulator cannot be had", str(error)) from error
    routines = tuple(all_routines(source))
    bulk, small = source.measure(BULK_BITS), source.measure(BLOCK)
    cases: dict[str, Callable[[], object]] = {one.id: one.run for one in routines}
    cases |= {
        "health, bulk": lambda: Monitor().check(bulk, BULK),
        "health, seed": lambda: [Monitor().check(small, SEEDS) for _ in range(TIMES)],
        "raw, seed": lambda: [source.measure(BLOCK) for _ in range(TIMES)],
        "seed": lambda: [_seed(source) for _ in range(TIMES)],
    }
    seconds = interleave(cases, rounds=rounds)
    rates = {one.id: one.bits / seconds[one.id] / 1e6 for one in routines}
    return Result(routines, rates, tuple(_rows(rates, seconds)))


def _seed(source: AerSource) -> bytes:
    return condition(measure(source, BLOCK).raw, source_id=source.name, job_id="bench", length=SEED_BYTES)


def interleave(cases: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Run every case once a round and return the best processor time of each, in seconds.

    Processor time, of all threads: other work on the machine does not count. Taking turns, because clock speed changes.
    """
    best = dict.fromkeys(cases, float("inf"))
    for case in cases.values():
        case()
    for _ in range(rounds):
        for name, case in cases.items():
            started = time.process_time()
            case()
            best[name] = min(best[name], time.process_time() - started)
    # The clock ticks in microseconds, and no case is faster than one.
    return {name: max(seconds, 1e-6) for name, seconds in best.items()}


def _rows(rates: Mapping[str, float], seconds: Mapping[str, float]) -> list[Row]:
    ours = rates["ours"]
    return [
        _row("entropy_vs_20x100", ours / rates["second"], 20, "higher", "AerSource / 20 qubits x 100 shots"),
        _row("entropy_vs_first", ours / rates["first"], 1000, "higher", "AerSource / 16 qubits x 1 shot"),
        _row("entropy_vs_urandom", ours / rates["urandom"], 1 / 200, "higher", "AerSource / os.urandom"),
        _row(
            "seed_1_kbit_ms",
            seconds["seed"] / TIMES * 1e3,
            5,
            "lower",
            "measure, test and condition 1024 bits, warm, ms",
        ),
        _row(
            "health_share_bulk", seconds["health, bulk"] / seconds["ours"], 0.3, "lower", "tests / generation, 1 Mbit"
        ),
        _row(
            "health_share_seed",
            seconds["health, seed"] / seconds["raw, seed"],
            0.3,
            "lower",
            "tests / generation, 4 kbit",
        ),
    ]


def _row(name: str, measured: float, goal: float, better: str, how: str) -> Row:
    return Row(name, _short(measured), goal, better, how)


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def tell(result: Result) -> str:
    lines = [f"{'Mbit a second of processor time':58}{'':>10}"]
    for one in result.routines:
        label = one.what + ("" if one.measures else "  [no measurement]")
        lines.append(f"{label:58}{result.mbit_per_second[one.id]:>10.4g}")
    lines += ["", f"{'goal':24}{'measured':>10}{'goal':>9}"]
    for row in result.rows:
        sign = "≥" if row.better == "higher" else "≤"
        verdict = "ok" if row.ok else "MISSED"
        lines.append(f"{row.id:24}{row.measured:>10g}{f'{sign}{row.goal:g}':>9}  {verdict:6}  {row.how}")
    return "\n".join(lines)
