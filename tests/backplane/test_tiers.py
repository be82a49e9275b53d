"""The file of tiers: the packaged one is valid, and every fault of another one is named."""

import re
from dataclasses import FrozenInstanceError

import pytest

from backplane.services.usage.tiers import MAX_BYTES, PACKAGED, TiersInvalid, read_tiers

TEXT = PACKAGED.read_text()


@pytest.fixture
def read(tmp_path):
    def of(text):
        file = tmp_path / "tiers.toml"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return read_tiers(file)

    return of


class TestPackagedTable:
    def test_has_the_three_tiers(self):
        found = read_tiers(PACKAGED)
        assert [(tier.id, tier.price_per_month) for tier in found.tiers] == [
            ("free", 0),
            ("pro", 29),
            ("enterprise", None),
        ]

    def test_is_frozen(self):
        with pytest.raises(FrozenInstanceError):
            read_tiers(PACKAGED).tiers[0].file_bytes = 1


class TestUnfitTable:
    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            (
                "price_per_month = 29",
                'price_per_month = "ask"',
                'tiers.1.price_per_month: must be a number of at least 0, or "contact"',
            ),
            ("price_per_month = 29", "price_per_month = -1", "tiers.1.price_per_month: must be"),
            ("price_per_month = 29", "price_per_month = nan", "tiers.1.price_per_month: must be"),
            ("price_per_month = 29", "price_per_month = inf", "tiers.1.price_per_month: must be"),
            ("price_per_month = 29", "price_per_month = true", "tiers.1.price_per_month: must be"),
            ("price_per_month = 29\n", "", "tiers.1.price_per_month: Field required"),
            (
                "file_bytes = 5_000_000",
                "file_bytes = 5e6",
                'tiers.0.file_bytes: must be a whole number of at least 0, or "unlimited"',
            ),
            ('"basic"', '"some"', "tiers.0.analytics: Input should be 'basic' or 'full'"),
            ('["balanced"]', '["medium"]', "tiers.0.purities.0: Input should be 'fast', 'balanced', 'multistage' or"),
            ('["balanced"]', "[]", "tiers.0.purities: Tuple should have at least 1 item"),
            ('id = "pro"', 'id = "Pro!"', "tiers.1.id: String should match pattern"),
            ('id = "pro"', 'id = "free"', "has an id twice"),
            ('id = "enterprise"', 'id = "business"', 'lacks the tier "enterprise"'),
            ('name = "Pro"', 'name = ""', "tiers.1.name: String should have at least 1 character"),
            ('name = "Pro"', 'name = "Pro"\ncolor = "red"', "tiers.1.color: Unexpected keyword argument"),
            ('currency = "USD"', 'currency = "$"', "currency: String should match pattern"),
            ('currency = "USD"', "currency =", "is not TOML: Invalid value (at line 5"),
        ],
    )
    def test_fault_is_named_with_its_place(self, read, old, new, said):
        assert old in TEXT
        with pytest.raises(TiersInvalid, match=re.escape(said)):
            read(TEXT.replace(old, new, 1))

    def test_every_fault_is_named_at_once(self, read):
        with pytest.raises(TiersInvalid, match=r"tiers\.0\.analytics.*tiers\.1\.price_per_month"):
            read(TEXT.replace('"basic"', '"some"').replace("= 29", "= -1"))

    @pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"#" * (MAX_BYTES + 1), b"tiers = 1", b"[]"])
    def test_other_file_is_refused(self, read, content):
        with pytest.raises(TiersInvalid):
            read(content)

    def test_missing_file_is_named(self, tmp_path):
        with pytest.raises(TiersInvalid, match=r"absent\.toml cannot be read: No such file or directory"):
            read_tiers(tmp_path / "absent.toml")
