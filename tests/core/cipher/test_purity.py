import pytest

from shield_core.cipher.purity import Purity


class TestPurity:
    @pytest.mark.parametrize(
        ("purity", "code"),
        [(Purity.FAST, 1), (Purity.BALANCED, 2), (Purity.MULTISTAGE, 3), (Purity.MAXIMUM, 4)],
    )
    def test_has_the_code_of_the_format(self, purity, code):
        assert purity.code == code
        assert Purity.from_code(code) is purity

    @pytest.mark.parametrize("code", [0, 5, 255])
    def test_unknown_code_is_refused(self, code):
        with pytest.raises(ValueError, match=str(code)):
            Purity.from_code(code)

    def test_two_of_four_need_material(self):
        assert [purity.needs_material for purity in Purity] == [False, False, True, True]
