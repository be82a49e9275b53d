"""The cipher: a keystream, and a keyed permutation of the pixels.

`keystream` is ChaCha20 in place; it carries the confidentiality. `permutation` orders the pixels under its own key,
in the two steps `buckets` and `shuffling`; it adds nothing to the secrecy and is the visual layer of the scheme.
`kernels` is its compiled inside, loaded on first use; `reference` is the same cipher, slow and plain, and the oracle of
the tests. `purity` names how quantum bits are used, and `streams` gives each purity its keystreams: plain ones,
`segments` with seeds of their own, or ones with measured bytes beside them. `crew` puts work on one or two threads.
"""
