"""Image vectors of header version 2, of files that are not decoded, and sources with values of wrong types."""

import dataclasses
from hashlib import sha256

from shield_core.image.framing import frame, frame_size
from shield_core.image.payload import Layout
from tests.support import pictures
from tests.vectors.images import Making, patched, picture

GIF = bytes.fromhex("474946383961 02000200 800000 000000ffffff 2c00000000 0200020000 0203440205003b")
VERSION = 4
"""Where the version stands in the header."""


def vectors():
    """Yield name, expectation, comment, the making and the file, as `images.vectors`."""
    yield from _success()
    yield from _header()
    yield from _mac()
    yield from _payload()
    yield from _version_1()


def _success():
    changes = {
        "other": ({}, "version 2: a GIF, which is not decoded"),
        "other_null": ({"media_type": None}, "version 2: a file without a media type"),
        "other_unlisted": ({"media_type": "text/html"}, "version 2: a media type that is served as octets"),
        "other_longest": ({"media_type": f"x/{'a' * 125}"}, "version 2: a media type of 127 bytes"),
        "other_no_name": ({"file_name": None}, "version 2: a file without a name"),
    }
    for name, (change, comment) in changes.items():
        making = _other(name)
        making.about["source"].update(change)
        yield f"success_file_{name}", "success", comment, making, making.image()
    making = _other("other magic", bytes(range(256)))
    yield (
        "success_file_other_magic",
        "success",
        "version 2: bytes that are no picture; no magic is compared",
        making,
        None,
    )
    making = Making("file mode", pictures.as_jpeg(pictures.make(9, 7)), Layout.FILE)
    making.about["source"].update(mode="YCbCrA;12", bit_depth=64)
    yield "success_file_mode", "success", "layout file, a mode and depth for display alone", making, making.image()


def _header():
    making = _other("version 3")
    yield "header_version_3", "header", "version 3", making, patched(making.image(), VERSION, b"\x03")
    making = _other("version 255")
    yield "header_version_255", "header", "version 255", making, patched(making.image(), VERSION, b"\xff")
    making = _other("layout pixels")
    image = patched(making.image(), VERSION + 2, b"\x01")
    yield "header_version_2_pixels", "header", "version 2 with the layout pixels", making, image
    making = Making("version 2 rgb", picture("RGB"))
    yield (
        "header_version_2_rgb",
        "header",
        "version 2 with the layout pixels",
        making,
        patched(making.image(), VERSION, b"\x02"),
    )


def _mac():
    making = _other("version 2 to 1")
    yield "mac_version_1", "mac", "version 2, changed to 1", making, patched(making.image(), VERSION, b"\x01")
    making = Making("version 1 to 2", pictures.as_jpeg(pictures.make(9, 7)), Layout.FILE)
    yield "mac_version_2", "mac", "version 1, changed to 2", making, patched(making.image(), VERSION, b"\x02")


def _payload():
    making = Making("version 2 png", picture("RGB"), Layout.FILE)
    _set_version(making, 2)
    yield "payload_version_2_png", "payload", "version 2 with a PNG", making, making.image()
    making = _other("version 1 other")
    _set_version(making, 1)
    yield "payload_version_1_other", "payload", "version 1 with a file that is not decoded", making, making.image()
    making = Making("pixels other", picture())
    making.about["source"].update(format="OTHER", mode=None, bit_depth=None, media_type=None, rebuild=None)
    yield (
        "payload_pixels_other",
        "payload",
        "version 1, layout pixels, of a file that is not decoded",
        making,
        making.image(),
    )
    changes = {
        "mode": {"mode": "RGB"},
        "bit_depth": {"bit_depth": 8},
        "rebuild": {"rebuild": {"as": "PNG", "chunks": []}},
        "media_type_number": {"media_type": 7},
        "media_type_empty": {"media_type": ""},
        "media_type_no_slash": {"media_type": "image"},
        "media_type_space": {"media_type": "image/gif; charset=utf-8"},
        "media_type_line": {"media_type": "image/gif\n"},
        "media_type_long": {"media_type": f"x/{'a' * 126}"},
        "format_lower": {"format": "other"},
        "format_number": {"format": 2},
        "name_list": {"file_name": []},
        "more": {"more": None},
    }
    for name, change in changes.items():
        making = _other(f"other {name}")
        making.about["source"].update(change)
        yield (
            f"payload_other_{name}",
            "payload",
            f"version 2, and a source with {_short(change)}",
            making,
            making.image(),
        )
    making = _other("other no media type")
    del making.about["source"]["media_type"]
    yield (
        "payload_other_no_media_type",
        "payload",
        "version 2, and a source without a media type",
        making,
        making.image(),
    )
    making = _other("other original")
    making.about["original_sha256"] = "ab" * 32
    yield "payload_other_original", "payload", "version 2, another digest of the original file", making, making.image()


def _version_1():
    """Yield requirements of version 1 that no earlier vector covers."""
    changes = {
        "media_type": {"media_type": "image/png"},
        "mode_null": {"mode": None},
        "mode_list": {"mode": ["L"]},
        "bit_depth_null": {"bit_depth": None},
        "bit_depth_true": {"bit_depth": True},
        "bit_depth_16": {"bit_depth": 16},
        "chunks_text": {"rebuild": {"as": "PNG", "chunks": ""}},
        "chunks_object": {"rebuild": {"as": "PNG", "chunks": {}}},
        "jpeg_as_tiff": {"format": "JPEG", "rebuild": _tiff()},
        "webp_gray": {"format": "WEBP"},
        "tiff_twice": {"format": "TIFF", "rebuild": _tiff(_tag(270), _tag(270))},
        "tiff_descending": {"format": "TIFF", "rebuild": _tiff(_tag(305), _tag(270))},
        "tiff_foreign_tag": {"format": "TIFF", "rebuild": _tiff(_tag(33550))},
        "tiff_type_14": {"format": "TIFF", "rebuild": _tiff(_tag(270) | {"type": 14})},
        "tiff_no_value": {"format": "TIFF", "rebuild": _tiff(_tag(270) | {"count": 0, "value_b64": ""})},
        "tiff_count": {"format": "TIFF", "rebuild": _tiff(_tag(270) | {"count": 5})},
        "tiff_flat_exif": {"format": "TIFF", "rebuild": _tiff(_tag(34665))},
        "tiff_exif_in_gps": {"format": "TIFF", "rebuild": _tiff({"tag": 34853, "tags": [_tag(34665)]})},
        "tiff_order": {"format": "TIFF", "rebuild": _tiff() | {"order": "XX"}},
        "tiff_packed": {"format": "TIFF", "rebuild": _tiff() | {"packed": 1}},
        "tiff_tags_text": {"format": "TIFF", "rebuild": _tiff() | {"tags": ""}},
    }
    for name, change in changes.items():
        making = Making(f"typed {name}", picture())
        making.about["source"].update(change)
        yield f"payload_typed_{name}", "payload", f"a source with {_short(change)}", making, making.image()


def _other(name, data=GIF):
    """Make an encryption of any file in the way of files that are not decoded."""
    making = Making(name, GIF, Layout.FILE)
    if data is not GIF:
        making.content = dataclasses.replace(
            making.content, samples=frame(data), width=frame_size(len(data))[0], height=frame_size(len(data))[1]
        )
        making.about["payload_sha256"] = sha256(making.content.samples.tobytes()).hexdigest()
        making.about["original_sha256"] = sha256(data).hexdigest()
        making.payload_sha256 = making.about["payload_sha256"]
    return making


def _set_version(making, version):
    header = making.header()
    making.header = lambda: dataclasses.replace(header, version=version)


def _tiff(*tags):
    return {"as": "TIFF", "order": "II", "packed": False, "tags": list(tags)}


def _tag(number):
    return {"count": 1, "tag": number, "type": 2, "value_b64": "AA=="}


def _short(change):
    text = ", ".join(f"{key} {value!r}" for key, value in change.items())
    return text if len(text) < 80 else text[:77] + "..."
