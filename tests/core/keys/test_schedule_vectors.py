import json
from pathlib import Path

import pytest

from shield_core.keys.schedule import derive

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "key_schedule.json").read_text())


class TestVectors:
    @pytest.mark.parametrize("vector", VECTORS["vectors"])
    def test_keys_are_the_frozen_ones(self, vector):
        keys = derive(bytes.fromhex(vector["file_key"]), bytes.fromhex(vector["nonce"]))
        names = vector.keys() - {"file_key", "nonce"}
        assert {name: getattr(keys, name).hex() for name in names} == {name: vector[name] for name in names}
