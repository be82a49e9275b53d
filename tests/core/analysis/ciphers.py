"""Good and bad ciphers for `analyze`: functions from samples to the same number of samples."""

import os

import numpy as np

from shield_core.cipher import keystream, permutation


def ours(samples):
    """Keystream and permutation of docs/reference/format.md under fresh keys."""
    keystream.apply(samples, os.urandom(32))
    return permutation.permute(samples, os.urandom(32))


def noise_of(seed):
    """A replacement for a good cipher that gives the same noise in every run of the tests."""
    generator = np.random.default_rng(seed)
    return lambda samples: generator.integers(0, 256, samples.shape, dtype=np.uint8)


def reused_key(samples):
    """A stream cipher whose key and nonce never change."""
    stream = np.random.default_rng(99).integers(0, 256, samples.shape, dtype=np.uint8)
    return samples ^ stream


def only_permuted(samples):
    """Permute under a fixed key: under fresh keys 1 in 1,000 runs is judged unusual."""
    return permutation.permute(samples, bytes(32))


def one_byte_xor(samples):
    return samples ^ np.uint8(0x5A)


def short_key(samples):
    """XOR with 16 repeated bytes."""
    key = np.frombuffer(os.urandom(16), np.uint8)
    return samples ^ np.resize(key, samples.shape)


def nothing(samples):
    return samples
