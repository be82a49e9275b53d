"""Sanitizing of untrusted file names, safe on every system even after suffixes are appended."""

import re
import unicodedata
from typing import Final

from shield_core.image.limits import MAX_NAME_BYTES
from shield_core.image.suffixes import OTHER, SUFFIXES

STEM_ROOM: Final = 32
"""Bytes that a stem leaves for appended text: a number, and the longest suffix, `.receipt.json`."""

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
# Network drives map reserved characters to private ones; an unassigned character may get any meaning later.
_UNKNOWN = frozenset({"Cs", "Co", "Cn"})
# Invisible characters of other categories: Unicode's Default_Ignorable_Code_Point, and two blanks that are not in it.
_IGNORABLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8"
    "\U0001d159\U000e0000-\U000e0fff]"
)
_PICTURES = frozenset().union(*SUFFIXES.values())
_LONGEST_SUFFIX = 16


def harmless_name(name: str | None) -> str | None:
    """Keep the harmless parts of an untrusted file name.

    The function is idempotent: it returns its own results unchanged.

    Args:
        name: A name or path in any system's manner, or nothing.

    Returns:
        The last component, in NFC, at most 255 bytes of UTF-8 with its suffix kept. It has no invisible character; it
        begins with no dot, dash, space or mark, and ends with no dot or space. An underscore replaces characters that
        Windows reserves and precedes the name of a device; U+FFFD replaces characters without a meaning. None if
        nothing is left.
    """
    if name is None:
        return None
    # Bounded before any work: a name comes from the header of an upload, and only its end is used.
    base = _SEPARATOR.split(name[-4 * MAX_NAME_BYTES :])[-1]
    text = unicodedata.normalize("NFC", "".join(map(_shown, _IGNORABLE.sub("", base))))
    text = _END.sub("", _RESERVED.sub("_", text[_start(text) :]))
    return _join(*_split(text)) if text else None


def harmless_stem(name: str | None, *, fallback: str) -> str:
    """Return a harmless name without its suffix, with room for appended text: see `STEM_ROOM`.

    Args:
        name: A name or path in any system's manner, or nothing.
        fallback: Returned if nothing is left.
    """
    kept = harmless_name(name)
    return _join(_split(kept)[0], "", room=STEM_ROOM) if kept else fallback


def with_suffix_of(name: str | None, media_type: str | None) -> str:
    """Give a harmless name the suffix of the file's type, so that a double click opens it as a picture.

    Args:
        name: What `harmless_name` returned, or None.
        media_type: The type of the file, or None if it is not known.

    Returns:
        The name, if it has a suffix of that type, or of any picture if the type is not known. Otherwise the suffix of
        the type replaces the suffix of another picture type, or is appended to any other name.
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
    """Find the first character that a name may begin with; shells and viewers interpret the others."""
    return next((at for at, character in enumerate(text) if not _misleads(character)), len(text))


def _misleads(character: str) -> bool:
    # A mark would combine with the text before the name. PowerShell reads every dash as the start of an option.
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
    """Return whether Windows opens the name as a device, which it does in any folder and with any suffix."""
    return name.partition(".")[0].rstrip().upper() in _DEVICES
