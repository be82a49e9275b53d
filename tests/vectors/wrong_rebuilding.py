"""Authentic image vectors with one fault in the instructions for rebuilding the file."""

import copy

from shield_core.image.payload import Layout
from shield_core.keys import canonical
from tests.support import pictures
from tests.vectors.images import Making
from tests.vectors.rebuilding import bitmap, bmp_start, change_header, field, framed, replaced


def vectors():
    """Yield name, expectation, comment, the making and the file, as `images.vectors`."""
    yield from _wrong_bitmaps()
    yield from _wrong_pngs()
    yield from _wrong_tiffs()
    yield from _wrong_formats()
    yield from _wrong_beginnings()


def _wrong_bitmaps():
    gray = pictures.as_bmp(pictures.make(5, 4, "L"))
    u32 = {number: number.to_bytes(4, "little") for number in (0, 1, 2, 3, 4, 5, 12, 39, 41, 64, 255)}
    for name, at, value, comment in (
        ("header_12", 0, u32[12], "a header of 12 bytes"),
        ("header_64", 0, u32[64], "a header of 64 bytes"),
        ("header_41", 0, u32[41], "a header of 41 bytes"),
        ("width", 4, u32[4], "another width"),
        ("width_negative", 4, (-5).to_bytes(4, "little", signed=True), "a negative width"),
        ("height", 8, u32[5], "another height"),
        ("height_0", 8, u32[0], "no height"),
        ("planes_0", 12, b"\0", "no planes"),
        ("planes_2", 12, b"\2", "two planes"),
        ("bits_8", 14, b"\x08", "8 bits for pixels of three samples"),
        ("bits_32", 14, b"\x20", "32 bits for pixels of three samples"),
        ("compression_1", 16, u32[1], "compression 1"),
        ("compression_3", 16, u32[3], "compression 3"),
        ("palette_missing", 32, u32[1], "an entry of a palette that is not there"),
    ):
        yield _wrong_header(name, bitmap(), lambda header, at=at, value=value: replaced(header, at, value), comment)
    for name, data, change, comment in (
        ("short", bitmap(), lambda header: header[:-1], "a header that is one byte too short"),
        ("long", bitmap(), lambda header: header + b"\0", "a byte behind the header"),
        ("empty", bitmap(), lambda _: b"", "an empty header"),
        ("three_bytes", bitmap(), lambda header: header[:3], "a header of three bytes"),
        ("palette_long", bitmap(colors=2), lambda header: header + bytes(4), "an entry of a palette too many"),
        ("gray_color", gray, lambda header: replaced(header, 41, b"\xff"), "a palette with a color"),
        ("gray_inverted", gray, lambda header: header[:40] + header[:39:-1], "a gray palette from white to black"),
        ("gray_255", gray, lambda header: replaced(header, 32, u32[255])[:-4], "a gray palette of 255 entries"),
        (
            "gray_says_255",
            gray,
            lambda header: replaced(header, 32, u32[255]),
            "a gray palette that says it has 255 entries",
        ),
        ("gray_no_palette", gray, lambda header: header[:40], "8 bits and no palette"),
        ("gray_bits_24", gray, lambda header: replaced(header, 14, b"\x18"), "24 bits for pixels of one sample"),
        ("profile", bitmap(size=124), lambda header: replaced(header, 56, b"DEBM"), "a color profile inside"),
        ("profile_linked", bitmap(size=124), lambda header: replaced(header, 56, b"KNIL"), "a color profile elsewhere"),
    ):
        yield _wrong_header(name, data, change, comment)
    for mode, bits in (("LA", 16), ("I;16", 16), ("RGBA", 32)):
        making = Making(f"bmp mode {mode}", pictures.as_png(pictures.make(5, 4, mode)), Layout.PIXELS)
        header = replaced(bitmap()[14:54], 14, bytes([bits]))
        rebuild = {"as": "BMP", "header_b64": canonical.b64encode(header)}
        making.about["source"].update(format="BMP", rebuild=rebuild)
        name = f"payload_bmp_mode_{mode.lower().replace(';', '')}"
        yield name, "payload", f"BMP: {bits} bits for pixels of mode {mode}", making, making.image()


def _wrong_pngs():
    kept = {"data_b64": "YQBi", "place": "before", "type": "tEXt"}
    kinds = (
        "IHDR",
        "PLTE",
        "tRNS",
        "IEND",
        "acTL",
        "fcTL",
        "fdAT",
        "qsIS",
        "sPLT",
        "hIST",
        "text",
        "TEXT",
        "",
        "tEXtt",
    )
    for kind in kinds:
        name = f"payload_png_chunk_{kind.encode().hex()}"
        yield _instructed(name, f"PNG: a kept chunk {kind or 'without a type'}", "PNG", chunks=[kept | {"type": kind}])
    for name, chunks, comment in (
        ("type_null", [kept | {"type": None}], "a chunk whose type is null"),
        ("type_list", [kept | {"type": ["tEXt"]}], "a chunk whose type is a list"),
        ("place_null", [kept | {"place": None}], "a chunk whose place is null"),
        ("place_capital", [kept | {"place": "Before"}], "a chunk whose place is Before"),
        ("data_null", [kept | {"data_b64": None}], "a chunk whose data is null"),
        ("data_url", [kept | {"data_b64": "-_-_"}], "a chunk in the alphabet of URLs"),
        ("missing", [{"place": "before", "type": "tEXt"}], "a chunk without data"),
        ("more", [kept | {"crc": 0}], "a chunk with an additional key"),
        ("text", ["tEXt"], "a chunk that is a string"),
        ("null", None, "no list of chunks"),
    ):
        yield _instructed(f"payload_png_{name}", f"PNG: {comment}", "PNG", chunks=chunks)
    yield _instructed("payload_png_more", "PNG: an additional key", "PNG", chunks=[], packed=False)
    yield _instructed("payload_png_no_chunks", "PNG: a missing key", "PNG")


def _wrong_tiffs():
    inner = {"tag": 34665, "tags": [field(2), field(1)]}
    for name, tags, comment in (
        ("type_0", [field(270, kind=0)], "a field of type 0"),
        ("type_15", [{"tag": 34665, "tags": [field(1, kind=15)]}], "a field of type 15, in EXIF"),
        ("type_19", [field(270, kind=19)], "a field of type 19"),
        ("type_true", [field(270, type=True)], "a field whose type is true"),
        ("tag_65536", [{"tag": 34665, "tags": [field(65_536)]}], "tag 65,536"),
        ("tag_negative", [field(-1)], "tag -1"),
        ("tag_text", [field("270")], "a tag that is a string"),
        ("tag_own", [field(256, bytes(4), 4)], "tag 256, which the reader writes itself"),
        ("tag_strips", [field(273, bytes(4), 4)], "tag 273, which the reader writes itself"),
        ("count_high", [field(270, count=2**32)], "a count of 2^32"),
        ("count_negative", [field(270, count=-1)], "a count of -1"),
        ("value_long", [field(270, bytes(3), 3, count=1)], "a value of three bytes for one of two"),
        ("value_null", [field(270, value_b64=None)], "a value that is null"),
        ("inner_descending", [inner], "fields of EXIF that descend"),
        ("inner_twice", [{"tag": 34853, "tags": [field(1), field(1)]}], "a field of GPS that stands twice"),
        ("interoperability_outside", [{"tag": 40965, "tags": []}], "Interoperability outside EXIF"),
        ("interoperability_in_gps", [{"tag": 34853, "tags": [{"tag": 40965, "tags": []}]}], "Interoperability in GPS"),
        (
            "interoperability_flat",
            [{"tag": 34665, "tags": [field(40965, bytes(4), 4)]}],
            "Interoperability that is a value",
        ),
        ("directory_elsewhere", [{"tag": 270, "tags": []}], "tag 270 that is a directory"),
        ("directory_value", [field(34665, bytes(4), 4, tags=[])], "EXIF with fields and a value"),
        ("directory_object", [{"tag": 34665, "tags": {}}], "EXIF whose fields are an object"),
        ("missing", [{"count": 1, "tag": 270, "type": 1}], "a field without a value"),
        ("null", None, "no list of tags"),
    ):
        yield _instructed(f"payload_tiff_{name}", f"TIFF: {comment}", "TIFF", order="II", packed=False, tags=tags)
    for name, changes, comment in (
        ("order_null", {"order": None}, "no byte order"),
        ("order_lower", {"order": "ii"}, "the byte order ii"),
        ("order_list", {"order": ["II"]}, "a byte order that is a list"),
        ("packed_null", {"packed": None}, "packed is null"),
        ("packed_text", {"packed": "false"}, "packed is a string"),
        ("more", {"rows": 1}, "an additional key"),
    ):
        whole = {"order": "II", "packed": False, "tags": []} | changes
        yield _instructed(f"payload_tiff_{name}", f"TIFF: {comment}", "TIFF", **whole)
    yield _instructed("payload_tiff_no_order", "TIFF: a missing key", "TIFF", packed=False, tags=[])


def _wrong_formats():
    bmp = {"as": "BMP", "header_b64": canonical.b64encode(pictures.as_bmp(pictures.make(6, 5, "L"))[14:-40])}
    rebuilds = {"PNG": {"as": "PNG", "chunks": []}, "BMP": bmp, "TIFF": _tiff()}
    allowed = {("PNG", "PNG"), ("JPEG", "PNG"), ("WEBP", "PNG"), ("BMP", "BMP"), ("TIFF", "TIFF")}
    for source in ("PNG", "JPEG", "WEBP", "BMP", "TIFF"):
        for back, rebuild in rebuilds.items():
            if (source, back) not in allowed:
                making = _picture(f"{source} as {back}", format=source, rebuild=rebuild)
                name = f"payload_as_{source.lower()}_{back.lower()}"
                yield name, "payload", f"a {source} that comes back as {back}", making, making.image()
    for name, changes, comment in (
        ("bit_depth_0", {"bit_depth": 0}, "a bit depth of 0"),
        ("bit_depth_text", {"bit_depth": "8"}, "a bit depth that is a string"),
        ("format_null", {"format": None}, "a format that is null"),
        ("format_lower", {"format": "png"}, "the format png"),
        ("format_list", {"format": ["PNG"]}, "a format that is a list"),
        ("name_true", {"file_name": True}, "a file name that is true"),
        ("as_missing", {"rebuild": {"chunks": []}}, "instructions for no format"),
        ("as_list", {"rebuild": {"as": ["PNG"], "chunks": []}}, "instructions for a list of formats"),
        ("rebuild_list", {"rebuild": []}, "instructions that are a list"),
    ):
        making = _picture(name, **changes)
        yield f"payload_source_{name}", "payload", f"a source with {comment}", making, making.image()
    for key in ("bit_depth", "file_name", "format", "mode", "rebuild"):
        making = _picture(f"no {key}")
        del making.about["source"][key]
        yield f"payload_source_no_{key}", "payload", f"a source without {key}", making, making.image()
    for name, changes, comment in (
        ("bit_depth_65", {"bit_depth": 65}, "a bit depth of 65"),
        ("mode_null", {"mode": None}, "a mode that is null"),
        ("mode_empty", {"mode": ""}, "an empty mode"),
        ("mode_17", {"mode": "L" * 17}, "a mode of 17 characters"),
        ("rebuild", {"rebuild": {"as": "PNG", "chunks": []}}, "instructions to rebuild it"),
    ):
        making = framed(name, pictures.as_png(pictures.make(6, 5)), format="PNG", **changes)
        yield f"payload_file_{name}", "payload", f"a file, and {comment}", making, making.image()


def _wrong_beginnings():
    for name, format_name, start in (
        ("png", "PNG", b"\x89PNG\n\x1a\n"),
        ("png_as_jpeg", "JPEG", b"\x89PNG\r\n\x1a\n"),
        ("jpeg", "JPEG", b"\xff\xd8\x00"),
        ("webp", "WEBP", b"RIFF\x00\x00\x00\x00WAVE"),
        ("webp_rifx", "WEBP", b"RIFX\x00\x00\x00\x00WEBP"),
        ("bmp_41", "BMP", bmp_start(41)),
        ("bmp_big_endian", "BMP", b"BM" + bytes(12) + b"\0\0\0\x28"),
        ("tiff_44", "TIFF", b"II\x2c\x00"),
        ("tiff_mixed", "TIFF", b"II\x00\x2a"),
        ("jpeg_as_tiff", "TIFF", b"\xff\xd8\xff"),
    ):
        making = framed(f"not {name}", start + b" and whatever follows", format=format_name)
        yield (
            f"payload_begins_{name}",
            "payload",
            f"a file that does not begin as a {format_name}",
            making,
            making.image(),
        )
    for format_name, data in (
        ("PNG", b"\x89PNG\r\n"),
        ("BMP", b"BM" + bytes(12) + b"\x28"),
        ("WEBP", b""),
        ("TIFF", b"II*"),
    ):
        making = framed(f"short {format_name}", data, format=format_name)
        comment = f"a file too short to begin as a {format_name}"
        yield f"payload_begins_short_{format_name.lower()}", "payload", comment, making, making.image()


def _picture(name, **source):
    making = Making(f"picture {name}", pictures.as_png(pictures.make(6, 5, "L")))
    making.about["source"].update(copy.deepcopy(source))
    return making


def _instructed(name, comment, back, **rebuild):
    making = _picture(name, format=back, rebuild={"as": back, **rebuild})
    return name, "payload", comment, making, making.image()


def _wrong_header(name, data, change, comment):
    making = Making(f"bmp {name}", data, Layout.PIXELS)
    change_header(making, change)
    return f"payload_bmp_{name}", "payload", f"BMP: {comment}", making, making.image()


def _tiff():
    return {"as": "TIFF", "order": "II", "packed": False, "tags": []}
