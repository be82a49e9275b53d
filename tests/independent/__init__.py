"""A second implementation of the format, written from docs/reference/format.md alone: it decrypts, slowly and plainly.

Nothing here imports the product. AES, ChaCha20, Argon2id and X25519 come from `cryptography`, everything else from the
standard library.

    python -m tests.independent photo.enc.png photo.enc.qkey --password-file pw -o photo.png

`decrypt` follows the steps of the document. `png`, `header` and `regions` read the image, `keyfile`, `stanzas`,
`recipient` and `mlkem` the key file. `schedule` derives the keys; `material` and `permutation` undo the encryption.
`metadata`, `rebuild`, `bmp` and `tiff` give the file back. `vector` runs a vector of tests/vectors.
"""
