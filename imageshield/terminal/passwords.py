"""Passphrases from a file, a file descriptor or a prompt. Never from the command line, which all users can list.

A new passphrase is normalized. Opening tries several candidates, because earlier releases normalized less.
"""

import errno
import getpass
import os
import sys
from pathlib import Path
from typing import BinaryIO, Final

from imageshield.terminal.failures import Failure, of_reading, usage
from imageshield.terminal.inputs import called, reading
from imageshield.terminal.reporting import say
from shield_core.keys.passphrase import PassphraseUnfit, candidates, check_new_passphrase, clean

MAX_READ: Final = 8192
"""Maximum number of bytes read from a file or descriptor: more than any passphrase has, and a limit for /dev/zero."""

MAX_DESCRIPTOR: Final = 2**31 - 1
"""The largest possible file descriptor: a C int."""


def given_new(path: Path | None, descriptor: int | None) -> str | None:
    """Read a new passphrase from a file or descriptor and normalize it. None: the command line names neither.

    Raises:
        Failure: it cannot be read, or it is not acceptable.
    """
    data = _given(path, descriptor)
    if data is None:
        return None
    if len(data) > MAX_READ:
        raise _unfit("A passphrase has at most 1024 bytes")
    try:
        passphrase = clean(data.decode())
    except UnicodeDecodeError:
        # Not chained: the UnicodeDecodeError holds the password.
        raise _unfit("A passphrase is UTF-8") from None
    try:
        check_new_passphrase(passphrase)
    except PassphraseUnfit as error:
        raise _unfit(str(error)) from error
    return passphrase


def given(path: Path | None, descriptor: int | None) -> tuple[str, ...] | None:
    """Read the candidates for opening from a file or descriptor. No content is refused: a wrong one opens nothing."""
    data = _given(path, descriptor)
    if data is None:
        return None
    if len(data) > MAX_READ:
        return ()
    try:
        text = data.decode()
    except UnicodeDecodeError:
        say("the password is not UTF-8, so it opens nothing")
        return ()
    # Earlier releases removed the final line end but not a byte order mark; the form of the service removed neither.
    return candidates(text, text.removesuffix("\n").removesuffix("\r") if text.endswith("\n") else text)


def ask_new(hint: str) -> str:
    """Ask for a new passphrase, twice, until both entries are equal and acceptable."""
    _demand_terminal(hint)
    while True:
        first = clean(_ask("Password: "))
        try:
            check_new_passphrase(first)
        except PassphraseUnfit as error:
            say(str(error))
            continue
        if clean(_ask("The same again: ")) == first:
            return first
        say("the two are not the same")


def ask(hint: str) -> tuple[str, ...]:
    """Ask for a passphrase and return the candidates for opening."""
    _demand_terminal(hint)
    return candidates(_ask("Password: "))


def _demand_terminal(hint: str) -> None:
    # Not /dev/tty: a script that was started from a terminal must fail, not wait.
    if not sys.stdin.isatty():
        raise usage(hint)


def _ask(prompt: str) -> str:
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise usage("no password was given") from None


def _given(path: Path | None, descriptor: int | None) -> bytes | None:
    if path is not None and descriptor is not None:
        raise usage("--password-file and --password-fd exclude each other")
    if path is not None:
        return _read(path, called(path))
    if descriptor is not None:
        return _read(descriptor, f"file descriptor {descriptor}")
    return None


def _read(source: Path | int, name: str) -> bytes:
    try:
        with reading(source) if isinstance(source, Path) else _opened(source) as file:
            return file.read(MAX_READ + 1)
    except OSError as error:
        raise of_reading(error, name) from error


def _opened(descriptor: int) -> BinaryIO:
    if descriptor > MAX_DESCRIPTOR:  # `open` would raise OverflowError
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    return open(descriptor, "rb", closefd=False)


def _unfit(detail: str) -> Failure:
    return Failure("validation-failed", "The password is not acceptable", detail)
