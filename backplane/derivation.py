"""`python -m backplane.derivation`: derives wrap keys for the gateway, in a process of its own.

It reads requests from stdin and answers each on stdout, until stdin ends; nothing of them is in its arguments or
environment. A key file of a stranger costs memory and time here, where it stops neither log-ins nor encryptions, and
what breaks is this process alone.
"""

import json
import os
import resource
import signal
import struct
import sys
from typing import Any, BinaryIO, Final

from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.passphrase import Argon2, Kdf, derive_wrap_key

LENGTH: Final = struct.Struct(">I")
MAX_FRAME: Final = 65_536

NICENESS: Final = 10
"""A derivation of 16 lanes has 16 threads: at the same priority they would leave a log-in a fifth of the machine."""

OVERHEAD_BYTES: Final = 512 << 20
"""Address space beside Argon2id's memory: 16 stacks of 8 MiB, and what the interpreter still maps."""


def frame(message: dict[str, Any]) -> bytes:
    """Encode a message of the pipe: its length, and JSON."""
    body = json.dumps(message).encode()
    return LENGTH.pack(len(body)) + body


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the other end hangs up."""
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        message = json.loads(requests.read(LENGTH.unpack(head)[0]))
        answers.write(frame(_answer(message)))
        answers.flush()


def _answer(message: dict[str, Any]) -> dict[str, Any]:
    kdf = Kdf.from_json(message["kdf"])
    try:
        _bound_memory(kdf)
        password = b64decode(message["password_b64"]).decode()
        return {"wrap_key_b64": b64encode(derive_wrap_key(password, kdf))}
    except MemoryError:
        return {"error": "out-of-memory"}


def _bound_memory(kdf: Kdf) -> None:
    """Let the process grow by what this derivation needs, and by no more."""
    pages = int(open("/proc/self/statm").read().split()[0])  # noqa: PTH123, SIM115
    need = kdf.m_kib * 1024 if isinstance(kdf, Argon2) else 0
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + need + OVERHEAD_BYTES, hard))


def main() -> None:
    # Ctrl-C goes to every process of the terminal; this one ends with its gateway.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
