"""File keys, the keys derived from them, and key files.

- `canonical` is the JSON form in which everything is signed, authenticated and compared.
- `schedule` has the table of all derivation labels of the product, and derives keys.
- `passphrase` derives a wrap key from a passphrase, at a capped cost.
- `stanzas` wraps a file key and opens it again: in plaintext, under a passphrase, under a key of the vault.
- `recipients` wraps a file key for a public key, and reads and writes the keys of recipients.
- `jwk` writes public keys that verify signatures, and selects keys from a published set.
- `keyfile` builds, writes, strictly reads, unlocks and re-wraps the `.qkey` document.

docs/reference/format.md is the specification.
"""
