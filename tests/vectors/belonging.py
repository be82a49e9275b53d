"""Key file vectors of other times, and of images that fail at other steps of the order."""

from tests.vectors.key_files import Locking, plain


def vectors():
    """Yield name, expectation, comment, the locking, what is given and the key file, as `key_files.vectors`."""
    yield from _times()
    yield from _order()


def _times():
    for name, created, comment in (
        ("year_1000", "1000-01-01T00:00:00Z", "the first second that is accepted"),
        ("year_9999", "9999-12-31T23:59:59Z", "the last second that is accepted"),
        ("leap_day", "2000-02-29T12:00:00Z", "a leap day"),
    ):
        yield f"success_created_{name}", "success", comment, _created(created), {}, None
    for name, created, comment in (
        ("year_0999", "0999-12-31T23:59:59Z", "the year 999"),
        ("year_999", "999-12-31T23:59:59Z", "the year 999 in three digits"),
        ("year_0001", "0001-01-01T00:00:00Z", "the year 1"),
        ("year_0000", "0000-01-01T00:00:00Z", "the year 0"),
        ("year_10000", "10000-01-01T00:00:00Z", "a year of five digits"),
        ("leap_day", "1900-02-29T12:00:00Z", "a leap day of a year without one"),
        ("hour_24", "2026-11-22T24:00:00Z", "hour 24"),
        ("second_60", "2026-12-31T23:59:60Z", "second 60"),
        ("fraction", "2026-11-22T00:00:00.0Z", "a fraction of a second"),
        ("lower", "2026-11-22t00:00:00z", "small letters"),
        ("digits", "\u0662\u0660\u0662\u0666-11-22T00:00:00Z", "digits that are not ASCII"),
        ("number", 1_700_000_000, "a number"),
        ("null", None, "null"),
    ):
        yield f"key_file_created_{name}", "key file", f"created: {comment}", _created(created), {}, None


def _order():
    """Yield vectors with two faults each: the first step that fails counts."""
    for name, expect, image, data, comment in (
        ("header_missing_first", "header missing", "header_missing_plain", b"", "no chunk qsIS, and an empty key file"),
        ("key_file_first", "key file", "header_crc_iend", b"", "a wrong checksum, and an empty key file"),
        ("header_first", "header", "header_crc_iend", None, "a wrong checksum, and a key file of another key"),
    ):
        locking = Locking(plain)
        locking.value["stanzas"][0]["file_key_b64"] = "A" * 43 + "="
        locking.image = image
        yield name, expect, comment, locking, {}, data


def _created(value):
    locking = Locking(plain)
    locking.value["created"] = value
    return locking
