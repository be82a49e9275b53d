import re
import unicodedata

from shield_core.image.limits import MAX_NAME_BYTES

_SURROGATE = re.compile("[\ud800-\udfff]")
_SEPARATOR = re.compile(r"[/\\]")
# Explicit directions can show "exe.png" where "gnp.exe" is stored (Unicode Technical Report 36, section 2.5.1).
_DIRECTIONS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_ENDS = frozenset("\u2028\u2029")
_LONGEST_SUFFIX = 16


def harmless_name(name: str | None) -> str | None:
    """Keep what is harmless of a file name that a stranger chose.

    Args:
        name: A name or path in any system's manner, or nothing.

    Returns:
        The last component without control characters, explicit directions, leading dots and outer spaces, at most 255
        bytes of UTF-8 with its suffix kept; lone surrogates are U+FFFD. None where nothing is left.
    """
    if name is None:
        return None
    # Bounded before any work: a name comes from an upload's header, and its end is what counts.
    base = _SEPARATOR.split(name[-4 * MAX_NAME_BYTES :])[-1]
    text = "".join(character for character in _SURROGATE.sub("\ufffd", base) if _is_kept(character))
    # A leading dot would hide the file, or make it one that a shell reads.
    return _shorten(text.strip().lstrip(".").strip()) or None


def with_suffix(name: str | None, suffix: str) -> str | None:
    """Replace the suffix of a harmless name.

    Args:
        name: What `harmless_name` returned.
        suffix: The new one, with its dot.

    Returns:
        The name with its last suffix replaced, or None for None.
    """
    if name is None:
        return None
    stem = name.rpartition(".")[0] or name
    return _cut(stem, MAX_NAME_BYTES - len(suffix)) + suffix


def _is_kept(character: str) -> bool:
    return unicodedata.category(character) != "Cc" and character not in _DIRECTIONS and character not in _LINE_ENDS


def _shorten(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    if not dot or len(suffix.encode()) > _LONGEST_SUFFIX:
        return _cut(name, MAX_NAME_BYTES)
    return _cut(stem, MAX_NAME_BYTES - len(suffix.encode()) - 1) + dot + suffix


def _cut(text: str, size: int) -> str:
    return text.encode()[:size].decode(errors="ignore").rstrip()
