"""Explanations of what each number shows and does not show. Every report prints them beside the numbers."""

from typing import Final, NamedTuple


class Words(NamedTuple):
    """A test in plain words: its name, the question that it asks, and what its answer does not show."""

    name: str
    asks: str
    does_not_show: str


LIMITS: Final = (
    "These numbers can expose a bad cipher. They cannot prove a good one: noise from a guessed seed passes them all.",
    "Secrecy rests on the system's random generator, HKDF, ChaCha20, AES-256-GCM and HMAC-SHA-256, and on the key.",
    "Quantum bits add to the seed of the key and are recorded. A simulator's bits are credited with zero entropy.",
    "The permutation of the pixels adds no secrecy to that of the keystream; it is the visual layer.",
    "The letter is derived from these tests and from nothing else.",
)

TESTS: Final = {
    "entropy": Words(
        "Entropy, bits per byte",
        "Are all byte values used about equally often?",
        "Unpredictability: the series 0, 1, 2, … 255 has 8 bits per byte as well.",
    ),
    "chi_square": Words(
        "Histogram (chi-square)",
        "Is the histogram as flat as that of noise, and not flatter?",
        "Where the values stand: sorted noise has the same histogram.",
    ),
    "correlation_horizontal": Words(
        "Correlation, horizontal",
        "Does a sample tell its right neighbor?",
        "Other relations: any that are not linear, or reach further than one pixel.",
    ),
    "correlation_vertical": Words(
        "Correlation, vertical",
        "Does a sample tell its neighbor below?",
        "Other relations: any that are not linear, or reach further than one pixel.",
    ),
    "correlation_diagonal": Words(
        "Correlation, diagonal",
        "Does a sample tell its neighbor below to the right?",
        "Other relations: any that are not linear, or reach further than one pixel.",
    ),
    "npcr_between_ciphertexts": Words(
        "NPCR between ciphertexts",
        "Do two encryptions of pictures one sample apart have more samples in common than chance makes?",
        "Diffusion under one key: each encryption has a fresh key, so that even equal pictures would differ.",
    ),
    "uaci_between_ciphertexts": Words(
        "UACI between ciphertexts",
        "Do two encryptions of pictures one sample apart differ by as much as two pictures of noise?",
        "Diffusion under one key: each encryption has a fresh key, so that even equal pictures would differ.",
    ),
    "npcr_original_vs_encrypted": Words(
        "NPCR, original against encrypted",
        "Does the encrypted picture agree with the original in more samples than chance makes?",
        "Resistance to differential attacks: that needs two ciphertexts. Any noise scores the same.",
    ),
    "uaci_original_vs_encrypted": Words(
        "UACI, original against encrypted",
        "Is the encrypted picture as far from the original as noise is?",
        "Resistance to differential attacks: that needs two ciphertexts. Any noise scores the same.",
    ),
    "mse_original_vs_encrypted": Words(
        "Mean squared error",
        "Does the encrypted picture follow the original, or turn from it?",
        "Strength: a low PSNR means that the picture looks different, no more.",
    ),
    "key_space": Words(
        "Key space",
        "Is trying all keys out of reach?",
        "How the key was chosen: a key of 256 bits behind a weak password is as weak as the password.",
    ),
}
