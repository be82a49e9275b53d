"""Values that come as text in a query, a form or a header: each has one accepted spelling."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, LiteralString

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, ValidatorFunctionWrapHandler, WrapValidator
from pydantic_core import PydanticCustomError

_LEAP_SECOND = re.compile(r"(?<=[Tt]\d\d:\d\d):60(\.\d+)?", re.ASCII)


def _spelled(pattern: str, kind: LiteralString, message: LiteralString) -> BeforeValidator:
    """Refuse texts of another shape before they are parsed."""
    shape = re.compile(pattern, re.ASCII)

    def check(value: Any) -> Any:
        if isinstance(value, str) and not shape.fullmatch(value):
            raise PydanticCustomError(kind, message)
        return value

    return BeforeValidator(check)


def _read_leap_second(value: Any, read: ValidatorFunctionWrapHandler) -> datetime:
    """Read a time, and a leap second as the last microsecond before it: `datetime` has no second 60."""
    early = _LEAP_SECOND.sub(":59.999999", value) if isinstance(value, str) else value
    moment: datetime = read(early)
    # RFC 3339, section 5.7: at the end of a day in UTC and nowhere else.
    if early != value and (moment.hour, moment.minute) != (23, 59):
        raise PydanticCustomError("datetime_parsing", "A leap second is at 23:59:60 in UTC")
    return moment


def _to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_parsing", "The time is before year 1 or after year 9999 in UTC") from None


WholeNumber = Annotated[int, _spelled("0|[1-9][0-9]{0,17}", "int_parsing", "A whole number in plain digits")]
Flag = Annotated[bool, _spelled("true|false|True|False", "bool_parsing", "Either true or false")]
"""With a capital letter too: generated Python clients write booleans in forms like that."""
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_to_utc),
    WrapValidator(_read_leap_second),
    _spelled(
        # A fraction may have any number of digits: the framework cuts those after the microseconds.
        r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)",
        "datetime_parsing",
        "A time as in RFC 3339 with its zone, such as 2026-01-02T03:04:05Z",
    ),
]
Day = Annotated[date, _spelled(r"\d{4}-\d\d-\d\d", "date_parsing", "A day such as 2026-01-02")]
