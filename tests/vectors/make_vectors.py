"""Writes the frozen vectors. Run once, by hand; what exists is never written again, and the tests only read.

    python -m tests.vectors.make_vectors

They come from the slow, plain implementations, and a change of them is a change of the format.
"""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np

from shield_core.cipher import reference
from shield_core.keys import schedule
from tests.vectors import images, regions

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


def write_images():
    """Write one file for each image: readable lines, an empty line, the image (docs/format.md, Vectors)."""
    folder = HERE / "images"
    folder.mkdir(exist_ok=True)
    for name, expect, comment, making, image in (*images.vectors(), *regions.vectors()):
        path = folder / f"{name}.vector"
        if path.exists():
            continue
        lines = {
            "expect": expect,
            "payload": making.payload_sha256 if expect == "success" else None,
            "file key": making.file_key.hex(),
            "statement": images.STATEMENT,
            "comment": comment,
        }
        head = "".join(f"{key}: {value}\n" for key, value in lines.items() if value is not None)
        path.write_bytes(head.encode() + b"\n" + (image or making.image()))


def main():
    write_images()
    for name, make in {"permutation": permutation, "key_schedule": key_schedule}.items():
        path = HERE / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(make(), indent=2) + "\n")


if __name__ == "__main__":
    main()
