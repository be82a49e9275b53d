"""Fuzzing of all readers of untrusted input: the targets, with their seeds and dictionaries.

`python -m tests.fuzz` runs them for as long as wanted; test_fuzz.py runs them briefly.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

from shield_core.encrypted import png
from shield_core.keys import canonical
from shield_core.keys.recipients import SecretKey
from tests.core import fuzz_doors as doors
from tests.core import fuzz_readers as readers
from tests.core.audit.making import Export
from tests.core.fuzz_readers import ADA, INFO, LEGACY, LEGACY_IMAGE, MAKINGS, MAXIMUM, MULTISTAGE, NPY
from tests.core.legacy import predecessor
from tests.support import other_pictures, pictures
from tests.vectors import reading
from tests.vectors.purities import joined


@dataclass(frozen=True)
class Target:
    """`run` returns whether the input was accepted; it accepts some or all `seeds`; `words` are inserted whole."""

    name: str
    run: Callable[[bytes], bool]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


def _sound(folder):
    """Return the vectors that decrypt successfully."""
    return tuple(v.body for v in reading.every() if v.path.parent.name == folder and v.expect == "success")


def _by_windows(data):
    return b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")


def _compact(data):
    return b"".join(data.split())


IMAGES, KEY_FILES, SAVED_AGAIN = _sound("images"), _sound("key_files"), _sound("detached")
HEADERS = tuple(bytes(png.find(image)[:-32]) for image in IMAGES)
ABOUT = tuple(canonical.dumps(making.about) for making in MAKINGS)
LEGACY_KEYS = tuple(predecessor.encrypt(LEGACY, version)[1].getvalue() for version in (1, 2))
TEXTS = (ADA.text.encode(), ADA.public.text.encode())
PUBLIC = (ADA.public.data, SecretKey(bytes(32)).public.data)
RECTANGLE = b'[{"x": 0, "y": 0, "width": 1, "height": 1}]'

AUDIT_EXPORTS = tuple(b"".join(Export.honest(rows, (rows,)).lines()) for rows in (1, 4))

NUMBERS = tuple(
    value.to_bytes(size, "big")
    for size in (1, 2, 4, 8)
    for value in (0, 1, 127, 255, 2 ** (8 * size) - 1, 2 ** (8 * size - 1))
)
JSON = (
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"{}", b"[]", b"null", b"true"),
    *(b"1e9", b"-0", b"0.5", b"9007199254740993", b"\\u0000", b"\\ud800", b"\xff"),
    *(b'"type": "recipient"', b'"type": "passphrase"', b'"m_kib": 4194304', b'"iterations": 1000000000'),
    *(b'"as":"TIFF"', b'"as":"BMP"', b'"chunks":[]', b'"tags":[]', b'"rebuild":null'),
)
SPELLINGS = (b"\xef\xbb\xbf", b"\r\n", b"\r", b"\t", b"    ", b"\\u0031", b"\xff\xfe", b"\\ufeff")
RESPELLED = tuple(change(data) for data in KEY_FILES[:6] for change in (_by_windows, _compact))
CHUNKS = (b"IHDR", b"qsIS", b"IDAT", b"IEND", b"tEXt", b"\x78\x01\x01", *NUMBERS)
MARKS = (b"imageshield-secret-1:", b"imageshield-public-1:", b"=", b"\n", b"_", b"-", b"\xc3\xa9")
ZIP = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", *NUMBERS)
NAMES = tuple(
    name.encode("utf-16-le", "surrogatepass")
    for name in (". .bash_login", "Ärztebrief 2024.png", "CON .tar.gz", "-\u00a0.\u0301x.JPG", "x" * 300 + ".png")
)
NAME_PARTS = tuple(
    part.encode("utf-16-le", "surrogatepass")
    for part in (
        *(
            ".",
            "-",
            " ",
            "/",
            "\\",
            ":",
            "\u00a0",
            "\u0301",
            "\u200d",
            "\u202e",
            "\ufe0f",
            "\u3164",
            "\ud800",
            "\ue000",
        ),
        *(
            "\U000e0041",
            "\uffff",
            "NUL",
            "COM¹",
            "CONIN$",
            ".png",
            ".sh",
            "\u1161",
            "\u11a8",
            "\u212b",
            "家",
            "é" * 130,
        ),
    )
)
ARRAY = (
    *(f"'{kind}'".encode() for kind in ("<i8", "|O", ">u2", "|u1", "|b1", "<U1", "<U3", ">U1", "|S0", "|S1", "|S4096")),
    *(b"(30,)", b"(0,)", b"(1, 1)", b"()", b"(999999999999,)", b"True"),
    *(b"\0\0\x11\0", b"\0\x11\0\0", b"\0\xd8\0\0"),
    *NUMBERS,
)

PICTURES = (
    *(data for data, *_ in other_pictures.OTHERS.values()),
    *(pictures.encode(pictures.make(9, 7), kind) for kind in ("PNG", "JPEG", "BMP", "TIFF", "WEBP")),
)
PICTURE_WORDS = (
    b"ftyp",
    b"meta",
    b"iprp",
    b"ipco",
    b"ispe",
    b"moov",
    b"jxlc",
    b"jxlp",
    b"mif1",
    b"heic",
    b"crx ",
    b"CR",
)

TARGETS = (
    Target("header", readers.read_header, HEADERS, NUMBERS),
    Target("png", readers.read_png, IMAGES, CHUNKS),
    Target("png with checksums", readers.read_png_with_checksums, IMAGES, CHUNKS),
    Target("saved again", readers.read_saved_again, SAVED_AGAIN, (b"PLTE", b"tRNS", *CHUNKS)),
    Target("audit export", readers.verify_audit_export, AUDIT_EXPORTS, JSON),
    Target("key file", readers.read_key_file, KEY_FILES, JSON),
    Target("respelled key files", readers.read_respelled, KEY_FILES + RESPELLED, JSON + SPELLINGS),
    Target("key file values", readers.read_key_file_values, KEY_FILES, JSON),
    Target("texts of recipients", readers.read_texts, TEXTS, MARKS),
    Target("public keys", readers.read_public_key, PUBLIC, NUMBERS),
    Target("sealed keys", readers.open_sealed, (ADA.public.seal(bytes(32), info=INFO),), NUMBERS),
    Target("material", readers.read_material, (MULTISTAGE.sealed(), MAXIMUM.sealed()), (b"QSMT", *NUMBERS)),
    Target("lanes", readers.read_lanes, (MULTISTAGE.secret, MAXIMUM.secret, joined([])), NUMBERS),
    Target("metadata", readers.read_metadata, ABOUT, JSON),
    Target("names", readers.read_name, NAMES, NAME_PARTS),
    Target("pictures", readers.read_picture, PICTURES, (*PICTURE_WORDS, *NUMBERS)),
    Target("regions", readers.read_regions, (RECTANGLE,), JSON),
    Target("legacy key files", readers.read_npz, LEGACY_KEYS, ZIP),
    Target("legacy arrays", readers.read_npy, tuple(NPY.values()), ARRAY),
    Target("legacy pictures", readers.read_legacy_picture, (LEGACY_IMAGE, pictures.as_bmp(LEGACY)), NUMBERS),
    Target("documents", doors.read_document, (doors.DOCUMENT,), JSON),
    Target("forms", doors.read_form, (doors.FORM,), (b"&", b"=", b"%", b"%00", b"+", b"%ff", b"grant_type", b"\xff")),
    Target("heads", doors.read_head, (doors.HEAD,), (b"\n", b"Host: ", b":", b"/", b"http://", b"HTTP/", b"[", b"\0")),
    Target("archives", doors.read_zip, (doors.make_zip(),), (b"\0", b"\0\x08", *ZIP)),
)


def mutate(target, rng):
    """Return an input: a seed with one to eight changes."""
    data = bytearray(rng.choice(target.seeds))
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        _change(data, target, rng)
    return bytes(data)


def _change(data, target, rng):
    at = rng.randrange(len(data) + 1)
    size = rng.choice((1, 1, 1, 2, 4, 16, rng.randrange(len(data) + 1)))
    kind = rng.randrange(7)
    if kind == 0 and data:
        data[at % len(data)] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[at : at + size] = rng.randbytes(min(size, 64))
    elif kind == 2:
        del data[at : at + size]
    elif kind == 3:
        data[at:at] = data[at : at + size]
    elif kind == 4 and target.words:
        word = rng.choice(target.words)
        data[at : at + rng.choice((0, len(word)))] = word
    elif kind == 5:
        other = rng.choice(target.seeds)
        there = rng.randrange(len(other) + 1)
        data[at : at + size] = other[there : there + size]
    else:
        data[at : at + size] = bytes([rng.randrange(256)]) * min(size, 64)


def generator(seed):
    return random.Random(seed)
