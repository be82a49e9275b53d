"""Reports of a run: a description of the machine, the table of rows and goals, and the JSON file."""

import json
import os
import platform
from pathlib import Path


def machine():
    """Describe the machine without its name."""
    cpu = platform.processor() or platform.machine()
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), cpu)
    busy = round(os.getloadavg()[0], 1)
    python = platform.python_version()
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {python}, load {busy} at the start"


def print_rows(rows):
    print(f"{'goal':40}{'measured':>10}{'goal':>8}{'stretch':>9}")
    for row in rows:
        sign = "≥" if row.better == "higher" else "≤"
        measured = "" if row.measured is None else f"{row.measured:.4g}"
        goal, stretch = ("" if value is None else f"{sign}{value:g}" for value in (row.goal, row.stretch))
        print(f"{row.id:40}{measured:>10}{goal:>8}{stretch:>9}  {row.verdict()}")


def write(path, where, rows, **more):
    """Write rows as JSON, in the format of all measurements of the project."""
    result = {"machine": where, "rows": [row.to_json() for row in rows], **more}
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n")
