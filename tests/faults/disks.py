"""A file system of 96 MB in memory that can become full; without the right to mount it, a row is SKIPPED."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from imageshield.servers.service import Service
from tests.faults.skips import Skip

SIZE_MEGABYTES = 96
PIECE = b"\0" * 65536


@dataclass(frozen=True)
class SmallDisk:
    path: Path

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no byte free while the block runs."""
        filler = self.path / "filler"
        try:
            with filler.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(PIECE)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
            yield
        finally:
            filler.unlink()


@contextmanager
def small_disk(place: Path) -> Iterator[SmallDisk]:
    place.mkdir()
    if os.geteuid() != 0:
        raise Skip("only root may mount a small disk; the store's own 507 is row store-507")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MEGABYTES}m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        raise Skip("this machine does not allow to mount a small disk; the store's own 507 is row store-507")
    try:
        yield SmallDisk(place)
    finally:
        subprocess.run(["umount", str(place)], check=True)
        place.rmdir()


def moved(service: Service, place: Path) -> Service:
    """Return the object store with its data in another directory."""
    command = [f"-dir={place}" if word.startswith("-dir=") else word for word in service.command]
    return replace(service, command=tuple(command), working_directory=place)
