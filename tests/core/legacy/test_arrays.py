import io
import os
import pickle
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest

from shield_core.errors import KeyFileInvalid
from shield_core.legacy.arrays import Archive
from tests.core.legacy.predecessor import save


class Trap:
    """Unpickling it makes a directory."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def zipped(members, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return file


def npy(descr="|u1", shape="(3,)", data=b"abc", order="False", version=b"\1\0"):
    header = f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n".encode()
    size = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    return b"\x93NUMPY" + version + size + header + data


def read(file, *, kinds="biuSU", at_most=100, item=4096):
    return Archive(file).read("a", kinds=kinds, at_most=at_most, item=item)


def refused(file, match, **bounds):
    with pytest.raises(KeyFileInvalid, match=match):
        read(file, **bounds)


class TestRead:
    @pytest.mark.parametrize(
        "value",
        [
            np.arange(5, dtype=np.uint8),
            np.arange(6, dtype=">i8").reshape(2, 3),
            np.array(7),
            np.array(True),
            np.array("RGB"),
            np.array(b"bytes"),
            np.zeros(0, np.int64),
        ],
    )
    def test_gives_what_numpy_saved(self, value):
        for write in (np.savez, np.savez_compressed):
            found = read(save({"a": value}, write))
            assert (found.dtype, found.shape, found.tolist()) == (value.dtype, value.shape, value.tolist())

    @pytest.mark.parametrize("version", [b"\1\0", b"\2\0", b"\3\0"])
    def test_takes_every_version_of_the_header(self, version):
        assert read(zipped([("a.npy", npy(version=version))])).tobytes() == b"abc"

    def test_says_what_is_in_it(self):
        archive = Archive(save({"a": 1}))
        assert "a" in archive
        assert "b" not in archive
        with pytest.raises(KeyFileInvalid, match="has no b"):
            archive.read("b", kinds="u", at_most=1)


class TestHostile:
    def test_a_pickle_is_refused_and_not_run(self, tmp_path):
        made = tmp_path / "made"
        value = np.array([Trap(made)], dtype=object)
        refused(save({"a": value}), "objects")
        refused(zipped([("a.npy", pickle.dumps(Trap(made)))]), "no array")
        assert not made.exists()

    @pytest.mark.slow
    def test_a_bomb_is_refused_in_a_megabyte(self):
        zeros = bytes(20_000_000)
        bombs = {
            "larger": zipped([("a.npy", npy(shape="(20000000,)", data=zeros))]),
            "not as long": zipped([("a.npy", npy(data=zeros))]),
            "no array": zipped([("a.npy", zeros)]),
        }
        tracemalloc.start()
        try:
            for match, bomb in bombs.items():
                assert len(bomb.getvalue()) < 30_000
                refused(bomb, match)
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()

    def test_a_shape_that_is_not_there_allocates_nothing(self):
        tracemalloc.start()
        try:
            refused(zipped([("a.npy", npy(shape="(100000000,)"))]), "not as long", at_most=10**9)
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize(
        ("descr", "bounds", "match"),
        [
            ("|S4096", {"kinds": "u", "item": 1}, "not made of whole numbers"),
            ("<U1024", {"kinds": "iu"}, "not made of whole numbers"),
            ("|u1", {"kinds": "SU"}, "not made of bytes or text"),
            ("<u8", {"kinds": "u", "item": 1}, "larger"),
            ("|S4096", {"kinds": "S", "item": 512}, "larger"),
            ("<U129", {"kinds": "U", "item": 512}, "larger"),
        ],
    )
    def test_wide_elements_are_refused_before_they_are_unpacked(self, descr, bounds, match):
        bomb = zipped([("a.npy", npy(descr, "(5000,)", bytes(5000 * np.dtype(descr).itemsize)))])
        tracemalloc.start()
        try:
            refused(bomb, match, at_most=5000, **bounds)
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()

    @pytest.mark.parametrize("order", "<>")
    @pytest.mark.parametrize("point", [0x11_0000, 0xFFFF_FFFF])
    def test_text_of_no_code_points_is_refused(self, order, point):
        refused(zipped([("a.npy", npy(f"{order}U2", "()", struct.pack(f"{order}II", 65, point)))]), "no text")

    def test_large_directory_is_refused_before_reading(self, monkeypatch):
        many = zipped([(f"{number}.npy", b"") for number in range(1000)])
        long = zipped([("x" * 20_000, b"")])
        monkeypatch.setattr(zipfile, "ZipFile", None)
        refused(many, "more arrays")
        refused(long, "directory")

    def test_a_second_directory_of_zip64_is_refused(self):
        data = save({"a": 1}).getvalue()
        refused(io.BytesIO(data[:-22] + b"PK\x06\x07" + bytes(16) + data[-22:]), "more arrays")

    def test_a_name_that_is_there_twice_is_refused(self):
        with pytest.warns(UserWarning, match="Duplicate"):
            file = zipped([("a.npy", npy()), ("a.npy", npy())])
        refused(file, "twice")

    @pytest.mark.parametrize(
        "data",
        [b"", b"PK", b"PK\x05\x06" + bytes(17), b"PK\x05\x06" + bytes(18) + b"comment", bytes(100), b"\x93NUMPY"],
    )
    def test_what_is_no_zip_is_refused(self, data):
        refused(io.BytesIO(data), r"no \.npz")

    def test_an_empty_zip_has_nothing(self):
        refused(io.BytesIO(b"PK\x05\x06" + bytes(18)), "has no a")

    def test_a_directory_that_lies_is_refused(self):
        data = bytearray(save({"a": 1}).getvalue())
        data[-10:-6] = struct.pack("<I", 1000)
        refused(io.BytesIO(bytes(data)), r"no \.npz")

    @pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_another_compression_is_refused(self, compression):
        refused(zipped([("a.npy", npy())], compression), "packed")

    def test_an_encrypted_member_is_refused(self):
        data = zipped([("a.npy", npy())]).getvalue()
        at = data.index(b"PK\x01\x02")
        refused(io.BytesIO(data[: at + 8] + b"\1" + data[at + 9 :]), "packed")

    def test_a_member_that_was_changed_is_refused(self):
        data = zipped([("a.npy", npy())], zipfile.ZIP_STORED).getvalue()
        refused(io.BytesIO(data.replace(b"abc", b"xyz")), "damaged")

    @pytest.mark.parametrize(
        ("member", "match"),
        [
            (b"", "no array"),
            (b"\x93NUMPY\x04\0", "no array"),
            (npy(version=b"\1\1"), "no array"),
            (npy()[:20], "objects"),
            (npy(data=b"ab"), "not as long"),
            (npy(data=b"abcd"), "not as long"),
            (npy(order="True"), "objects"),
            (npy(descr="|O"), "objects"),
            (npy(descr="<f8"), "objects"),
            (npy(descr="|V3"), "objects"),
            (npy(descr="<M8"), "objects"),
            (npy(descr="<i3"), "damaged"),
            (npy(descr="|S99999"), "larger"),
            (npy(descr="|S0"), "not as long"),
            (npy(descr="|S0", data=b""), "damaged"),
            (npy(shape="(-3,)"), "objects"),
            (npy(shape="(3"), "objects"),
            (npy(shape="((3,),)"), "objects"),
            (npy(shape=f"({'1, ' * 20})"), "objects"),
            (npy(shape="(101,)"), "larger"),
            (npy(shape="(999999999, 999999999, 999999999)"), "larger"),
            (npy(shape="(" * 5000), "objects"),
        ],
    )
    def test_what_numpy_does_not_write_is_refused(self, member, match):
        refused(zipped([("a.npy", member)]), match)
