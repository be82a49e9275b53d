import json
from collections import Counter
from hashlib import sha256

import numpy as np
import pytest

from shield_core import errors
from shield_core.cipher import segments
from shield_core.image import intake, payload
from shield_core.image.framing import frame
from shield_core.image.payload import Layout
from shield_core.keys import passphrase
from shield_core.keys.recipients import RecipientOpen
from shield_core.keys.stanzas import PassphraseOpen, PlainOpen
from shield_core.pipeline import decrypt_image
from tests.vectors import make_vectors, reading

VECTORS = reading.every()
RUNGS = {
    error.failure: error
    for error in (
        *errors.DecryptionError.__subclasses__(),
        errors.HeaderMissing,
        errors.KeyFileInvalid,
        errors.PictureConverted,
        errors.ImageCorrupt,
    )
}


def openers(vector):
    found = [PlainOpen()]
    if vector.identity is not None:
        found.append(RecipientOpen(vector.identity))
    if vector.passphrase is not None:
        found.append(PassphraseOpen.from_passphrase(vector.passphrase))
    return found


def decrypt(vector):
    return decrypt_image(
        vector.image, vector.key_file, openers=openers(vector), material=vector.material, detached=vector.header
    )


def _samples(back):
    """Return the released samples: the frame of any file, or all pixels."""
    if back.layout is Layout.FILE:
        return frame(back.data)
    return payload.build(back.data, intake.examine(back.data), layout=Layout.PIXELS).samples


class TestSegments:
    VECTOR = json.loads((reading.HERE / "segments.json").read_text())

    def test_keystream_over_the_border_between_two(self):
        seeds = b"".join(bytes.fromhex(seed) for seed in self.VECTOR["seeds"])
        keystream = np.zeros(2**20 + 5, np.uint8)
        segments.apply(keystream, bytes.fromhex(self.VECTOR["stream_key"]), seeds)
        assert keystream[:32].tobytes().hex() == self.VECTOR["first"]
        assert keystream[-5:].tobytes().hex() == self.VECTOR["last"]
        assert sha256(keystream.data).hexdigest() == self.VECTOR["keystream_sha256"]


class TestFrozen:
    def test_none_is_written_again(self, tmp_path):
        path = tmp_path / "new" / "a.vector"
        make_vectors.write_once(path, b"first")
        make_vectors.write_once(path, b"second")
        assert path.read_bytes() == b"first"

    def test_the_readme_names_every_line_and_every_file(self):
        readme = (reading.HERE / "README.md").read_text()
        names = {line for vector in VECTORS for line in vector.fields} | {
            path.name for path in reading.HERE.glob("*.json")
        }
        assert [name for name in sorted(names) if f"`{name}`" not in readme] == []


class TestLadder:
    @pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.path.parent.name}/{vector.path.stem}")
    def test_gives_what_the_vector_says(self, vector):
        if vector.expect != "success":
            with pytest.raises(RUNGS[vector.expect]):
                decrypt(vector)
            return
        back = decrypt(vector)
        assert sha256(_samples(back).data).hexdigest() == vector.payload
        assert vector.file in {None, sha256(back.data).hexdigest()}

    def test_every_rung_has_several(self):
        count = Counter(vector.expect for vector in VECTORS)
        assert count.keys() == {"success", *RUNGS}
        assert min(count.values()) >= 5
        assert count.total() >= 100

    def test_a_key_file_that_is_refused_derives_nothing(self, monkeypatch):
        monkeypatch.setattr(passphrase, "Argon2id", None)
        monkeypatch.setattr(passphrase, "PBKDF2HMAC", None)
        refused = [vector for vector in VECTORS if vector.expect == "key file"]
        assert refused
        for vector in refused:
            with pytest.raises(errors.KeyFileInvalid):
                decrypt(vector)
