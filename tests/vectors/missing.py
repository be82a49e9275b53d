"""PNG vectors that are not encrypted, or have the chunk `qsIS` where a walk does not find it."""

from tests.support import pictures
from tests.vectors.images import Making, chunk, own_chunk, picture


def vectors():
    """Yield name, expectation, comment, the making and the file, as `images.vectors`."""
    plain = picture("RGB")
    changes = {
        "plain": (lambda _: plain, "a PNG of another program"),
        "removed": (_without, "an encrypted image without its chunk, as another program saves it"),
        "behind": (lambda image: _without(image) + _own(image), "the chunk behind IEND"),
        "behind_checksum": (lambda image: _without(image)[:-1] + b"\0" + _own(image), "IEND with a wrong checksum"),
        "bytes_behind": (lambda image: _without(image) + b"and more", "no chunk, and bytes behind IEND"),
        "capital": (lambda image: image.replace(b"qsIS", b"QsIS"), "a chunk QsIS"),
        "inside": (lambda _: pictures.insert_chunk(plain, b"tEXt", b"a\0qsISqsIS"), "qsIS inside a text"),
        "no_image_data": (lambda image: image[:33] + image[-12:], "neither qsIS nor IDAT"),
        "checksum": (lambda image: image[:32] + b"\0" + _without(image)[33:], "no chunk, and a wrong checksum of IHDR"),
    }
    for name, (change, comment) in changes.items():
        making = Making(f"missing {name}", picture())
        yield f"header_missing_{name}", "header missing", comment, making, change(making.image())
    for name, change, comment in (
        ("no_end", lambda image: _without(image)[:-12], "neither qsIS nor IEND"),
        (
            "long_chunk",
            lambda image: image[:33] + b"\x7f\xff\xff\xff" + b"tEXt" + image[33:],
            "a chunk longer than the file",
        ),
        ("signature_only", lambda image: image[:8], "the signature, and nothing else"),
    ):
        making = Making(f"missing {name}", picture())
        yield f"header_{name}", "header", comment, making, change(making.image())


def _own(image):
    body, _, _ = own_chunk(image)
    return chunk(b"qsIS", bytes(body))


def _without(image):
    _, start, end = own_chunk(image)
    return image[:start] + image[end:]
