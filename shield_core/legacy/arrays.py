"""A safe reader of arrays in a `.npz`, a zip of `.npy` files. It unpacks only arrays requested by name and size.

`numpy.load` would allocate the memory that a header declares and, if allowed, execute a pickle. This reader accepts one
form of header, and an array must have the kind and size that the caller expects before a byte of it is unpacked.
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
"""Bytes of the zip's directory: zipfile makes an object of half a kilobyte of each entry before any check can run."""

MAX_HEADER: Final = 4096
_END_SIZE: Final = 22
_LOCATOR_SIZE: Final = 20
_COUNT: Final = slice(10, 12)
_DIRECTORY_SIZE: Final = slice(12, 16)
_COMMENT: Final = slice(20, 22)
_KINDS: Final = {"b": "booleans", "i": "whole numbers", "u": "whole numbers", "S": "bytes", "U": "text"}
"""The kinds by NumPy's letter; never `O`, which is a pickle."""

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
"""The exceptions of zipfile, zlib and NumPy's type names on hostile bytes; a fuzzer found most of them."""


class Archive:
    """A `.npz` file with named members.

    Args:
        file: The whole file, seekable.

    Raises:
        KeyFileInvalid: not a zip as NumPy writes it, too many members, or two with the same name.
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
            kinds: NumPy's letters of the accepted types: `b`, `i`, `u`, `S` and `U`.
            at_most: The greatest number of elements.
            item: The greatest number of bytes of an element.

        Returns:
            The array, in its shape; read-only. Text has only code points of Unicode.

        Raises:
            KeyFileInvalid: it is missing, too large, of another kind (for example a pickle), truncated or damaged.
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
    """Check the zip's last record first: zipfile reads the directory that it points at without a limit of size."""
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
    # NumPy makes a `str` of any value, and Python then raises SystemError.
    if dtype.kind == "U" and np.frombuffer(data, f"{dtype.str[0]}u4").max(initial=0) > sys.maxunicode:
        raise KeyFileInvalid(f"{name} is no text")
    return np.frombuffer(data, dtype).reshape(shape)
