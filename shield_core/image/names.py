"""Names of files that a stranger chose: what is harmless of them, on every system and whatever is appended."""

import re
import unicodedata
from typing import Final

from shield_core.image.limits import MAX_NAME_BYTES
from shield_core.image.suffixes import OTHER, SUFFIXES

STEM_ROOM: Final = 32
"""Bytes that a stem leaves for what is appended to it: a number, and the longest ending, `.receipt.json`."""

_SEPARATOR = re.compile(r"[/\\]")
_RESERVED = re.compile(r'[<>:"|?*]')  # by Windows; a colon names an alternate stream there
_DEVICES = frozenset(
    {
        "CON",
        "PRN",
        "AUX",
        "NUL",
        "CONIN$",
        "CONOUT$",
        *(f"{port}{n}" for port in ("COM", "LPT") for n in "0123456789¹²³"),
    }
)
_END = re.compile(r"[.\s]+\Z")  # Windows drops both from the end of a name
_UNSEEN = frozenset({"Cc", "Cf", "Zl", "Zp"})
# Private characters stand for reserved ones on network drives; what is not assigned yet may turn out to be anything.
_UNKNOWN = frozenset({"Cs", "Co", "Cn"})
# Not shown though of another category: Unicode's Default_Ignorable_Code_Point, and two blanks that are not in it.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U0001d159\U000e0000-\U000e0fff]"
)
_PICTURES = frozenset().union(*SUFFIXES.values())
_LONGEST_SUFFIX = 16


def harmless_name(name: str | None) -> str | None:
    """Keep what is harmless of a file name that a stranger chose.

    What it returns is returned unchanged when it is given back.

    Args:
        name: A name or path in any system's manner, or nothing.

    Returns:
        The last component, in NFC, at most 255 bytes of UTF-8 with its suffix kept. It has no invisible character; it
        begins with no dot, dash, space or mark, and ends with no dot or space. What Windows reserves is an underscore,
        one stands before a device's name, and what has no meaning is U+FFFD. None where nothing is left.
    """
    if name is None:
        return None
    # Bounded before any work: a name comes from an upload's header, and its end is what counts.
    base = _SEPARATOR.split(name[-4 * MAX_NAME_BYTES :])[-1]
    text = unicodedata.normalize("NFC", "".join(map(_shown, _IGNORABLE.sub("", base))))
    text = _END.sub("", _RESERVED.sub("_", text[_start(text) :]))
    return _join(*_split(text)) if text else None


def harmless_stem(name: str | None, *, fallback: str) -> str:
    """Return a harmless name without its suffix, with room for what is appended: see `STEM_ROOM`.

    Args:
        name: A name or path in any system's manner, or nothing.
        fallback: What to return where nothing is left.
    """
    kept = harmless_name(name)
    return _join(_split(kept)[0], "", room=STEM_ROOM) if kept else fallback


def with_suffix_of(name: str | None, media_type: str | None) -> str:
    """Let a harmless name promise what the file is, so that no double click makes anything else of it.

    Args:
        name: What `harmless_name` returned, or None.
        media_type: What the file is, or None where that is not known.

    Returns:
        The name where its suffix is of that type, or of any picture where the type is not known. Otherwise the type's
        own suffix takes the place of another picture's, and is appended to anything else.
    """
    own = SUFFIXES.get(media_type or "", (OTHER, *_PICTURES))
    stem, suffix = _split(name or "image")
    if suffix.lower() in own:
        return _join(stem, suffix)
    return _join(stem if suffix.lower() in _PICTURES else stem + suffix, own[0])


def _shown(character: str) -> str:
    category = unicodedata.category(character)
    if category in _UNSEEN:
        return ""
    return "\ufffd" if category in _UNKNOWN else character


def _start(text: str) -> int:
    """Find the first character that a name may begin with: any shell or viewer takes others for something else."""
    return next((at for at, character in enumerate(text) if not _misleads(character)), len(text))


def _misleads(character: str) -> bool:
    # A mark would join what is printed before the name. PowerShell takes every dash for the one of an option.
    return character == "." or unicodedata.category(character) in {"Pd", "Zs", "Mn", "Mc", "Me"}


def _split(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem and len(suffix.encode()) <= _LONGEST_SUFFIX else (name, "")


def _join(stem: str, suffix: str, *, room: int = 0) -> str:
    size = MAX_NAME_BYTES - len(suffix.encode()) - room
    kept = stem.encode()[:size].decode(errors="ignore")
    name = kept + suffix if suffix and kept == stem else _END.sub("", kept) + suffix
    return _join(f"_{stem}", suffix, room=room) if _is_device(name) else name


def _is_device(name: str) -> bool:
    """Tell what Windows opens as a device, in whatever folder and with whatever suffix."""
    return name.partition(".")[0].rstrip().upper() in _DEVICES
