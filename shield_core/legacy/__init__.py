"""What the predecessor left behind: pictures under a XOR and a permutation, and their keys as `.npz`.

- `arrays` reads such a file within bounds, and nothing else that a `.npz` can be.
- `decryption` undoes the rule, so that the picture can be encrypted anew. Nothing is ever encrypted like this.

docs/reference/format.md, "Legacy key files".
"""
