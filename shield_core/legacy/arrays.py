"""Reads arrays out of a `.npz`: a zip of `.npy` files. What is not asked for by name and size is never unpacked.

`numpy.load` would allocate what a header declares and, asked to, run what a pickle says. Here a header is a line of one
form, and its array has to be of a kind, and as large, as the caller expects, before a byte of it is unpacked.
"""

import math
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import KeyFileInvalid

MAX_MEMBERS: Final = 64
MAX_DIRECTORY: Final = 16_384
"""Bytes of the zip's directory: each entry becomes an object of half a kilobyte before anybody can look at it."""

MAX_HEADER: Final = 4096
_END_SIZE: Final = 22
_LOCATOR_SIZE: Final = 20
_COUNT: Final = slice(10, 12)
_DIRECTORY_SIZE: Final = slice(12, 16)
_COMMENT: Final = slice(20, 22)
_KINDS: Final = {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "S": "bytes", "U": "text"}
"""By NumPy's letter; never `O`, which is a pickle."""

_HEADER: Final = re.compile(
    rb"\{'descr': '(?P<descr>[<>|=][%s]\d{1,5})', 'fortran_order': False, 'shape': \((?P<shape>[\d, ]{0,40})\), \} *\n"
    % "".join(_KINDS).encode(),
)
_UNREADABLE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What zipfile, zlib and NumPy's names of types fail with on hostile bytes: a fuzzer met most of them."""


class Archive:
    """A `.npz` whose members can be asked for.

    Args:
        file: The whole file, seekable.

    Raises:
        KeyFileInvalid: no zip as NumPy writes it, too many members, or two of one name.
    """

    def __init__(self, file: BinaryIO) -> None:
        _check_end(file)
        try:
            self._zip = zipfile.ZipFile(file)
        except _UNREADABLE as error:
            raise KeyFileInvalid("The key file is no .npz") from error
        self._members: Mapping[str, zipfile.ZipInfo] = {info.filename: info for info in self._zip.infolist()}
        if len(self._members) != len(self._zip.infolist()):
            raise KeyFileInvalid("An array of the key file is there twice")

    def __contains__(self, name: str) -> bool:
        return f"{name}.npy" in self._members

    def read(self, name: str, *, kinds: str, at_most: int, item: int = 8) -> NDArray[Any]:
        """Unpack one array.

        Args:
            name: Without `.npy`.
            kinds: NumPy's letters of what it may be made of: `b`, `i`, `u`, `S` and `U`.
            at_most: How many elements it may have.
            item: How many bytes an element may have.

        Returns:
            The array, in its shape; read-only. Text has no code points that Unicode does not have.

        Raises:
            KeyFileInvalid: it is missing, larger, of another kind (a pickle above all), cut off or damaged.
        """
        info = self._members.get(f"{name}.npy")
        if info is None:
            raise KeyFileInvalid(f"The key file has no {name}")
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED} or info.flag_bits & 1:
            raise KeyFileInvalid(f"{name} is packed in a way that NumPy does not pack")
        try:
            with self._zip.open(info) as member:
                shape, dtype = _read_header(member, name)
                _check_header(shape, dtype, name, kinds=kinds, at_most=at_most, item=item)
                return _read_elements(member, name, shape, dtype)
        except _UNREADABLE as error:
            raise KeyFileInvalid(f"{name} is damaged") from error


def _check_end(file: BinaryIO) -> None:
    """Look at the zip's last record before zipfile reads the directory that it points at, whatever its size."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _END_SIZE - _LOCATOR_SIZE))
    tail = file.read(_END_SIZE + _LOCATOR_SIZE)
    end = tail[-_END_SIZE:]
    if len(end) < _END_SIZE or not end.startswith(b"PK\x05\x06") or end[_COMMENT] != b"\0\0":
        raise KeyFileInvalid("The key file is no .npz")
    if tail.startswith(b"PK\x06\x07") or int.from_bytes(end[_COUNT], "little") > MAX_MEMBERS:
        raise KeyFileInvalid("The key file has more arrays than a key has")
    if int.from_bytes(end[_DIRECTORY_SIZE], "little") > MAX_DIRECTORY:
        raise KeyFileInvalid("The key file has a directory that is too large")


def _read_header(member: Any, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    magic = member.read(8)
    if magic[:6] != b"\x93NUMPY" or magic[6:8] not in {b"\x01\x00", b"\x02\x00", b"\x03\x00"}:
        raise KeyFileInvalid(f"{name} is no array")
    size = int.from_bytes(member.read(2 if magic[6] == 1 else 4), "little")
    match = _HEADER.fullmatch(member.read(min(size, MAX_HEADER + 1)))
    if match is None:
        raise KeyFileInvalid(f"{name} is an array of objects, or of a kind that no key has")
    shape = tuple(int(part) for part in match["shape"].replace(b" ", b"").split(b",") if part)
    return shape, np.dtype(match["descr"].decode("ascii"))


def _check_header(
    shape: tuple[int, ...], dtype: np.dtype[Any], name: str, *, kinds: str, at_most: int, item: int
) -> None:
    if dtype.kind not in kinds:
        expected = " or ".join(dict.fromkeys(_KINDS[kind] for kind in kinds))
        raise KeyFileInvalid(f"{name} is not made of {expected}")
    if math.prod(shape) > at_most or dtype.itemsize > item:
        raise KeyFileInvalid(f"{name} is larger than the picture's can be")


def _read_elements(member: Any, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> NDArray[Any]:
    size = math.prod(shape) * dtype.itemsize
    data = member.read(size + 1)
    if len(data) != size:
        raise KeyFileInvalid(f"{name} is not as long as it says")
    # NumPy makes a `str` of whatever it finds, and Python answers with SystemError.
    if dtype.kind == "U" and np.frombuffer(data, f"{dtype.str[0]}u4").max(initial=0) > sys.maxunicode:
        raise KeyFileInvalid(f"{name} is no text")
    return np.frombuffer(data, dtype).reshape(shape)
