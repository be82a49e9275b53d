"""Free ports on the loopback interface."""

import contextlib
import secrets
import socket

from imageshield.servers.errors import NoFreePort

LOOPBACK = "127.0.0.1"

# Below 32768, where Linux takes the ports of outgoing connections from: a remembered port is still free tomorrow.
# SeaweedFS finds its own gRPC port 10,000 above the HTTP port, which must stay below 32768 as well.
FIRST = 20_000
LAST = 22_767
GRPC_OFFSET = 10_000


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen here now: connections of a former server that still wind down do not count."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def is_free_pair(port: int) -> bool:
    return is_free(port) and is_free(port + GRPC_OFFSET)


def choose(remembered: int | None = None, *, avoid: set[int] | None = None) -> int:
    """Take the remembered port where it is free, else a random one: two stacks that start at once rarely meet."""
    avoid = avoid or set()
    if remembered is not None and remembered not in avoid and is_free_pair(remembered):
        return remembered
    for _ in range(200):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if port not in avoid and is_free_pair(port):
            return port
    raise NoFreePort(f"no free port between {FIRST} and {LAST} on {LOOPBACK}")
