"""What a job reserves is at least what its results take: else results could exceed the account's limit."""

import pytest

from backplane.services.pictures.encryptions import EncryptRequest, _reserve_bytes, inspect_picture
from shield_core.cipher.purity import Purity
from shield_core.image.payload import Layout
from shield_core.keys.stanzas import PlainWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum.sources import DeterministicSource
from tests.support import pictures


def sample(mode, size):
    image = pictures.make(*size, mode=mode)
    return pictures.as_png(image)


class TestReservation:
    @pytest.mark.parametrize("purity", [Purity.BALANCED, Purity.MULTISTAGE, Purity.MAXIMUM])
    @pytest.mark.parametrize("layout", [Layout.PIXELS, Layout.FILE])
    @pytest.mark.parametrize(
        ("mode", "size"), [("RGB", (300, 200)), ("L", (64, 64)), ("RGBA", (5, 7)), ("I;16", (90, 90))]
    )
    def test_holds_every_result(self, mode, size, layout, purity):
        data = sample(mode, size)
        reserved = _reserve_bytes(inspect_picture(data, layout), EncryptRequest(purity=purity, layout=layout))
        made = encrypt_image(data, source=DeterministicSource(7), wraps=[PlainWrap()], purity=purity, layout=layout)
        assert len(made.png) + len(made.material or b"") <= reserved
