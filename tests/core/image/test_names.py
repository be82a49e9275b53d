import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.image.names import STEM_ROOM, harmless_name, harmless_stem, with_suffix_of
from shield_core.image.suffixes import SUFFIXES

ENDINGS = (".enc.png", ".enc.qkey", ".enc.qmat", ".receipt.json")
DEVICES = ["CON", "nul", "Prn", "AUX", "COM0", "com9", "COM¹", "lpt1", "LPT³", "CONIN$", "conout$"]
PARTS = [
    *("a", "e", "Z", "9", "_", "家", "ب", "é", "\U0001d54f", "🖼", "~", "$", "'"),
    *(".", "..", "-", "\u2013", " ", "\u00a0", "\u2003", "\u3000", "/", "\\", ":", "*", "?", '"', "<", ">", "|"),
    *("\x00", "\n", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029"),
    *("\u0301", "\u0338", "\u20dd", "\u1161", "\u11a8", "\u212b", "\u212a", "\u2126"),
    *("\u200b", "\u200d", "\u200e", "\u202e", "\u2066", "\ufeff", "\u00ad", "\u034f", "\u3164", "\u2800", "\u061c"),
    *("\ufe0f", "\U000e0100", "\U000e0041", "\U000e007f", "\U0001d159", "\U0001d173"),
    *("\ud800", "\udfff", "\udc80", "\ue000", "\uf03a", "\ufdd0", "\uffff", "\U0010ffff", "\u0378", "\U0001fffe"),
    *(".png", ".JPG", ".jpeg", ".sh", ".desktop", ".tar.gz", "x" * 250, "é" * 126, " " * 250, "." * 250),
    *DEVICES,
]
names = st.one_of(
    st.lists(st.sampled_from(PARTS), max_size=12).map("".join),
    st.lists(st.sampled_from(PARTS) | st.characters(codec=None), max_size=40).map("".join),
    st.text(st.characters(codec=None), max_size=600),
)
media_types = st.sampled_from([None, "application/octet-stream", *SUFFIXES])
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001d159\U000e0000-\U000e0fff]"
)


def is_harmless(name):
    """An oracle, written from the rules and not from the code."""
    first, last = unicodedata.category(name[0]), name[-1]
    stem = name.split(".")[0].rstrip(" ").upper()
    return (
        0 < len(name.encode()) <= 255
        and unicodedata.is_normalized("NFC", name)
        and not any(unicodedata.category(character)[0] == "C" for character in name)
        and not INVISIBLE.search(name)
        and not set(name) & set('/\\<>:"|?*\u2028\u2029')
        and name[0] != "."
        and first not in {"Pd", "Zs", "Mn", "Mc", "Me"}
        and last != "."
        and unicodedata.category(last) != "Zs"
        and stem not in {device.upper() for device in DEVICES}
        and not re.fullmatch(r"(COM|LPT)[0-9¹²³]", stem)
    )


class TestHarmlessName:
    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            (None, None),
            ("", None),
            (".", None),
            ("..", None),
            (". .", None),
            ("-- .", None),
            ("\u200b\u3164", None),
            ("/", None),
            ("photo.jpg", "photo.jpg"),
            ("Émile's photo (1).JPG", "Émile's photo (1).JPG"),
            ("Ärztebrief 2024.png", "Ärztebrief 2024.png"),
            ("A\u0308rztebrief 2024.png", "Ärztebrief 2024.png"),
            ("9.41.00\u202fAM.png", "9.41.00\u202fAM.png"),
            ("../../etc/passwd", "passwd"),
            ("/etc/cron.d/evil", "evil"),
            ("C:\\Users\\me\\photo.png", "photo.png"),
            ("..\\..\\photo.png", "photo.png"),
            (".bashrc", "bashrc"),
            ("...hidden.png", "hidden.png"),
            (". .bash_login", "bash_login"),
            (".\u00a0.bash_login", "bash_login"),
            ("\u200b.\u034f-\u0301.bashrc", "bashrc"),
            ("-rf.png", "rf.png"),
            ("—rf.png", "rf.png"),
            ("a\x00b\x1b[31m\r\n.png", "ab[31m.png"),
            ("\u202egnp.exe", "gnp.exe"),
            ("one\u2028two.png", "onetwo.png"),
            ("a\ud800b.png", "a\ufffdb.png"),
            ("\ue000.png", "\ufffd.png"),
            ("photo.png\uf03aevil.exe", "photo.png\ufffdevil.exe"),
            ("photo.png:evil.exe", "photo.png_evil.exe"),
            ("  spaced.png  ", "spaced.png"),
            ("photo.png. .", "photo.png"),
            ("con", "_con"),
            ("NUL.png", "_NUL.png"),
            ("com1 .tar.gz", "_com1 .tar.gz"),
            ("LPT².png", "_LPT².png"),
            ("CONIN$", "_CONIN$"),
            ("console.png", "console.png"),
            ("家族.png", "家族.png"),
        ],
    )
    def test_keeps_what_is_harmless(self, name, kept):
        assert harmless_name(name) == kept

    def test_cuts_the_stem_and_keeps_the_suffix(self):
        kept = harmless_name("é" * 500 + ".png")
        assert kept.endswith("é.png")
        assert len(kept.encode()) <= 255

    def test_overlong_suffix_is_truncated(self):
        assert len(harmless_name("a." + "b" * 5000).encode()) == 255

    @pytest.mark.parametrize("name", ["CON" + " " * 300 + "x.png", "CON." + "a" * 251, "nul" + "." * 252 + "x"])
    def test_cut_name_is_no_device_either(self, name):
        kept = harmless_name(name)
        assert is_harmless(kept)
        assert harmless_name(kept) == kept

    @pytest.mark.slow
    @settings(max_examples=500)
    @given(names)
    def test_is_always_one_harmless_component(self, name):
        kept = harmless_name(name)
        assert kept is None or is_harmless(kept)

    @pytest.mark.slow
    @settings(max_examples=500)
    @given(names)
    def test_changes_nothing_the_second_time(self, name):
        kept = harmless_name(name)
        assert harmless_name(kept) == kept


class TestHarmlessStem:
    @pytest.mark.parametrize(
        ("name", "stem"),
        [
            (None, "image"),
            ("..", "image"),
            ("photo.jpg", "photo"),
            ("a.b.webp", "a.b"),
            ("a. .png", "a"),
            ("photo", "photo"),
            ("NUL.png", "_NUL"),
            ("x" * 300 + ".png", "x" * (255 - STEM_ROOM)),
        ],
    )
    def test_is_the_name_without_its_suffix(self, name, stem):
        assert harmless_stem(name, fallback="image") == stem

    @pytest.mark.slow
    @settings(max_examples=500)
    @given(names, st.sampled_from(ENDINGS), st.sampled_from(["", "-100", " (2)"]))
    def test_name_stays_harmless_with_any_suffix(self, name, ending, number):
        made = harmless_stem(name, fallback="image") + number + ending
        assert is_harmless(made)
        assert harmless_name(made) == made


class TestWithSuffixOf:
    @pytest.mark.parametrize(
        ("name", "media_type", "changed"),
        [
            (None, "image/png", "image.png"),
            (None, None, "image.bin"),
            ("photo.png", "image/png", "photo.png"),
            ("PHOTO.JPEG", "image/jpeg", "PHOTO.JPEG"),
            ("photo.jpg", "image/png", "photo.png"),
            ("photo", "image/png", "photo.png"),
            ("a.b.webp", "image/png", "a.b.png"),
            ("run.sh", "image/png", "run.sh.png"),
            ("authorized_keys", "image/jpeg", "authorized_keys.jpg"),
            ("scan.dng", "image/tiff", "scan.dng"),
            ("x" * 255, "image/png", "x" * 251 + ".png"),
            ("photo.heic", "image/heic", "photo.heic"),
            ("photo.heic", None, "photo.heic"),
            ("run.desktop", None, "run.desktop.bin"),
            ("run.svg", "application/octet-stream", "run.svg.bin"),
        ],
    )
    def test_promises_what_the_file_is(self, name, media_type, changed):
        assert with_suffix_of(name, media_type) == changed

    @pytest.mark.slow
    @settings(max_examples=500)
    @given(names, media_types)
    def test_stays_harmless_and_never_changes_again(self, name, media_type):
        made = with_suffix_of(harmless_name(name), media_type)
        assert is_harmless(made)
        assert harmless_name(made) == made
        assert with_suffix_of(made, media_type) == made
        assert made.lower().endswith(SUFFIXES.get(media_type, (".bin", *sum(SUFFIXES.values(), ()))))


class TestSuffixes:
    def test_are_lower_case_and_short(self):
        suffixes = sum(SUFFIXES.values(), ())
        assert all(re.fullmatch(r"\.[a-z0-9]{1,5}", suffix) for suffix in suffixes)

    def test_none_is_run_by_a_double_click(self):
        programs = {".svg", ".html", ".exe", ".com", ".bat", ".sh", ".desktop", ".js", ".app", ".scr", ".lnk", ".url"}
        assert not programs & set(sum(SUFFIXES.values(), ()))
