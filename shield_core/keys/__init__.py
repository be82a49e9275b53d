"""From one file key to every other key, and from a file key to a key file.

- `canonical` is the one JSON in which anything is signed, authenticated or compared.
- `schedule` holds the table of every label of the product, and derives.
- `passphrase` turns what a person types into a wrap key, at a capped cost.
- `stanzas` wraps a file key and opens it again: in clear, under a passphrase, under a key of the vault.
- `recipients` wraps it for a public key, and holds the keys of recipients and their texts.
- `jwk` writes public keys that verify signatures, and takes those it is asked for out of a published set.
- `keyfile` builds, writes, strictly reads, unlocks and re-wraps the `.qkey` document.

docs/reference/format.md is the specification.
"""
