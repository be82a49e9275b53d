"""Authentic images with invalid metadata: any content raises only DecryptionError."""

import contextlib
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shield_core.encrypted import material, png
from shield_core.errors import DecryptionError, PayloadInvalid
from shield_core.image.limits import MAX_METADATA
from shield_core.image.payload import Layout
from shield_core.keys import canonical, keyfile
from shield_core.keys.canonical import b64encode
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image
from tests.support import pictures
from tests.vectors.images import STATEMENT, Making
from tests.vectors.undecoded import GIF

MANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

KEYS = (
    *("as", "bit_depth", "chunks", "count", "data_b64", "file_name", "format", "header_b64", "media_type", "mode"),
    *("order", "packed", "place", "rebuild", "tag", "tags", "type", "value_b64"),
)
ATOMS = (
    *(None, True, False, -1, 0, 1, 8, 14, 16, 64, 255, 2**16, 2**32, 2**53 - 1, "", "\x00", ". .", "\u202e", [], {}),
    *("PNG", "JPEG", "BMP", "TIFF", "WEBP", "OTHER", "L", "RGB", "RGBA", "LA", "I;16", "II", "MM"),
    *("before", "after", "tEXt", "IDAT", "AA==", "AAAA", "KAAAAA==", "image/heic", "text/html", "0" * 64),
)


class Draws:
    """Draws values from a seed: much faster than a strategy of nested objects."""

    def __init__(self, seed):
        self.rng = random.Random(seed)

    def value(self, depth=3):
        kind = self.rng.random()
        if depth == 0 or kind < 0.7:
            return self.rng.choice(ATOMS)
        if kind < 0.85:
            return [self.value(depth - 1) for _ in range(self.rng.randrange(4))]
        return {self.rng.choice(KEYS): self.value(depth - 1) for _ in range(self.rng.randrange(5))}

    def nearly(self, usual):
        """Draw the usual value, and sometimes any value."""
        return self.value() if self.rng.random() < 0.1 else usual

    def several(self, draw):
        return [draw() for _ in range(self.rng.randrange(4))]

    def rebuild(self):
        name = self.rng.choice(["PNG", "BMP", "TIFF"])
        bodies = {
            "PNG": lambda: {"chunks": self.nearly(self.several(self.chunk))},
            "BMP": lambda: {"header_b64": self.nearly(b64encode(self.header()))},
            "TIFF": lambda: {
                "order": self.nearly(self.rng.choice(["II", "MM"])),
                "packed": self.nearly(self.rng.random() < 0.5),
                "tags": self.nearly(self.several(self.tag)),
            },
        }
        return {"as": self.nearly(name)} | bodies[name]()

    def chunk(self):
        place, kind = self.rng.choice(["before", "after"]), self.rng.choice(["tEXt", "iCCP", "eXIf", "tIME"])
        return {"data_b64": self.nearly("AAAA"), "place": self.nearly(place), "type": self.nearly(kind)}

    def header(self):
        header = bytearray(pictures.as_bmp(pictures.make(6, 5, self.rng.choice(["L", "RGB"])))[14:-90])
        for _ in range(self.rng.randrange(4)):
            header[self.rng.randrange(len(header))] = self.rng.choice([0, 1, 4, 8, 16, 24, 32, 124, 255])
        return bytes(header)

    def tag(self, depth=3):
        number = self.rng.choice([270, 274, 282, 700, 34665, 34853, 40965])
        if number > 34000 and depth and self.rng.random() < 0.8:
            return {"tag": number, "tags": self.nearly(self.several(lambda: self.tag(depth - 1)))}
        size = self.rng.randrange(9)
        kind = self.rng.choice([0, 1, 2, 3, 4, 5, 7, 12, 13, 14, 99])
        return {
            "count": self.nearly(size),
            "tag": number,
            "type": kind,
            "value_b64": self.nearly(b64encode(bytes(size))),
        }


MAKINGS = {
    "L": lambda: Making("hostile", pictures.as_png(pictures.make(6, 5, "L"))),
    "RGB": lambda: Making("hostile", pictures.as_png(pictures.make(6, 5, "RGB"))),
    "I;16": lambda: Making("hostile", pictures.as_png(pictures.make(6, 5, "I;16"))),
    "bmp": lambda: Making("hostile", pictures.as_bmp(pictures.make(6, 5, "RGB"))),
    "file": lambda: Making("hostile", pictures.as_jpeg(pictures.make(6, 5)), Layout.FILE),
    "other": lambda: Making("hostile", GIF, Layout.FILE),
}


def open_image(making):
    """Encrypt as described, with a new key file, and decrypt through the public function."""
    image = making.image()
    parsed = png.read(image).header
    key_file = keyfile.build(
        file_key=making.file_key,
        nonce=parsed.nonce,
        key_id=parsed.key_id,
        purity="balanced",
        statement_sha256=STATEMENT,
        material=None,
        wraps=[PlainWrap()],
    )
    return decrypt_image(image, key_file, openers=[PlainOpen()])


def tiff(*tags):
    return {"as": "TIFF", "order": "II", "packed": False, "tags": list(tags)}


@pytest.mark.parametrize("kind", MAKINGS)
class TestHostileMetadata:
    @pytest.mark.slow
    @MANY
    @given(seed=st.integers(0, 2**64))
    def test_source_opens_or_is_refused(self, kind, seed):
        making, draws = MAKINGS[kind](), Draws(seed)
        source = making.about["source"]
        if kind != "file" and draws.rng.random() < 0.7:
            source["rebuild"] = draws.rebuild()
            source["format"] = draws.nearly(source["rebuild"]["as"])
        for _ in range(draws.rng.randrange(3)):
            source[draws.rng.choice(KEYS)] = draws.value()
        with contextlib.suppress(DecryptionError):
            back = open_image(making)
            assert back.file_name
            assert back.data

    @pytest.mark.slow
    @MANY
    @given(seed=st.integers(0, 2**64))
    def test_metadata_open_or_are_refused(self, kind, seed):
        making, draws = MAKINGS[kind](), Draws(seed)
        making.about[draws.rng.choice(sorted(making.about))] = draws.value()
        with contextlib.suppress(DecryptionError):
            open_image(making)


class TestTooMany:
    @pytest.mark.slow
    def test_exif_of_every_tag_there_is(self):
        """65,536 entries, but the number of entries of a directory has two bytes."""
        making = MAKINGS["L"]()
        tags = [{"count": 1, "tag": tag, "type": 1, "value_b64": "AA=="} for tag in range(65_536)]
        making.about["source"].update(format="TIFF", rebuild=tiff({"tag": 34853, "tags": tags}))
        assert len(canonical.dumps(making.about)) < MAX_METADATA
        with pytest.raises(PayloadInvalid):
            open_image(making)

    def test_header_of_gray_bmp_with_colors(self):
        making = Making("hostile", pictures.as_bmp(pictures.make(6, 5, "L")))
        rebuild = making.about["source"]["rebuild"]
        rebuild["header_b64"] = rebuild["header_b64"][:-8] + "AQIDAAEC"
        with pytest.raises(PayloadInvalid):
            open_image(making)

    def test_gray_and_alpha_as_bmp(self):
        making = Making("hostile", pictures.as_png(pictures.make(6, 5, "LA")))
        whole = pictures.as_bmp(pictures.make(6, 5, "RGB"))[14:54]
        deep = whole[:14] + b"\x10\x00" + whole[16:]
        making.about["source"].update(format="BMP", rebuild={"as": "BMP", "header_b64": b64encode(deep)})
        with pytest.raises(PayloadInvalid):
            open_image(making)


class TestUnforeseen:
    """A bug that data triggers becomes a refusal of the data, with the same message as other refusals."""

    @pytest.mark.parametrize("error", [IndexError, KeyError, ValueError, TypeError, OverflowError, RecursionError])
    def test_is_payload_invalid(self, error, monkeypatch):
        def streams(*_args, **_kwargs):
            raise error

        monkeypatch.setattr(material, "streams", streams)
        making = MAKINGS["L"]()
        with pytest.raises(PayloadInvalid):
            open_image(making)
