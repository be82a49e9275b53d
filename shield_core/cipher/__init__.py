"""The cipher: a keystream, and a keyed permutation of the pixels.

`keystream` is ChaCha20 in place; confidentiality rests on it. `permutation` reorders the pixels under its own key in
the two steps `buckets` and `shuffling`; it adds nothing to the secrecy and is the visual layer of the scheme. `kernels`
has its compiled loops, loaded on first use; `reference` is the same cipher, slow and simple, the oracle of the tests.
`purity` names the ways to use quantum bits, and `streams` selects the keystreams for each: plain ones, `segments` with
their own seeds, or keystreams that are XORed with measured bytes. `threads` runs work on one or two threads.
"""
