"""Safe reading of untrusted zip archives: in memory, one picture at a time, and without trust in declared sizes.

The limits: a directory of at most a mebibyte, a hundred files, 500,000,000 bytes by their declared sizes, and for each
file never a byte more than it declares. So no compression ratio is needed: a white page compresses a thousandfold.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

from backplane.errors import FileTooLarge as ArchiveTooLarge
from backplane.errors import ValidationFailed, from_core
from shield_core.errors import FileTooLarge, ImageCorrupt, ShieldError, UnsupportedFormat
from shield_core.image.limits import MAX_BYTES

MAX_ITEMS = 100
MAX_ARCHIVE_BYTES = 200_000_000
"""The whole archive is held in memory, because its directory is at its end; beside it one picture, which is sealed."""

MAX_UNPACKED_BYTES = 500_000_000
MAX_READ = 1 << 20
"""The directory is read in one call: at 46 bytes per entry this is 22,000 entries, and 10 MB as Python objects."""

PIECE = 64 * 1024
MAX_EXPANSION = 1032
"""The maximum of deflate: two bits for 258 bytes. An entry that declares more is false."""

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
ENCRYPTED, UTF_8 = 0x1, 0x800
ENTRY, ENTRY_SIZE = b"PK\x01\x02", 46
SKIPPED_FOLDERS = ("__MACOSX",)
SKIPPED_NAMES = (".DS_Store", "Thumbs.db", "desktop.ini")
"""Files that file managers add to an archive."""

MALFORMED = (
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""The errors of `zipfile` for bytes that are no zip, or an unsupported one."""


class Archive:
    """The files of a zip, in its order."""

    def __init__(self, data: bytes) -> None:
        """Read the directory.

        Raises:
            ValidationFailed: it is no zip, or a damaged one, or has no file or too many.
            FileTooLarge: its files together exceed the limit.
        """
        try:
            source = _Source(data)
            self._zip = zipfile.ZipFile(source)
            source.directory_is_read = True
        except MALFORMED as error:
            raise ValidationFailed("archive: not a zip file, or a damaged one") from error
        self.entries: Sequence[zipfile.ZipInfo] = [info for info in self._zip.infolist() if not _is_skipped(info)]
        if not self.entries:
            raise ValidationFailed("archive: there is no file in it")
        if len(self.entries) > MAX_ITEMS:
            raise ValidationFailed(f"archive: more than {MAX_ITEMS} files in it")
        if sum(info.file_size for info in self.entries) > MAX_UNPACKED_BYTES:
            raise ArchiveTooLarge(f"archive: more than {MAX_UNPACKED_BYTES:,} bytes when it is unpacked")

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """Unpack one file.

        Raises:
            Refused: it is too large, damaged, encrypted, or compressed by an unsupported method.
        """
        try:
            _check(info)
            return self._unpack(info)
        except ShieldError as error:
            raise from_core(error) from None
        except MALFORMED:
            raise from_core(ImageCorrupt("the entry of the archive is damaged")) from None

    def _unpack(self, info: zipfile.ZipInfo) -> bytes:
        unpacked = io.BytesIO()
        with self._zip.open(info) as file:
            # The reader stops at the declared size, and then checks the checksum.
            while piece := file.read(PIECE):
                unpacked.write(piece)
        if unpacked.tell() != info.file_size:
            raise ImageCorrupt("the entry of the archive is shorter than it says")
        return unpacked.getvalue()


class _Source(io.BytesIO):
    """The archive's bytes, with a limit for each read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._size = len(data)
        self.directory_is_read = False

    def read(self, size: int | None = -1, /) -> bytes:
        left = self._size - self.tell()
        wanted = left if size is None or size < 0 else size
        if wanted > MAX_READ:
            raise zipfile.BadZipFile("a directory of that size has no place here")
        piece = super().read(wanted)
        return piece if self.directory_is_read else _with_readable_names(piece)


def _with_readable_names(directory: bytes) -> bytes:
    """Clear the UTF-8 flag of names that are not valid UTF-8: one such name would make the whole archive unreadable."""
    patched, at = bytearray(directory), 0
    while directory[at : at + 4] == ENTRY and at + ENTRY_SIZE <= len(directory):
        flags, *lengths = struct.unpack_from("<8xH18x3H", directory, at)
        name = directory[at + ENTRY_SIZE :][: lengths[0]]
        if flags & UTF_8 and not _is_utf_8(name):
            struct.pack_into("<H", patched, at + 8, flags & ~UTF_8)
        at += ENTRY_SIZE + sum(lengths)
    return bytes(patched)


def _is_utf_8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check(info: zipfile.ZipInfo) -> None:
    if not info.filename or "\0" in info.orig_filename:
        raise ImageCorrupt("the entry of the archive has no name, or one with U+0000 in it")
    if info.file_size > MAX_BYTES:
        raise FileTooLarge(f"the file has {info.file_size:,} bytes; the limit is {MAX_BYTES:,}")
    if info.flag_bits & ENCRYPTED:
        raise UnsupportedFormat("the entry of the archive is encrypted: make the archive without a password")
    if info.compress_type not in METHODS:
        raise UnsupportedFormat("the entry of the archive is compressed in another way than by deflate")
    if info.file_size > info.compress_size * MAX_EXPANSION:
        raise ImageCorrupt("the entry of the archive declares more bytes than it can hold")


def _is_skipped(info: zipfile.ZipInfo) -> bool:
    *folders, name = info.filename.split("/")
    return (bool(folders) and not name) or any(folder in SKIPPED_FOLDERS for folder in folders) or name in SKIPPED_NAMES
