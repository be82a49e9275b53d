"""`imageshield doctor`: report every fault of the configuration at once, each with its remedy."""

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from imageshield.checks import audit, database, entropy, keys, machine, mail, redis, settings, store
from imageshield.checks.situation import Fault, Situation, look
from imageshield.servers.home import Home, default_path
from imageshield.terminal.reporting import print_json, show

CHECKS: tuple[Callable[[Situation], list[Fault]], ...] = (
    settings.check_settings,
    settings.check_schemes,
    settings.check_public_url,
    settings.check_proxies,
    settings.check_tiers,
    settings.check_providers,
    keys.check_keys,
    machine.check_programs,
    machine.check_packages,
    machine.check_home,
    machine.check_postgres_place,
    machine.check_room,
    machine.check_port,
    machine.check_metrics_port,
    machine.check_clock,
    machine.check_numba_cache,
    entropy.check_entropy,
    database.check_database,
    redis.check_redis,
    store.check_store,
    audit.check_audit,
    mail.check_mail,
)


def run(*, as_json: bool = False, data_dir: Path | None = None) -> int:
    """Run all checks and print the faults on stdout. Returns the exit code: 0 without faults, 1 with."""
    situation = look(os.environ, Home((data_dir or default_path()).expanduser().resolve()))
    faults = find(situation)
    if as_json:
        print_json({"ok": not faults, "faults": [asdict(fault) for fault in faults]})
    else:
        show(*_lines(situation, faults))
    return 1 if faults else 0


def find(situation: Situation) -> list[Fault]:
    found = []
    for check in CHECKS:
        try:
            found += [fault for fault in check(situation) if fault not in found]
        except OSError as error:
            remedy = "run doctor as the user who runs the service"
            found.append(Fault(str(error.filename), f"cannot be examined ({error.strerror})", remedy))
    return found


def _lines(situation: Situation, faults: list[Fault]) -> list[str]:
    embedded = ", ".join(sorted(situation.embedded)) or "none"
    state = "running" if situation.running else "not running"
    lines = [f"data directory {situation.home.path} ({state}), embedded servers for: {embedded}"]
    for fault in faults:
        lines += [f"FAULT {fault.subject}: {fault.problem}", f"      {fault.remedy}"]
    count = len(faults)
    return [*lines, "no fault found" if not count else f"{count} fault{'s' if count > 1 else ''} found"]
