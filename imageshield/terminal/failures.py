"""How a command of the local door fails: a stable code, one line for a person, an exit code for a program."""

import errno
from typing import Any, Final

from shield_core.errors import DecryptionError, KeyFileInvalid, ReceiptInvalid, ShieldError

OK: Final = 0
ERROR: Final = 1
USAGE: Final = 2
NOT_AUTHENTIC: Final = 3
"""Wrong key or password, or a file that was changed."""

INTERRUPTED: Final = 130
"""Ended by Ctrl-C or a signal: 128 and the number of SIGINT, as shells have it."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Failure(Exception):
    """What ends a command."""

    def __init__(
        self, code: str, title: str, detail: str = "", *, exit_code: int = ERROR, rung: str | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.title = title
        self.detail = detail
        self.exit_code = exit_code
        self.rung = rung

    def line(self) -> str:
        if self.exit_code == USAGE:
            return self.detail
        # All failures of a decryption give one answer on the screen, too; `--json` distinguishes them.
        one_answer = self.title == DecryptionError.title
        return self.title if one_answer or not self.detail else f"{self.title}: {self.detail}"

    def to_json(self) -> dict[str, Any]:
        error = {"code": self.code, "title": self.title, "detail": self.detail}
        return {"error": error | ({"rung": self.rung} if self.rung else {})}


def usage(detail: str) -> Failure:
    return Failure("usage", "The command line is wrong", detail, exit_code=USAGE)


def of_core(error: ShieldError, *, title: str | None = None) -> Failure:
    authentic = not isinstance(error, DecryptionError | KeyFileInvalid | ReceiptInvalid)
    return Failure(
        error.code,
        title or error.title,
        str(error),
        exit_code=ERROR if authentic else NOT_AUTHENTIC,
        rung=getattr(error, "failure", None) if isinstance(error, DecryptionError) else None,
    )


def of_reading(error: OSError, path: object) -> Failure:
    if isinstance(error, FileNotFoundError):
        return Failure("file-not-found", "There is no such file", str(path))
    return Failure("file-unreadable", "The file cannot be read", f"{path}: {error.strerror or error}")


def of_writing(error: OSError, path: object) -> Failure:
    if isinstance(error, FileExistsError):
        return already_there(path)
    if error.errno in _FULL:
        return Failure("storage-full", "There is no room left", str(path))
    return Failure("file-unwritable", "The file cannot be written", f"{path}: {error.strerror or error}")


def of_system(error: OSError) -> Failure:
    """Say what no command expects."""
    place = f"{error.filename}: " if error.filename is not None else ""
    return Failure("system-error", "The system refused", f"{place}{error.strerror or error}")


def of_encoding(error: UnicodeEncodeError) -> Failure:
    """Say what the locale does not allow, and not of which text: that may be a secret."""
    detail = f"the encoding of the locale, {error.encoding}, has no bytes for it"
    return Failure("file-unwritable", "The file cannot be written", detail)


def already_there(path: object, hint: str = "--force replaces it") -> Failure:
    return Failure("file-exists", "The file is there already", f"{path} ({hint})")
