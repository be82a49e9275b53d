"""ML-KEM-768 decapsulation, written from FIPS 203; slow, and not in constant time."""

import hashlib
from itertools import chain

_Q, _N, _K, _ETA, _DU, _DV = 3329, 256, 3, 2, 10, 4
Polynomial = list[int]


def _reversed_bits(number: int) -> int:
    return int(f"{number:07b}"[::-1], 2)


_ZETAS = [pow(17, _reversed_bits(i), _Q) for i in range(128)]
_GAMMAS = [pow(17, 2 * _reversed_bits(i) + 1, _Q) for i in range(128)]


class DecapsulationKey:
    def __init__(self, d: bytes, z: bytes) -> None:
        """Algorithm 16, ML-KEM.KeyGen_internal."""
        self._z = z
        seed = hashlib.sha3_512(d + bytes([_K])).digest()
        rho, sigma = seed[:32], seed[32:]
        self._s = [_ntt(_noise(sigma, number)) for number in range(_K)]
        e = [_ntt(_noise(sigma, _K + number)) for number in range(_K)]
        matrix = _matrix(rho)
        t = [_add(_dot(matrix[i], self._s), e[i]) for i in range(_K)]
        self.public = b"".join(_encode(one, 12) for one in t) + rho

    def decapsulate(self, ciphertext: bytes) -> bytes:
        """Algorithm 18, ML-KEM.Decaps_internal: 32 bytes, which are random if the ciphertext is for another key."""
        message = self._decrypt(ciphertext)
        shared = hashlib.sha3_512(message + hashlib.sha3_256(self.public).digest()).digest()
        if _encrypt(self.public, message, shared[32:]) == ciphertext:
            return shared[:32]
        return hashlib.shake_256(self._z + ciphertext).digest(32)

    def _decrypt(self, ciphertext: bytes) -> bytes:
        """Algorithm 15, K-PKE.Decrypt."""
        size = 32 * _DU
        u = [_expanded(_decode(ciphertext[i * size : (i + 1) * size], _DU), _DU) for i in range(_K)]
        v = _expanded(_decode(ciphertext[_K * size :], _DV), _DV)
        product = _inverse_ntt(_dot(self._s, [_ntt(one) for one in u]))
        return _encode(_compressed(_add(v, [-one for one in product]), 1), 1)


def _encrypt(public: bytes, message: bytes, randomness: bytes) -> bytes:
    """Algorithm 14, K-PKE.Encrypt."""
    t = [_decode(public[384 * i : 384 * (i + 1)], 12) for i in range(_K)]
    matrix = _matrix(public[384 * _K :])
    y = [_ntt(_noise(randomness, number)) for number in range(_K)]
    e1 = [_noise(randomness, _K + number) for number in range(_K)]
    u = [_add(_inverse_ntt(_dot([row[i] for row in matrix], y)), e1[i]) for i in range(_K)]
    v = _add(_inverse_ntt(_dot(t, y)), _noise(randomness, 2 * _K))
    v = _add(v, _expanded(_decode(message, 1), 1))
    return b"".join(_encode(_compressed(one, _DU), _DU) for one in u) + _encode(_compressed(v, _DV), _DV)


def _matrix(rho: bytes) -> list[list[Polynomial]]:
    return [[_uniform(rho + bytes([j, i])) for j in range(_K)] for i in range(_K)]


def _uniform(seed: bytes) -> Polynomial:
    """Algorithm 7, SampleNTT. 1,344 bytes give 896 candidates; fewer than 256 are below q with probability < 2^-128."""
    stream = hashlib.shake_128(seed).digest(1344)
    triples = zip(stream[::3], stream[1::3], stream[2::3], strict=True)
    candidates = chain.from_iterable((a + 256 * (b % 16), b // 16 + 16 * c) for a, b, c in triples)
    return [one for one in candidates if one < _Q][:_N]


def _noise(seed: bytes, number: int) -> Polynomial:
    """Algorithm 8, SamplePolyCBD, of PRF(seed, number)."""
    stream = int.from_bytes(hashlib.shake_256(seed + bytes([number])).digest(64 * _ETA), "little")
    nibbles = [(stream >> (4 * i)) & 15 for i in range(_N)]
    return [((x & 1) + (x >> 1 & 1) - (x >> 2 & 1) - (x >> 3 & 1)) % _Q for x in nibbles]


def _ntt(polynomial: Polynomial) -> Polynomial:
    """Algorithm 9."""
    f = list(polynomial)
    zetas = iter(_ZETAS[1:])
    for length in (128, 64, 32, 16, 8, 4, 2):
        for start in range(0, _N, 2 * length):
            zeta = next(zetas)
            for j in range(start, start + length):
                t = zeta * f[j + length] % _Q
                f[j + length] = (f[j] - t) % _Q
                f[j] = (f[j] + t) % _Q
    return f


def _inverse_ntt(polynomial: Polynomial) -> Polynomial:
    """Algorithm 10."""
    f = list(polynomial)
    zetas = iter(_ZETAS[:0:-1])
    for length in (2, 4, 8, 16, 32, 64, 128):
        for start in range(0, _N, 2 * length):
            zeta = next(zetas)
            for j in range(start, start + length):
                t = f[j]
                f[j] = (t + f[j + length]) % _Q
                f[j + length] = zeta * (f[j + length] - t) % _Q
    return [3303 * one % _Q for one in f]


def _dot(left: list[Polynomial], right: list[Polynomial]) -> Polynomial:
    total = [0] * _N
    for f, g in zip(left, right, strict=True):
        total = _add(total, _product(f, g))
    return total


def _product(f: Polynomial, g: Polynomial) -> Polynomial:
    """Algorithm 11, MultiplyNTTs."""
    h = [0] * _N
    for i, gamma in enumerate(_GAMMAS):
        a, b, c, d = f[2 * i], f[2 * i + 1], g[2 * i], g[2 * i + 1]
        h[2 * i], h[2 * i + 1] = (a * c + b * d * gamma) % _Q, (a * d + b * c) % _Q
    return h


def _add(f: Polynomial, g: Polynomial) -> Polynomial:
    return [(a + b) % _Q for a, b in zip(f, g, strict=True)]


def _compressed(f: Polynomial, bits: int) -> Polynomial:
    return [((one << bits) + _Q // 2) // _Q % (1 << bits) for one in f]


def _expanded(f: Polynomial, bits: int) -> Polynomial:
    return [(one * _Q + (1 << (bits - 1))) >> bits for one in f]


def _encode(f: Polynomial, bits: int) -> bytes:
    number = sum(one << (bits * i) for i, one in enumerate(f))
    return number.to_bytes(32 * bits, "little")


def _decode(data: bytes, bits: int) -> Polynomial:
    number = int.from_bytes(data, "little")
    return [(number >> (bits * i)) & ((1 << bits) - 1) for i in range(_N)]
