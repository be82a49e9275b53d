"""Metrics ports of relay and worker under `up`, which derives both from one METRICS_PORT."""

from collections.abc import Mapping

from imageshield.servers import ports
from imageshield.servers.errors import PortBusy, SettingMissing
from imageshield.servers.home import Home

NAMES = ("relay", "worker")


def host(environment: Mapping[str, str]) -> str:
    return environment.get("METRICS_HOST") or ports.LOOPBACK


def named(environment: Mapping[str, str]) -> dict[str, int]:
    """Return the ports that METRICS_PORT names: its value for the relay, the next one for the worker. 0 names none.

    Raises:
        SettingMissing: the value is not a port, or is the last one.
    """
    text = environment.get("METRICS_PORT") or "0"
    if not (text.isascii() and text.isdigit() and int(text) < (1 << 16) - len(NAMES)):
        raise SettingMissing(f"METRICS_PORT is {text}: set 0 for any free ports, or a number below 65534")
    return {name: int(text) + offset for offset, name in enumerate(NAMES)} if int(text) else {}


def choose(home: Home, environment: Mapping[str, str], *, gateway: int) -> dict[str, int]:
    """Return the ports to use; none if METRICS_PORT is not set.

    Raises:
        PortBusy: a named port is in use.
        SettingMissing: as in `named`.
    """
    if not environment.get("METRICS_PORT"):
        return {}
    found = named(environment)
    for name, port in found.items():
        if port == gateway or not ports.is_free(port, host(environment)):
            raise PortBusy(f"port {port}, for the metrics of the {name}, is in use: choose another METRICS_PORT, or 0")
    if found:
        return found
    chosen = home.ports(*(f"{name}-metrics" for name in NAMES))
    return {name: chosen[f"{name}-metrics"] for name in NAMES}
