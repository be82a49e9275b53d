"""Diagnosis of rewritten key files: other line ends, another indentation, a byte order mark, a lost end."""

import json
from collections.abc import Callable
from typing import Final

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical
from shield_core.recognition import BYTE_ORDER_MARK, KEY_FILE, name_of

_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff", b"{\x00", b"\x00{")


def explain(data: bytes, read: Callable[[object], object]) -> str:
    """Explain why bytes are not a canonical key file, and whether `imageshield rewrap` can restore it.

    Args:
        data: the bytes of the file.
        read: checks the parsed value, and raises KeyFileInvalid if it is not that of a key file.

    Returns:
        One or two sentences that do not quote the file.
    """
    kind = name_of(data)
    if kind not in {None, KEY_FILE}:
        return f"this is {kind}, and no key file: that ends in .qkey"
    if not data.lstrip(BYTE_ORDER_MARK + b" \t\r\n").startswith((b"{", *_UTF_16)):
        return "the file is empty, or no key file: that ends in .qkey"
    told = f"since it was written, {' and '.join(changes(data))}"
    try:
        read(canonical.loads_respelled(data.removeprefix(BYTE_ORDER_MARK)))
    except canonical.NotCanonical:
        return told
    except KeyFileInvalid as error:
        return f"{told}. {error}"
    return f"{told}; `imageshield rewrap` reads it and writes it as it should be"


def changes(data: bytes) -> list[str]:
    """List the ways in which bytes differ from the indented form of canonical JSON.

    Args:
        data: any bytes.

    Returns:
        Clauses such as "line ends were changed to CRLF", in the order of the file; none if nothing differs.
    """
    if data.startswith(_UTF_16):
        return ["it was saved as UTF-16"]
    found = []
    if data.startswith(BYTE_ORDER_MARK):
        found.append("a byte order mark was put in front")
        data = data.removeprefix(BYTE_ORDER_MARK)
    for end, name in ((b"\r\n", "CRLF"), (b"\r", "CR")):
        if end in data:
            found.append(f"line ends were changed to {name}")
            data = data.replace(end, b"\n")
    try:
        value = canonical.loads_respelled(data)
    except canonical.NotCanonical as error:
        return [*found, _damage(data, str(error))]
    return found + _rearrangement(data, value)


def _rearrangement(data: bytes, value: object) -> list[str]:
    due = canonical.dumps_indented(value)
    if data == due:
        return []
    if data.rstrip() == due.rstrip():
        return ["line ends were added or removed at its end"]
    if b"".join(data.split()) == b"".join(due.split()):
        return ["the indentation was changed"]
    if json.dumps(value) != json.dumps(value, sort_keys=True):
        return ["the order of its fields was changed"]
    return ["it was spelled in another way"]


def _damage(data: bytes, fault: str) -> str:
    text = data.decode(errors="replace").strip()
    try:
        _, end = json.JSONDecoder().raw_decode(text)
    except json.JSONDecodeError as error:
        # A parser that runs out of text reports its end, or an unterminated string.
        cut = error.pos >= len(text) or error.msg.startswith("Unterminated string")
        return "it was truncated" if cut else f"it was damaged ({fault})"
    except RecursionError:
        return f"it was damaged ({fault})"
    return "something was added behind its end" if end < len(text) else f"it was damaged ({fault})"
