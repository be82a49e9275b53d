"""The test vectors of the format, opened by the command line."""

import json
from hashlib import sha256

import pytest

from imageshield.__main__ import run
from shield_core.errors import HeaderMissing, ImageCorrupt, KeyFileInvalid, PictureConverted
from shield_core.image import intake, payload
from shield_core.image.framing import frame
from shield_core.image.payload import Layout
from tests.vectors import reading

ERRORS = (HeaderMissing, PictureConverted, ImageCorrupt)
CODES = {error.code: error.failure for error in (*ERRORS, KeyFileInvalid)}
"""Failures that are public, because each has its own error code."""


class Desk:
    """A directory with all files of one vector, and the command line in it."""

    def __init__(self, directory, capsys):
        self.directory = directory
        self.capsys = capsys

    def lay(self, vector):
        given = {
            "image": vector.image,
            "key": vector.key_file,
            "material": vector.material,
            "header": vector.header,
            "password-file": vector.passphrase.encode() if vector.passphrase is not None else None,
            "identity": f"{vector.identity.text}\n".encode() if vector.identity is not None else None,
        }
        for name, data in given.items():
            path = self.directory / name
            path.unlink(missing_ok=True)
            if data is not None:
                path.write_bytes(data)
        options = [
            f"--{name}={self.directory / name}" for name, data in given.items() if data is not None and name != "image"
        ]
        return [str(self.directory / "image"), f"--key={self.directory / 'key'}", *options]

    def decrypt(self, vector):
        """Return the exit code, what was printed as JSON, and what was written."""
        out = self.directory / "out"
        out.unlink(missing_ok=True)
        code = run(["decrypt", *self.lay(vector), f"--out={out}", "--json"])
        printed = json.loads(self.capsys.readouterr().out)
        return code, printed, out.read_bytes() if out.exists() else None


def released(written, layout):
    """Return the decrypted samples; for the layout `file`, the frame of the file."""
    if layout is Layout.FILE:
        return frame(written)
    return payload.build(written, intake.examine(written), layout=layout).samples


@pytest.fixture
def desk(tmp_path, capsys):
    return Desk(tmp_path, capsys)


@pytest.mark.parametrize("vector", reading.every(), ids=lambda vector: f"{vector.path.parent.name}/{vector.path.stem}")
def test_gives_what_the_vector_says(vector, desk):
    code, printed, written = desk.decrypt(vector)
    if vector.expect == "success":
        assert code == 0
        assert sha256(released(written, Layout(printed["layout"])).data).hexdigest() == vector.payload
        assert vector.file in {None, sha256(written).hexdigest()}
        return
    error = printed["error"]
    told = error.get("rung") or CODES[error["code"]]
    assert (told, written) == (vector.expect, None)
    assert code == (1 if told in {one.failure for one in ERRORS} else 3)
