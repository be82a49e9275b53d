"""The gateway's child process that derives wrap keys: `python -m backplane.derivation`.

It reads requests from stdin and answers each on stdout, until stdin ends; no secret is in its arguments or environment.
A stranger's key file may be costly to open. Here its cost delays neither log-ins nor encryptions, and a failure ends
only this process; the gateway starts another.
"""

import json
import os
import resource
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.passphrase import Argon2, Kdf, derive_wrap_key

LENGTH: Final = struct.Struct(">I")

NICENESS: Final = 10
"""A derivation of 16 lanes has 16 threads: at the same priority they would leave a log-in a fifth of the machine."""

OVERHEAD_BYTES: Final = 512 << 20
"""Address space beside Argon2id's memory: 16 stacks of 8 MiB, and what the interpreter maps later."""


def frame(message: dict[str, Any]) -> bytes:
    """Encode a message of the pipe: its length, then JSON."""
    body = json.dumps(message).encode()
    return LENGTH.pack(len(body)) + body


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the other end closes the pipe."""
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        message = json.loads(requests.read(*LENGTH.unpack(head)))
        kdf = Kdf.from_json(message["kdf"])
        bound_memory(kdf.m_kib if isinstance(kdf, Argon2) else 0)
        wrap_key = derive_wrap_key(b64decode(message["password_b64"]).decode(), kdf)
        answers.write(frame({"wrap_key_b64": b64encode(wrap_key)}))
        answers.flush()


def bound_memory(kib: int) -> None:
    """Limit the address space of the process to what a derivation needs."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + kib * 1024 + OVERHEAD_BYTES, hard))


def main() -> None:
    """Serve requests at low priority."""
    # Ctrl-C reaches every process of a terminal; this process ends with its gateway.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    # If memory runs out, the kernel kills this process and not the gateway.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
