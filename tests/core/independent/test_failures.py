"""All test vectors, decrypted by the implementation that was written from docs/reference/format.md alone."""

import hashlib
import json
from pathlib import Path

import pytest

import tests.vectors
from tests.independent import permutation, schedule
from tests.independent.__main__ import main
from tests.independent.material import Keystreams, keystreams
from tests.independent.vector import Vector

VECTORS = Path(next(iter(tests.vectors.__path__)))
LADDER = sorted(VECTORS.glob("*/*.vector"))


def parts(name):
    return json.loads((VECTORS / f"{name}.json").read_text())


def keys(**changes):
    return schedule.Keys(**dict.fromkeys(schedule.Keys.__dataclass_fields__, bytes(32)) | changes)


class TestLadder:
    @pytest.mark.slow
    @pytest.mark.parametrize("path", LADDER, ids=lambda path: f"{path.parent.name}/{path.stem}")
    def test_gives_what_the_vector_says(self, path):
        vector = Vector.read(path)
        outcome = vector.outcome()
        said = {name: vector.lines[name] for name in ("expect", "payload", "file") if name in vector.lines}
        assert {name: outcome.get(name) for name in said} == said

    def test_has_several_rungs(self):
        assert len({Vector.read(path).lines["expect"] for path in LADDER}) >= 7


class TestParts:
    @pytest.mark.slow
    @pytest.mark.parametrize("part", parts("permutation")["vectors"], ids=lambda part: str(part["n"]))
    def test_permutation(self, part):
        streams = Keystreams(keys(permutation=bytes.fromhex(part["key"])), b"")
        order = permutation.order(part["n"], streams.lane)
        assert order[:8] == part["first"]
        digest = hashlib.sha256(b"".join(place.to_bytes(4, "little") for place in order)).hexdigest()
        assert digest == part["order_sha256"]

    @pytest.mark.parametrize("part", parts("key_schedule")["vectors"], ids=lambda part: part["nonce"][:8])
    def test_key_schedule(self, part):
        derived = schedule.derive(bytes.fromhex(part["file_key"]), bytes.fromhex(part["nonce"]))
        for name, value in part.items():
            if name not in {"file_key", "nonce"}:
                assert getattr(derived, name).hex() == value, name

    def test_segments(self):
        part = parts("segments")
        seeds = b"".join(bytes.fromhex(seed) for seed in part["seeds"])
        streams = keystreams("multistage", keys(stream=bytes.fromhex(part["stream_key"])), seeds, 2**20 + 5, 1)
        assert streams.stream[:32].hex() == part["first"]
        assert streams.stream[-5:].hex() == part["last"]
        assert hashlib.sha256(streams.stream).hexdigest() == part["keystream_sha256"]


class TestCommandLine:
    @pytest.fixture
    def files(self, tmp_path):
        vector = Vector.read(VECTORS / "key_files" / "success_passphrase.vector")
        image = Vector.read(VECTORS / "images" / f"{vector.lines['image']}.vector")
        (tmp_path / "image").write_bytes(image.file)
        (tmp_path / "key").write_bytes(vector.file)
        (tmp_path / "password").write_text(f"{vector.lines['passphrase']}\n")
        return tmp_path

    def run(self, files):
        arguments = ["image", "key", "--password-file", "password", "-o", "out"]
        return main([argument if argument.startswith("-") else str(files / argument) for argument in arguments])

    def test_writes_the_picture(self, files):
        assert self.run(files) == 0
        assert (files / "out").read_bytes().startswith(b"\x89PNG")

    def test_with_another_password_writes_nothing(self, files, capsys):
        (files / "password").write_text("not the password")
        assert self.run(files) == 3
        assert capsys.readouterr().err == "no match: no stanza opens\n"
        assert not (files / "out").exists()
