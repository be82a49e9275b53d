"""Formatting of numbers and untrusted names for people, the same in every output format."""

import math
import unicodedata
from typing import Final

LONGEST_NAME: Final = 96
"""The longest file name in a report, in characters: a name that fills the page would hide the report."""

VERDICTS: Final = {
    "as_expected": "as expected",
    "unusual": "unusual",
    "failed": "failed",
    "not_tested": "not tested",
}
"""The words for each verdict."""

LONGEST_LINE: Final = 240
"""The longest other untrusted text in a report, in characters: three lines."""

_DIGITS: Final = {"bits per byte": 4, "%": 4}
_MOST_DIGITS: Final = 9
_LARGE: Final = 100
_HUGE: Final = 1_000
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def number(value: float | None, *, unit: str = "", sd: float | None = None) -> str:
    """Write a number with as many digits as its standard deviation justifies, and two more.

    Args:
        value: None is written as a dash.
        unit: of the value; it decides the digits where there is no deviation. A percent sign is written.
        sd: standard deviation, in the same unit.
    """
    if value is None:
        return "-"
    digits = _DIGITS.get(unit, 0 if float(value).is_integer() or abs(value) >= _LARGE else 4)
    if sd:
        digits = max(0, min(_MOST_DIGITS, 1 - math.floor(math.log10(sd))))
    text = f"{round(value, digits) + 0.0:,.{digits}f}"  # adding zero turns negative zero into zero
    return f"{text} %" if unit == "%" else text


def deviation(value: float | None) -> str:
    """Write the deviation of a value in standard deviations, with its sign."""
    if value is None:
        return "-"
    return f"{value:+,.2f}" if abs(value) < _HUGE else f"{value:+,.0f}"


def probability(value: float | None) -> str:
    """Write a p-value: three digits, or a power of ten."""
    if value is None:
        return "-"
    if value == 0:
        return "< 1e-300"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"  # noqa: PLR2004 - smaller ones have zeros only


def name(text: str | None) -> str | None:
    """Make an untrusted name safe to display: one line, one direction, not too long.

    Args:
        text: a file name, or None.

    Source: Unicode Technical Report 36, section 2.5 (hidden and bidirectional characters).
    """
    return None if text is None else line(text, longest=LONGEST_NAME)


def line(text: str, *, longest: int = LONGEST_LINE) -> str:
    """Make any text safe to display, as `name` does; its beginning and its end are kept.

    Args:
        text: from anywhere.
        longest: characters.
    """
    half = (longest - 1) // 2
    shown = text if len(text) <= longest else f"{text[:half]}…{text[-half:]}"
    return "".join(_visible(character) for character in shown)


def _visible(character: str) -> str:
    return "\ufffd" if unicodedata.category(character) in _HIDDEN else character
