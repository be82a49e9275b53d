from hashlib import sha256
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from shield_core import errors
from shield_core.container import png
from shield_core.image import intake, payload
from shield_core.image.payload import Layout
from shield_core.keys import keyfile
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image

VECTORS = sorted((Path(__file__).parents[1] / "vectors" / "images").glob("*.vector"))
RUNGS = {error.rung: error for error in errors.DecryptionError.__subclasses__()}


def read(path):
    head, image = path.read_bytes().split(b"\n\n", 1)
    return dict(line.split(": ", 1) for line in head.decode().splitlines()), image


def key_file_for(image, fields):
    """A key file around the vector's file key, for the nonce and id that the image's header shows."""
    front = png.find(image)
    return keyfile.build(
        file_key=bytes.fromhex(fields["file key"]),
        nonce=bytes(front[26:50]),
        key_id=UUID(bytes=bytes(front[10:26])),
        purity="balanced",
        statement_sha256=fields["statement"],
        wraps=[PlainWrap()],
    )


class TestImages:
    @pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
    def test_gives_what_the_vector_says(self, path):
        fields, image = read(path)
        key_file = key_file_for(image, fields)
        if fields["expect"] != "success":
            with pytest.raises(RUNGS[fields["expect"]]):
                decrypt_image(image, key_file, openers=[PlainOpen()])
            return
        back = decrypt_image(image, key_file, openers=[PlainOpen()])
        again = payload.build(back.data, intake.examine(back.data), layout=Layout(back.layout))
        assert sha256(np.ascontiguousarray(again.samples).data).hexdigest() == fields["payload"]

    def test_every_rung_of_an_image_has_one(self):
        assert {read(path)[0]["expect"] for path in VECTORS} == {"success", "commitment", "mac", "header", "payload"}
