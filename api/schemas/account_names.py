"""Names of accounts: what members, and strangers who are invited, read of an account."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

MAX_NAME = 80
UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of what shows nothing, breaks a line, turns the direction of writing, or has no meaning yet."""

IGNORABLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and symbols without a glyph, and the marks that only join."""

ALIKE = frozenset({"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC"})
"""Scripts whose letters look like each other's: of two in one word, one is a disguise (UTS 39, section 5)."""

RULE = (
    f"1 to {MAX_NAME} characters of one line, without control characters and marks of direction; a word has letters of "
    "one script"
)


def check_name(value: str) -> str:
    """Return a name in NFC and without blanks around it."""
    name = unicodedata.normalize("NFC", value).strip()
    if not 1 <= len(name) <= MAX_NAME:
        raise _unfit(f"1 to {MAX_NAME} characters")
    if any(unicodedata.category(one) in UNSEEN or one in IGNORABLE or _is_selector(one) for one in name):
        raise _unfit("A name has no control characters, marks of direction and characters that show nothing")
    if any(len(_scripts(word) & ALIKE) > 1 for word in name.split()):
        raise _unfit("A word mixes letters of two alphabets that look alike")
    return name


def _scripts(word: str) -> frozenset[str]:
    return frozenset(unicodedata.name(letter, "UNKNOWN").split()[0] for letter in word if letter.isalpha())


def _is_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _unfit(message: str) -> PydanticCustomError:
    return PydanticCustomError("unfit_name", "{message}", {"message": message})


AccountName = Annotated[
    str,
    Field(description=RULE, examples=["Radiology"], json_schema_extra={"minLength": 1}),
    AfterValidator(check_name),
]
