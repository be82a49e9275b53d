"""Parent guard: replace this process by a program that ends when the supervisor ends, even if that was killed.

Run as `python -I -S parent_guard.py PARENT UID GID SIGNAL PROGRAM ARGUMENT…`. It is a separate program because
Python code between fork and exec is unsafe in a process with threads, and because a change of user clears the
kernel's parent-death signal.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    parent, uid, gid, death_signal = (int(value) for value in sys.argv[1:5])
    program = sys.argv[5:]
    prctl = getattr(ctypes.CDLL(None), "prctl", None)  # only Linux has it; elsewhere the next start finds survivors
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the supervisor ended before its child began")
    try:
        os.execv(program[0], program)  # noqa: S606 -- becoming the program is the point
    except OSError as error:
        sys.exit(f"{program[0]}: {error.strerror}")


if __name__ == "__main__":
    main()
