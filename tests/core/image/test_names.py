import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.image.names import harmless_name, with_suffix


class TestHarmlessName:
    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            (None, None),
            ("", None),
            (".", None),
            ("..", None),
            ("/", None),
            ("photo.jpg", "photo.jpg"),
            ("Émile's photo (1).JPG", "Émile's photo (1).JPG"),
            ("../../etc/passwd", "passwd"),
            ("/etc/cron.d/evil", "evil"),
            ("C:\\Users\\me\\photo.png", "photo.png"),
            ("..\\..\\photo.png", "photo.png"),
            (".bashrc", "bashrc"),
            ("...hidden.png", "hidden.png"),
            ("a\x00b\x1b[31m\r\n.png", "ab[31m.png"),
            ("\u202egnp.exe", "gnp.exe"),
            ("one\u2028two.png", "onetwo.png"),
            ("a\ud800b.png", "a\ufffdb.png"),
            ("  spaced.png  ", "spaced.png"),
            ("家族.png", "家族.png"),
        ],
    )
    def test_keeps_what_is_harmless(self, name, kept):
        assert harmless_name(name) == kept

    def test_cuts_the_stem_and_keeps_the_suffix(self):
        kept = harmless_name("é" * 500 + ".png")
        assert kept.endswith("é.png")
        assert len(kept.encode()) <= 255

    def test_a_suffix_that_never_ends_is_cut_as_well(self):
        assert len(harmless_name("a." + "b" * 5000).encode()) == 255

    @given(st.text(st.characters(codec=None), max_size=600))
    def test_is_always_one_harmless_component(self, name):
        kept = harmless_name(name)
        if kept is not None:
            assert 0 < len(kept.encode()) <= 255
            assert not kept.startswith(".")
            assert not {"/", "\\", "\x00", "\n", "\x1b"} & set(kept)
            assert harmless_name(kept) == kept


class TestWithSuffix:
    @pytest.mark.parametrize(
        ("name", "changed"),
        [
            (None, None),
            ("photo.jpg", "photo.png"),
            ("photo", "photo.png"),
            ("a.b.webp", "a.b.png"),
            ("x" * 255, "x" * 251 + ".png"),
        ],
    )
    def test_replaces_the_last_one(self, name, changed):
        assert with_suffix(name, ".png") == changed
