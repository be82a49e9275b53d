"""The names of files that lie beside one another: picture, encrypted image, key file and material."""

import os
from pathlib import Path

from imageshield.terminal.failures import usage
from imageshield.terminal.inputs import STANDARD
from shield_core.image.limits import MAX_NAME_BYTES
from shield_core.image.names import harmless_stem


def encrypted_beside(image: Path) -> Path:
    """Name the encrypted image of a picture.

    Raises:
        Failure: the picture comes without a name.
    """
    if image == STANDARD:
        raise usage("the picture comes from standard input: -o names the encrypted image")
    return image.with_name(writable(harmless_stem(image.name, fallback="image")) + ".enc.png")


def writable(name: str) -> str:
    """Put `_` for every character of a made-up name that the encoding of the locale has no bytes for."""
    return "".join(character if _has_bytes(character) else "_" for character in name)


def _has_bytes(character: str) -> bool:
    try:
        os.fsencode(character)
    except UnicodeEncodeError:
        return False
    return True


def beside(path: Path, suffix: str) -> Path:
    """Name what belongs to a file: the same name with another suffix, cut where a file system would not take it."""
    whole = path.with_suffix(suffix)
    if len(os.fsencode(whole.name)) <= MAX_NAME_BYTES:
        return whole
    stem = path.stem
    while len(os.fsencode(stem + suffix)) > MAX_NAME_BYTES:
        stem = stem[:-1]
    return path.with_name(stem + suffix)


def key_beside(encrypted: Path) -> Path:
    """Find the key file that `encrypt` left beside an image.

    Raises:
        Failure: there is none.
    """
    if encrypted == STANDARD:
        raise usage("the encrypted image comes from standard input: --key names its key file")
    path = beside(encrypted, ".qkey")
    if not os.path.lexists(path):
        raise usage(f"{path} is not there: --key names the key file that was written with {encrypted.name}")
    return path
