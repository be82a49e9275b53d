"""Embedded Valkey, or the Redis of this system: it logs every write and never evicts data."""

import os
import signal
from functools import partial
from pathlib import Path

import redis

from imageshield.servers import binaries
from imageshield.servers.home import Home
from imageshield.servers.ports import LOOPBACK
from imageshield.servers.service import Service

DATABASES = 64
"""The service uses one; each test uses its own."""


def url(home: Home, port: int) -> str:
    return f"redis://:{home.secret('valkey-password')}@{LOOPBACK}:{port}/0"


def service(home: Home, port: int) -> Service:
    folder = home.folder("valkey")
    configuration = folder / "valkey.conf"
    return Service(
        name="valkey",
        command=(str(binaries.find_valkey()), str(configuration)),
        environment={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
        prepare=partial(_write, configuration, _settings(home, folder, port)),
        healthy=partial(_answers, url(home, port)),
        death_signal=signal.SIGTERM,
    )


def _settings(home: Home, folder: Path, port: int) -> list[str]:
    return [
        f"bind {LOOPBACK}",
        f"port {port}",
        f"requirepass {home.secret('valkey-password')}",  # in a file, because the arguments of a process are public
        f'dir "{folder}"',
        f"databases {DATABASES}",
        "appendonly yes",
        "appendfsync everysec",
        "maxmemory-policy noeviction",
        "daemonize no",
        'save ""',
    ]


def _write(path: Path, lines: list[str]) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text("\n".join(lines) + "\n")


def _answers(address: str) -> bool:
    try:
        with redis.Redis.from_url(address, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
