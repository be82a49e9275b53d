"""Results of a run as a table and as JSON."""

import json
import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.faults.measures import BROKEN, Result

RESULTS = Path(__file__).with_name("results.json")


def lines(results: Iterable[Result]) -> Iterable[str]:
    yield f"{'row':24}{'goals':18}{'verdict':9}{'s':>6}  counted"
    for result in results:
        yield (
            f"{result.name:24}{' '.join(result.goals):18}{result.status:9}{result.seconds:6.0f}  "
            f"{result.reason or _words(result.counted)}"
        )
        yield from result.complaints()


def to_json(results: list[Result]) -> dict[str, Any]:
    """Return the form of benchmarks/results.json, with the whole matrix beside the measures."""
    return {
        "machine": machine(),
        "rows": [measure.to_json() for result in results for measure in result.measures],
        "matrix": [result.to_json() for result in results],
    }


def write(results: list[Result]) -> None:
    RESULTS.write_text(json.dumps(to_json(results), indent=2, ensure_ascii=False) + "\n")


def failed(results: Iterable[Result]) -> bool:
    return any(result.status == BROKEN for result in results)


def machine() -> str:
    """Describe the machine without its name."""
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _words(counted: dict[str, Any]) -> str:
    return " ".join(
        f"{name}={value:g}" if isinstance(value, float) else f"{name}={value}" for name, value in counted.items()
    )
