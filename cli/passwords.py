"""Where a passphrase comes from: a file, a file descriptor or a person. Never the command line: all can list it."""

import getpass
import sys
from pathlib import Path
from typing import Final

from cli.failures import Failure, of_reading, usage
from cli.inputs import called, reading
from cli.reporting import say
from shield_core.keys.passphrase import PassphraseUnfit, check_new_passphrase

MAX_READ: Final = 8192
"""Bytes read from a file or descriptor: more than any passphrase, and an end for /dev/zero."""


def given(path: Path | None, descriptor: int | None) -> str | None:
    """Read the passphrase that the command line points at, without its final LF or CRLF."""
    if path is not None and descriptor is not None:
        raise usage("--password-file and --password-fd exclude each other")
    if path is not None:
        return _decode(_read(path, called(path)))
    if descriptor is not None:
        return _decode(_read(descriptor, f"file descriptor {descriptor}"))
    return None


def check_new(passphrase: str) -> str:
    try:
        check_new_passphrase(passphrase)
    except PassphraseUnfit as error:
        raise Failure("validation-failed", "The password does not do", str(error)) from error
    return passphrase


def ask_new(hint: str) -> str:
    """Ask a person twice, until the two are the same and long enough."""
    _demand_terminal(hint)
    while True:
        first = _ask("Password: ")
        try:
            check_new_passphrase(first)
        except PassphraseUnfit as error:
            say(str(error))
            continue
        if _ask("The same again: ") == first:
            return first
        say("the two are not the same")


def ask(hint: str) -> str:
    _demand_terminal(hint)
    return _ask("Password: ")


def _demand_terminal(hint: str) -> None:
    # Not /dev/tty: a script with a terminal somewhere above it must fail, not wait.
    if not sys.stdin.isatty():
        raise usage(hint)


def _ask(prompt: str) -> str:
    try:
        return getpass.getpass(prompt)
    except EOFError:
        raise usage("no password was given") from None


def _read(source: Path | int, name: str) -> bytes:
    try:
        with reading(source) if isinstance(source, Path) else open(source, "rb", closefd=False) as file:
            data = file.read(MAX_READ + 1)
    except OSError as error:
        raise of_reading(error, name) from error
    if len(data) > MAX_READ:
        raise Failure("validation-failed", "The password does not do", "A passphrase has at most 1024 bytes")
    return data


def _decode(data: bytes) -> str:
    line = data.removesuffix(b"\n").removesuffix(b"\r") if data.endswith(b"\n") else data
    try:
        return line.decode()
    except UnicodeDecodeError:
        # Not chained: that error carries the password.
        raise Failure("validation-failed", "The password does not do", "A passphrase is UTF-8") from None
