"""Free ports on the loopback interface."""

import contextlib
import secrets
import socket

from imageshield.servers.errors import NoFreePort

LOOPBACK = "127.0.0.1"

# Below 32768, where the ports of outgoing connections start on Linux: so a remembered port is still free tomorrow.
# The gRPC port of SeaweedFS is 10,000 above its HTTP port, and must be below 32768 as well.
FIRST = 20_000
LAST = 22_767
GRPC_OFFSET = 10_000


def is_free(port: int, host: str = LOOPBACK) -> bool:
    """Say whether a server could listen here now. Closing connections of an earlier server do not count."""
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
    """Choose the remembered port if it is free, else a random one: stacks that start together then rarely collide.

    Raises:
        NoFreePort: none of 200 random ports is free.
    """
    avoid = avoid or set()
    if remembered is not None and remembered not in avoid and is_free_pair(remembered):
        return remembered
    for _ in range(200):
        port = FIRST + secrets.randbelow(LAST - FIRST)
        if port not in avoid and is_free_pair(port):
            return port
    raise NoFreePort(f"no free port between {FIRST} and {LAST} on {LOOPBACK}")
