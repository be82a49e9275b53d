import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.errors import KeyFileInvalid
from shield_core.keys import keyfile, spelling
from tests.vectors import reading

KEY_FILES = [
    vector.body for vector in reading.every() if vector.path.parent.name == "key_files" and vector.expect == "success"
]
MARK = b"\xef\xbb\xbf"


FORMS = {
    "as it was": lambda data: data,
    "compact": lambda data: json.dumps(json.loads(data), separators=(",", ":")).encode(),
    "four spaces": lambda data: json.dumps(json.loads(data), indent=4).encode() + b"\n",
    "tabs": lambda data: data.replace(b"  ", b"\t"),
    "backwards": lambda data: json.dumps(dict(reversed(json.loads(data).items())), indent=2).encode() + b"\n",
    "no last line end": lambda data: data[:-1],
    "empty lines behind": lambda data: data + b"\n\n",
    "escaped": lambda data: data.replace(b"imageshield-key-file", b"imageshield\\u002dkey-file"),
}
TOLD = {
    "as it was": None,
    "compact": "the indentation was changed",
    "four spaces": "the indentation was changed",
    "tabs": "the indentation was changed",
    "backwards": "the order of its fields was changed",
    "no last line end": "line ends were added or removed at its end",
    "empty lines behind": "line ends were added or removed at its end",
    "escaped": "it was spelled in another way",
}
LINE_ENDS = {b"\n": None, b"\r\n": "line ends were changed to CRLF", b"\r": "line ends were changed to CR"}


class TestRespelled:
    @pytest.mark.slow
    @given(
        number=st.integers(0, len(KEY_FILES) - 1),
        form=st.sampled_from(sorted(FORMS)),
        end=st.sampled_from(sorted(LINE_ENDS)),
        mark=st.booleans(),
    )
    def test_respelled_file_is_refused_then_restored(self, number, form, end, mark):
        """However another program respelled it: the message names the changes, and the bytes are restored."""
        data = KEY_FILES[number]
        changed = FORMS[form](data).replace(b"\n", end)
        ends = LINE_ENDS[end] if end in changed else None
        told = [TOLD[form]] * bool(TOLD[form]) + [ends] * bool(ends) + ["a byte order mark was put in front"] * mark
        changed = MARK * mark + changed
        assert sorted(spelling.changes(changed)) == sorted(told)
        assert keyfile.encode(keyfile.parse_respelled(changed)) == data
        if changed == data:
            assert keyfile.parse(changed) == keyfile.parse_respelled(changed)
            return
        with pytest.raises(KeyFileInvalid, match="imageshield rewrap") as refused:
            keyfile.parse(changed)
        assert all(clause in str(refused.value) for clause in told)

    @given(number=st.integers(0, len(KEY_FILES) - 1), share=st.floats(0, 1, exclude_max=True))
    def test_truncated_file_is_named_and_not_repaired(self, number, share):
        data = KEY_FILES[number]
        cut = data[: 1 + int(share * (len(data) - 2))]
        for read in (keyfile.parse, keyfile.parse_respelled):
            with pytest.raises(KeyFileInvalid, match="it was truncated"):
                read(cut)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            (lambda data: data.decode().encode("utf-16"), "UTF-16"),
            (lambda data: data.decode().encode("utf-16-le"), "UTF-16"),
            (lambda data: MARK + MARK + data, "damaged"),
            (lambda data: data + data, "behind its end"),
            (lambda data: data + b"x", "behind its end"),
            (lambda data: data.replace(b'"purity"', b'purity"'), "damaged"),
            (lambda data: data.replace(b'"version": 1\n', b'"version": 1,\n  "version": 1\n'), "occurs twice"),
            (lambda data: data.replace(b'"version": 1', b'"version": 1.0'), "a fraction"),
            (lambda data: data.replace(b'"version": 1', b'"version":  1, "comment": ""'), "additional field"),
            (lambda data: data.replace(b'"purity": "balanced",', b""), "missing or additional"),
            (lambda data: data.replace(b'"version": 1', b'"version":2'), r"later version of the format \(2\)"),
            (lambda data: data.replace(b'"nonce_b64": "', b'"nonce_b64":  "\\u0041'), "not canonical"),
            (lambda _: b"{" * 100_000, "truncated|damaged"),
            (lambda _: b'{"a":' * 100_000, "damaged"),
            (lambda _: b"{\xff", "damaged"),
            (lambda _: b"{" + b" " * 1_048_576, "1 MiB"),
            (lambda _: b"", "is empty"),
            (lambda _: b"hello", "no key file"),
            (lambda _: b"\x89PNG\r\n\x1a\n", "this is a PNG"),
            (lambda _: b"imageshield-secret-1:" + b"A" * 48, "this is a recipient's secret key"),
        ],
    )
    def test_other_data_is_refused_with_its_name(self, change, told):
        changed = change(KEY_FILES[0])
        for read in (keyfile.parse, keyfile.parse_respelled):
            with pytest.raises(KeyFileInvalid, match=told):
                read(changed)

    def test_its_old_mac_decides(self):
        """What was changed in more than its spelling is read, and does not open."""
        from shield_core.errors import MacMismatch
        from shield_core.keys.stanzas import PlainOpen

        data = next(data for data in KEY_FILES if b'"plain"' in data and b'"vault"' not in data)
        changed = json.loads(data) | {"created": "2020-01-01T00:00:00Z"}
        parsed = keyfile.parse_respelled(json.dumps(changed).encode())
        with pytest.raises(MacMismatch):
            keyfile.unlock(parsed, [PlainOpen()])
