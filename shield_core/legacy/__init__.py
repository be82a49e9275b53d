"""Decryption of pictures of the predecessor, which used XOR and a permutation, with keys in `.npz` files.

- `arrays` reads these files within bounds, and refuses everything else that a `.npz` can contain.
- `decryption` decrypts a picture, so that it can be encrypted again. Nothing is ever encrypted in this way.

docs/reference/format.md, "Legacy key files".
"""
