"""Authentic images with a wrong `source`: both implementations refuse and restore the same images."""

import copy
import dataclasses

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shield_core.errors import ShieldError
from shield_core.image.payload import Layout
from shield_core.keys import canonical
from shield_core.keys.stanzas import PlainOpen
from shield_core.pipeline import decrypt_image
from tests.core.independent.test_cross import FILES, OTHERS
from tests.independent.decrypt import decrypt
from tests.independent.failures import Refused
from tests.independent.stanzas import Secrets
from tests.independent.vector import make_key_file
from tests.vectors.images import STATEMENT, Making

NAMES = [
    "PNG with EXIF",
    "PNG I;16",
    "PNG RGBA",
    "TIFF directories <",
    "TIFF directories >",
    "TIFF with tags",
    "TIFF I;16 <",
    "TIFF LA > packed",
    "BMP gray",
    "BMP bottom-up",
    "BMP top-down",
    "BMP header 108",
    "JPEG",
    "WEBP",
]


class Versioned(Making):
    """An image with the given header version and any source."""

    def __init__(self, name, data, version):
        super().__init__(name, data, Layout.FILE)
        self.version = version

    def header(self):
        return dataclasses.replace(super().header(), version=self.version)


MAKINGS = {name: Making(name, FILES[name]) for name in NAMES}
FILED = [
    Versioned(f"{name} {version}", data, version)
    for name, data in [("JPEG", FILES["JPEG"]), ("TIFF", FILES["TIFF pages"]), *OTHERS.items()]
    for version in (1, 2)
]
NUMBERS = [-1, 0, 1, 2, 8, 13, 16, 19, 64, 65, 255, 256, 270, 34665, 40965, 65535, 65536, 2**32]
FORMATS = ["PNG", "JPEG", "BMP", "TIFF", "WEBP", "OTHER", "GIF"]
MEDIA_TYPES = ["image/gif", "image", "a/b/c", "text/html; charset=utf-8", "x/" + "y" * 125, "x/" + "y" * 126, "x/y\n"]
WORDS = ["L", "LA", "RGB", "I;16", "a mode", "II", "MM", "before", "after", "tEXt", "IDAT", "tRNS"]
BASE64 = ["AA==", "AB==", "AAA=", "AAAAAA=="]
PARTS = [
    {"as": "PNG", "chunks": []},
    {"as": "TIFF", "order": "MM", "packed": True, "tags": []},
    {"tag": 34665, "tags": []},
    {"tag": 270, "tags": []},
]
ODD = [None, True, False, "", [], {}, [{}], *NUMBERS, *MEDIA_TYPES, *FORMATS, *WORDS, *BASE64, *PARTS]


def places(value, path=()):
    """Yield the path of everything in a JSON value except the value itself."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


def changed(data, value):
    """Change one place: replace a value, flip a bit of Base64, or remove, duplicate, move or add an element."""
    path = data.draw(st.sampled_from(list(places(value))), label="place")
    parent = value
    for step in path[:-1]:
        parent = parent[step]
    kind = data.draw(st.sampled_from(["odd", "bit", "away", "more", "swap"]), label="kind")
    odd = copy.deepcopy(data.draw(st.sampled_from(ODD), label="odd"))
    element = parent[path[-1]]
    if kind == "bit" and str(path[-1]).endswith("_b64") and element not in ODD:
        parent[path[-1]] = flipped(data, element)
    elif kind == "away":
        del parent[path[-1]]
    elif kind == "more":
        element.append(odd) if isinstance(element, list) else parent.update(more=odd) if isinstance(
            parent, dict
        ) else None
    elif kind == "swap" and isinstance(element, list):
        element.reverse()
    else:
        parent[path[-1]] = odd


def flipped(data, text):
    raw = bytearray(canonical.b64decode(text))
    for _ in range(data.draw(st.integers(1, 2), label="bytes")):
        at = data.draw(st.integers(0, max(0, min(len(raw), 48) - 1)), label="at")
        if raw:
            raw[at] = data.draw(st.sampled_from([0, 1, 3, 8, 24, 32, 255, raw[at] ^ 1, raw[at] ^ 128]), label="byte")
    return canonical.b64encode(bytes(raw[: len(raw) - data.draw(st.sampled_from([0, 0, 0, 1, 4]), label="cut")]))


def encrypted(making, source):
    making = copy.deepcopy(making)
    making.about["source"] = source
    image = making.image()
    return image, make_key_file(image, making.file_key, STATEMENT)


def by_product(image, key_file):
    try:
        return bytes(decrypt_image(image, key_file, openers=[PlainOpen()]).data)
    except ShieldError as error:
        return getattr(error, "failure", error.code.replace("-", " "))


def by_document(image, key_file):
    try:
        return decrypt(image, key_file, Secrets()).file
    except Refused as refused:
        return refused.failure


def assert_judged_alike(making, source):
    image, key_file = encrypted(making, source)
    mine, other = by_product(image, key_file), by_document(image, key_file)
    if isinstance(mine, str) or isinstance(other, str) or making.content.layout is Layout.FILE:
        assert mine == other
    else:
        assert mine[:4] == other[:4]


class TestSource:
    @pytest.mark.slow
    @settings(max_examples=300, deadline=None)
    @given(st.sampled_from(NAMES), st.data())
    def test_of_pixels_is_judged_alike(self, name, data):
        source = copy.deepcopy(MAKINGS[name].about["source"])
        for _ in range(data.draw(st.integers(1, 2), label="changes")):
            assume(source)
            changed(data, source)
        assert_judged_alike(MAKINGS[name], source)

    @pytest.mark.slow
    @settings(max_examples=200, deadline=None)
    @given(st.sampled_from(FILED), st.sampled_from(FILED), st.data())
    def test_of_a_file_is_judged_alike(self, making, other, data):
        source = copy.deepcopy(other.about["source"])
        for _ in range(data.draw(st.integers(0, 2), label="changes")):
            assume(source)
            changed(data, source)
        assert_judged_alike(making, source)


class TestDirectory:
    @pytest.mark.slow
    def test_of_every_tag_comes_back_alike(self):
        """The most fields: tags are distinct, and two of the 65,536 never occur in EXIF."""
        making = MAKINGS["TIFF directories <"]
        field = {"count": 1, "type": 1, "value_b64": "AA=="}
        fields = [field | {"tag": tag} for tag in range(65_536) if tag not in {34665, 34853}]
        fields[40_963] = {"tag": 40_965, "tags": []}
        source = copy.deepcopy(making.about["source"])
        source["rebuild"]["tags"] = [{"tag": 34665, "tags": fields}]
        image, key_file = encrypted(making, source)
        back = by_document(image, key_file)
        assert len(back) > 12 * len(fields)
        assert back == by_product(image, key_file)
