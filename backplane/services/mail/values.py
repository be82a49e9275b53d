"""Texts from outside as they may stand in a mail: on one line, visible, and neither a link nor a look-alike."""

import re
import unicodedata
from datetime import UTC, datetime
from functools import cache

LONGEST = 100
"""Characters of a name in a mail."""

HIDDEN = frozenset({"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp"})
"""Categories of Unicode that show nothing: line breaks, marks that turn the direction of writing, and so on."""

TOGETHER = dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"), "EAST ASIAN")
"""Scripts that one word may mix."""

WORD = re.compile(r"\w+")
DOT = re.compile(r"(?<=\w)\.(?=\w)")


def plain(text: str) -> str:
    """Write what has no shape of its own as its number, so that a value stays on its line and in its direction."""
    return "".join(f"\\u{{{ord(one):x}}}" if unicodedata.category(one) in HIDDEN else one for one in text)


def name(text: str) -> str:
    """Write a name that a user has chosen.

    Letters of a second script in a word become numbers: with a Cyrillic o, "Microsoft" is somebody else. Mail programs
    make a link of `evil.example`, but not of `evil[.]example`.
    """
    short = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    return DOT.sub("[.]", WORD.sub(_one_script, plain(short))).replace("://", "[:]//").replace("@", "[at]")


def moment(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def is_mixed(word: str) -> bool:
    """Return whether the letters of a word are of more than one script."""
    return len(scripts(word)) > 1


def scripts(word: str) -> frozenset[str]:
    return frozenset(_script(one) for one in word if one.isalpha())


def _one_script(found: re.Match[str]) -> str:
    word = found[0]
    if not is_mixed(word):
        return word
    return "".join(one if one.isascii() else f"\\u{{{ord(one):x}}}" for one in word)


@cache
def _script(letter: str) -> str:
    script = unicodedata.name(letter, "UNKNOWN").split()[0].split("-")[0]
    return TOGETHER.get(script, script)
