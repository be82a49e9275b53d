"""Generator of missing frozen vectors, run by hand. It never overwrites a vector, and the tests only read them.

    python -m tests.vectors.make_vectors

The vectors come from the reference implementations; a change of a vector is a change of the format.
"""

import json
from base64 import b64encode
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np

from shield_core.cipher import reference
from shield_core.image.payload import Layout
from shield_core.keys import schedule
from tests.independent.vector import Vector
from tests.vectors import (
    belonging,
    detached,
    frames,
    images,
    key_files,
    malformed,
    missing,
    purities,
    rebuilding,
    regions,
    undecoded,
    wrong_rebuilding,
    wrongly_saved,
)

HERE = Path(__file__).parent
SIZES = (1, 2, 5, 2**17, 2**17 + 1, 2**18 + 1)


def permutation():
    """Orders: pixel t of the permuted picture is pixel order[t] of the picture. Digests are over u32 little-endian."""
    vectors = []
    for n in SIZES:
        key = sha256(f"permutation {n}".encode()).digest()
        order = reference.order(n, key)
        digest = sha256(np.array(order, "<u4").tobytes()).hexdigest()
        vectors.append({"n": n, "key": key.hex(), "first": order[:8], "order_sha256": digest})
    return {"comment": permutation.__doc__, "vectors": vectors}


def key_schedule():
    """Keys of 32 bytes from a file key of 32 and a nonce of 24, in hexadecimal."""
    vectors = []
    for number in range(4):
        file_key = sha256(f"file key {number}".encode()).digest()
        nonce = sha256(f"nonce {number}".encode()).digest()[:24]
        keys = schedule.derive(file_key, nonce)
        derived = {name: getattr(keys, name).hex() for name in schedule.Schedule.__dataclass_fields__}
        vectors.append({"file_key": file_key.hex(), "nonce": nonce.hex(), **derived})
    return {"comment": key_schedule.__doc__, "vectors": vectors}


def segments():
    """`multistage`: the keystream of a picture's first 2^20 + 5 bytes, from the stream key and two segment seeds."""
    key, seeds = sha256(b"stream key").digest(), [sha256(f"segment {number}".encode()).digest() for number in range(2)]
    keystream = reference.stream(bytes(2**20 + 5), key, seeds=seeds)
    return {
        "comment": segments.__doc__,
        "stream_key": key.hex(),
        "seeds": [seed.hex() for seed in seeds],
        "first": keystream[:32].hex(),
        "last": keystream[-5:].hex(),
        "keystream_sha256": sha256(keystream).hexdigest(),
    }


def made_images():
    """Yield name, lines and body of each image; the lines are those of README.md."""
    for name, expect, comment, making, image in (
        *images.vectors(),
        *regions.vectors(),
        *frames.vectors(),
        *undecoded.vectors(),
        *wrong_rebuilding.vectors(),
        *missing.vectors(),
    ):
        yield name, _about_image(making, expect, comment), image or making.image()
    for name, expect, comment, making, image in rebuilding.vectors():
        lines = _about_image(making, expect, comment)
        yield name, lines | {"file": _file_digest(making, lines, image)}, image
    for name, expect, comment, making, image, given in purities.vectors():
        lines = _about_image(making, expect, comment) | {"purity": making.purity.value}
        yield name, lines | ({"material": b64encode(given).decode()} if given else {}), image


def _file_digest(making, lines, image):
    """Return the SHA-256 of the restored file, from the independent implementation, if every byte is fixed."""
    fixed = making.content.layout is Layout.FILE or not making.about["source"]["rebuild"].get("packed")
    return Vector(HERE, lines, image).outcome()["file"] if fixed else None


def _about_image(making, expect, comment):
    return {
        "expect": expect,
        "payload": making.payload_sha256 if expect == "success" else None,
        "file key": making.file_key.hex(),
        "statement": images.STATEMENT,
        "comment": comment,
    }


def made_key_files():
    """Yield name, lines and body of each key file."""
    for name, expect, comment, locking, given, data in (
        *key_files.vectors(),
        *malformed.vectors(),
        *belonging.vectors(),
    ):
        lines = {
            "expect": expect,
            "payload": locking.payload if expect == "success" else None,
            "image": locking.image,
            **given,
            "comment": comment,
        }
        yield name, lines, locking.data() if data is None else data


def made_detached():
    """Yield name, lines and body of each picture for detached decryption."""
    for name, expect, comment, making, front, data in (*detached.vectors(), *wrongly_saved.vectors()):
        lines = _about_image(making, expect, comment) | {"header": b64encode(front).decode()}
        yield name, lines | _about_material(making), data


def _about_material(making):
    if not isinstance(making, purities.Measuring):
        return {}
    sealed = making.sealed()
    return {"purity": making.purity.value} | ({"material": b64encode(sealed).decode()} if sealed else {})


def write_once(path, data):
    """Write a missing file; never change an existing one, even if its content would now be different."""
    path.parent.mkdir(exist_ok=True)
    with suppress(FileExistsError), path.open("xb") as file:
        file.write(data)


def main():
    for folder, vectors in (("images", made_images), ("key_files", made_key_files), ("detached", made_detached)):
        for name, lines, body in vectors():
            head = "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)
            write_once(HERE / folder / f"{name}.vector", head.encode() + b"\n" + body)
    for make in (permutation, key_schedule, segments):
        write_once(HERE / f"{make.__name__}.json", (json.dumps(make(), indent=2) + "\n").encode())


if __name__ == "__main__":
    main()
