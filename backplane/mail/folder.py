"""Delivery to a directory: a file for each mail, for installations without a mail server."""

import asyncio
import os
from pathlib import Path

from backplane.mail.messages import Letter, compose
from backplane.mail.outcomes import Outcome


class MailFolder:
    """Writes each mail as `TIME-ID.eml`. A repeated delivery replaces the file of the first."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def deliver(self, letter: Letter) -> Outcome:
        try:
            await asyncio.to_thread(self._write, letter)
        except OSError:
            return Outcome("folder")
        return Outcome("sent")

    def _write(self, letter: Letter) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{letter.written_at:%Y%m%dT%H%M%SZ}-{letter.id.hex}.eml"
        draft = self._directory / f".{name}"
        # Links in it log in or set a password: nobody else may read it, whatever the umask.
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o600)
            file.write(bytes(compose(letter)))
            file.flush()
            os.fsync(descriptor)
        draft.rename(self._directory / name)
