import json
from hashlib import sha256

import pytest

from shield_core.cipher.purity import Purity
from shield_core.encrypted import inspection, material
from shield_core.errors import HeaderInvalid, HeaderMissing, UnsupportedFormat
from shield_core.image.regions import Region
from tests.core.encrypted.drawn import KEY_ID, TAG, image
from tests.support.pictures import chunk


class TestInspect:
    def test_says_what_everybody_can_see(self):
        _, _, file = image()
        seen = inspection.inspect(file)
        assert seen == {
            "version": 1,
            "suite": 1,
            "layout": "pixels",
            "purity": "balanced",
            "flags": 0,
            "key_id": f"key_{KEY_ID.hex}",
            "width": 7,
            "height": 5,
            "bit_depth": 8,
            "color_type": 2,
            "bytes": len(file),
            "sample_bytes": 105,
            "metadata_bytes": 40,
            "material_sha256": None,
            "regions": [],
            "nonce": bytes(range(24)).hex(),
            "commitment": bytes(range(100, 132)).hex(),
            "tag": TAG.hex(),
            "sound": True,
            "fault": None,
        }
        assert json.loads(json.dumps(seen)) == seen

    def test_says_that_material_and_regions_belong_to_it(self):
        _, _, file = image(purity=Purity.MAXIMUM, material_sha256=b"\x05" * 32, regions=(Region(1, 2, 3, 3),))
        seen = inspection.inspect(file)
        assert (seen["purity"], seen["flags"], seen["material_sha256"]) == ("maximum", 3, "05" * 32)
        assert seen["regions"] == [{"x": 1, "y": 2, "width": 3, "height": 3}]
        assert json.loads(json.dumps(seen)) == seen

    @pytest.mark.parametrize("at", [-1, -20, 30])
    def test_a_changed_byte_makes_it_unsound(self, at):
        _, _, file = image()
        changed = bytearray(file)
        changed[at] ^= 1
        seen = inspection.inspect(changed)
        assert not seen["sound"]
        assert seen["fault"]
        assert seen["width"] == 7

    def test_bytes_behind_the_end_make_it_unsound(self):
        _, _, file = image()
        assert not inspection.inspect(bytes(file) + b"\0")["sound"]

    def test_a_header_that_cannot_be_read_is_refused(self):
        _, _, file = image()
        changed = bytearray(file)
        changed[33 + 8 + 4] = 9
        with pytest.raises(HeaderInvalid):
            inspection.inspect(changed)

    def test_other_pictures_are_refused(self):
        with pytest.raises(UnsupportedFormat):
            inspection.inspect(b"\xff\xd8\xff")
        with pytest.raises(HeaderMissing):
            inspection.inspect(b"\x89PNG\r\n\x1a\n" + chunk(b"IEND", b""))


class TestHeaderOf:
    def test_is_read_though_the_rest_was_changed(self):
        of, _, file = image(purity=Purity.MAXIMUM, material_sha256=b"\x05" * 32)
        assert inspection.header_of(bytes(file[:-1]) + b"\0") == of


class TestInspectMaterial:
    def test_says_what_everybody_can_see(self):
        data = material.seal(bytearray(32), key=bytes(32), key_id=KEY_ID)
        assert inspection.inspect_material(data) == {
            "version": 1,
            "key_id": f"key_{KEY_ID.hex}",
            "bytes": 69,
            "sha256": sha256(data).hexdigest(),
        }

    @pytest.mark.parametrize("data", [b"", b"QSMT\x01" + bytes(31), b"QSMT\x00" + bytes(64), b"QSIS\x01" + bytes(64)])
    def test_what_is_none_is_refused(self, data):
        with pytest.raises(HeaderInvalid):
            inspection.inspect_material(data)
