"""Untrusted zips: declared sizes are not trusted, and a bad zip only causes a refusal."""

import io
import struct
import tracemalloc
import zipfile
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backplane.errors import ApplicationError, FileTooLarge, Refused, ValidationFailed
from backplane.services.batches.unpacking import MAX_ITEMS, Archive

PICTURE = bytes(range(256)) * 8


def pack(*entries, **options):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", **{"compression": zipfile.ZIP_DEFLATED} | options) as file:
        for name, data in entries:
            file.writestr(name, data)
    return packed.getvalue()


def patched(data, field, value, *, entry=0):
    """Change a field of the directory's entry: its name, its offset and how it is written."""
    offset, kind = {"flags": (8, "<H"), "method": (10, "<H"), "packed": (20, "<I"), "size": (24, "<I")}[field]
    at = -1
    for _ in range(entry + 1):
        at = data.index(b"PK\x01\x02", at + 1)
    changed = bytearray(data)
    struct.pack_into(kind, changed, at + offset, value)
    return bytes(changed)


def only(data):
    archive = Archive(data)
    (entry,) = archive.entries
    return archive, entry


def refusal(data):
    archive, entry = only(data)
    with pytest.raises(Refused) as refused:
        archive.read(entry)
    return refused.value.code


class TestRead:
    @pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
    def test_gives_every_file_as_it_was_packed(self, compression):
        archive = Archive(pack(("a/one.png", PICTURE), ("two.png", b""), compression=compression))
        assert [(entry.filename, archive.read(entry)) for entry in archive.entries] == [
            ("a/one.png", PICTURE),
            ("two.png", b""),
        ]

    def test_accepts_streamed_zip_and_zip64(self):
        packed = io.BytesIO()
        packed.seekable = lambda: False
        with zipfile.ZipFile(packed, "w") as file, file.open("one.png", "w", force_zip64=True) as entry:
            entry.write(PICTURE)
        archive, entry = only(packed.getvalue())
        assert archive.read(entry) == PICTURE

    def test_two_of_one_name_are_two(self):
        with pytest.warns(UserWarning, match="Duplicate name"):
            data = pack(("a.png", b"one"), ("a.png", b"two"))
        archive = Archive(data)
        assert [archive.read(entry) for entry in archive.entries] == [b"one", b"two"]

    @pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\a.png", "a\nb.png", "x" * 1000])
    def test_a_name_is_data(self, name):
        archive, entry = only(pack((name, PICTURE)))
        assert archive.read(entry) == PICTURE


class TestRefused:
    def test_an_encrypted_file(self):
        assert refusal(patched(pack(("a.png", PICTURE)), "flags", 1)) == "unsupported-format"

    @pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_another_compression(self, compression):
        assert refusal(pack(("a.png", PICTURE), compression=compression)) == "unsupported-format"

    def test_an_unknown_compression(self):
        assert refusal(patched(pack(("a.png", PICTURE)), "method", 99)) == "unsupported-format"

    def test_oversized_file_is_not_unpacked(self):
        data = pack(("a.png", bytes(50_000_001)))
        tracemalloc.start()
        assert refusal(data) == "file-too-large"
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        tracemalloc.stop()

    def test_one_that_declares_more_than_it_can_hold(self):
        assert refusal(patched(pack(("a.png", PICTURE)), "size", 40_000_000)) == "image-corrupt"

    def test_one_that_declares_more_than_it_holds(self):
        assert refusal(patched(pack(("a.png", PICTURE)), "size", len(PICTURE) + 1)) == "image-corrupt"

    def test_bomb_is_read_up_to_declared_size(self):
        data = patched(pack(("a.png", bytes(40_000_000))), "size", 1000)
        tracemalloc.start()
        assert refusal(data) == "image-corrupt"
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
        tracemalloc.stop()

    def test_a_checksum_that_is_wrong(self):
        data = bytearray(pack(("a.png", PICTURE), compression=zipfile.ZIP_STORED))
        data[data.index(PICTURE)] ^= 1
        assert refusal(bytes(data)) == "image-corrupt"

    def test_a_damaged_file_costs_no_other(self):
        data = bytearray(pack(("a.png", PICTURE), ("b.png", PICTURE), compression=zipfile.ZIP_STORED))
        data[data.index(PICTURE)] ^= 1
        archive = Archive(bytes(data))
        with pytest.raises(Refused):
            archive.read(archive.entries[0])
        assert archive.read(archive.entries[1]) == PICTURE


def renamed(data, *names, flags=None):
    """Give the entries other names, in the directory and before the files."""
    parts, sizes = [], []
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        entries = file.infolist()
    for mark, size in ((b"PK\x03\x04", 30), (b"PK\x01\x02", 46)):
        begins = len(b"".join(parts))
        for number, name in enumerate(names):
            info, at = entries[number], -1
            for _ in range(number + 1):
                at = data.index(mark, at + 1)
            head = bytearray(data[at : at + size])
            place = 26 if size == 30 else 28
            struct.pack_into("<H", head, place, len(name))
            struct.pack_into("<H", head, place + 2, 0)
            if flags is not None:
                struct.pack_into("<H", head, 6 if size == 30 else 8, flags)
            if size == 30:
                sizes.append(len(b"".join(parts)))
                start = info.header_offset + 30 + len(info.orig_filename.encode())
                parts.append(bytes(head) + name + data[start : start + info.compress_size])
            else:
                struct.pack_into("<I", head, 42, sizes[number])
                parts.append(bytes(head) + name)
    length = len(b"".join(parts)) - begins
    return b"".join(parts) + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, len(names), len(names), length, begins, 0)


ODD = [b"", b"\0", b"\0a.png", b"a\0.png", b"\0" * 65535, b"a.png\0.exe"]


class TestNames:
    @pytest.mark.parametrize("name", ODD, ids=lambda name: repr(name[:8]))
    def test_nameless_entry_costs_no_other(self, name):
        archive = Archive(
            renamed(pack(("one", PICTURE), ("two", PICTURE), ("three", PICTURE)), b"a.png", name, b"b.png")
        )
        first, odd, last = archive.entries
        assert [archive.read(first), archive.read(last)] == [PICTURE, PICTURE]
        with pytest.raises(Refused):
            archive.read(odd)

    @pytest.mark.parametrize("name", [b"\xff\xfe.png", b"\xed\xa0\x80.png", b"\xc3", b"a" * 65535, b"\xe4.png"])
    def test_name_in_any_encoding_is_data(self, name):
        archive, entry = only(renamed(pack(("one", PICTURE)), name))
        assert archive.read(entry) == PICTURE

    @pytest.mark.parametrize("name", [b"\xff\xfe.png", b"\xed\xa0\x80.png", b"\xc3"])
    def test_false_mark_of_utf_8_costs_no_other(self, name):
        archive = Archive(renamed(pack(("one", PICTURE), ("two", PICTURE)), name, b"b.png", flags=0x800))
        with pytest.raises(Refused):
            archive.read(archive.entries[0])
        assert archive.read(archive.entries[1]) == PICTURE

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.tuples(st.binary(max_size=40), st.sampled_from([0, 0x800])), min_size=1, max_size=5))
    def test_no_name_costs_an_entry_beside_it(self, names):
        sound = [f"{number}.png".encode() for number in range(len(names))]
        packed = pack(*[(name.decode(), PICTURE) for name in sound], ("sound.png", PICTURE))
        archive = Archive(renamed(packed, *[name for name, _ in names], b"sound.png", flags=names[0][1]))
        assert archive.read(archive.entries[-1]) == PICTURE
        for entry in archive.entries[:-1]:
            with suppress(Refused):
                assert archive.read(entry) == PICTURE


class TestUnfit:
    @pytest.mark.parametrize("data", [b"", b"PK\x05\x06", b"PK\x03\x04" + bytes(100), bytes(100_000)])
    def test_what_is_no_zip(self, data):
        with pytest.raises(ValidationFailed):
            Archive(data)

    def test_too_many_files(self):
        Archive(pack(*[(f"{n}.png", b"") for n in range(MAX_ITEMS)]))
        with pytest.raises(ValidationFailed):
            Archive(pack(*[(f"{n}.png", b"") for n in range(MAX_ITEMS + 1)]))

    def test_overlapping_files_count_in_full(self):
        data = pack(*[(f"{n}.png", PICTURE) for n in range(MAX_ITEMS)])
        for entry in range(MAX_ITEMS):
            data = patched(data, "size", 50_000_000, entry=entry)
        with pytest.raises(FileTooLarge):
            Archive(data)

    def test_directory_of_million_entries_is_refused(self):
        one = pack(("a", b""))
        directory = one[one.index(b"PK\x01\x02") : one.index(b"PK\x05\x06")]
        head = one[: one.index(b"PK\x01\x02")]
        number = 1_000_000
        end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, len(directory) * number, len(head), 0)
        data = head + directory * number + end
        tracemalloc.start()
        with pytest.raises(ValidationFailed):
            Archive(data)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
        tracemalloc.stop()


class TestProperties:
    @settings(max_examples=300, deadline=None)
    @given(st.data())
    def test_damaged_zip_gives_files_or_refusal(self, data):
        good = pack(("one.png", PICTURE), ("a/b/two.jpg", PICTURE[:100]), ("c/", b""))
        changed = bytearray(good)
        for _ in range(data.draw(st.integers(1, 6))):
            changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
        cut = data.draw(st.integers(0, len(changed)))
        for attempt in (bytes(changed), bytes(changed[:cut]), bytes(changed[cut:])):
            try:
                archive = Archive(attempt)
            except ApplicationError:
                continue
            assert len(archive.entries) <= MAX_ITEMS
            for entry in archive.entries:
                try:
                    assert len(archive.read(entry)) == entry.file_size
                except ApplicationError:
                    continue

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=400))
    def test_anything_else_is_a_refusal(self, data):
        with pytest.raises(ApplicationError):
            Archive(data)
