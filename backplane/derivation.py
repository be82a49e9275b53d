"""`python -m backplane.derivation`: derives wrap keys for the gateway, in a process of its own.

It reads requests from stdin and answers each on stdout, until stdin ends; no secret is in its arguments or environment.
What a stranger's key file costs is spent here, where it stops neither log-ins nor encryptions; what breaks is this
process alone, and the gateway starts another.
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
"""Address space beside Argon2id's memory: 16 stacks of 8 MiB, and what the interpreter still maps."""


def frame(message: dict[str, Any]) -> bytes:
    """Encode a message of the pipe: its length, and JSON."""
    body = json.dumps(message).encode()
    return LENGTH.pack(len(body)) + body


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the other end hangs up."""
    while len(head := requests.read(LENGTH.size)) == LENGTH.size:
        message = json.loads(requests.read(*LENGTH.unpack(head)))
        kdf = Kdf.from_json(message["kdf"])
        bound_memory(kdf.m_kib if isinstance(kdf, Argon2) else 0)
        wrap_key = derive_wrap_key(b64decode(message["password_b64"]).decode(), kdf)
        answers.write(frame({"wrap_key_b64": b64encode(wrap_key)}))
        answers.flush()


def bound_memory(kib: int) -> None:
    """Let the process grow by what a derivation needs, and by no more."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + kib * 1024 + OVERHEAD_BYTES, hard))


def main() -> None:
    """Give way to everything else, and serve."""
    # Ctrl-C reaches every process of a terminal; this one ends with its gateway.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICENESS)
    # Where memory runs out, it is this process that goes, and not the gateway.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    serve(sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main()
