"""The attack on our own keys: whoever knows the simulator's seeds knows its bits. What does it help them?

The attacker here has everything but the operating system's part: the seed of every block, all raw bits, the ids that
are bound into a key, and the construction, which is public.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from imageshield.terminal.failures import Failure
from shield_core.errors import SourceFailed
from shield_core.keys.schedule import LABELS, file_key_from_seed, framed, hkdf
from shield_core.quantum.aer import SHOTS_PER_BLOCK, AerSource
from shield_core.quantum.keygen import draw_file_key
from shield_core.quantum.oracle import predict

BLOCK_BITS: Final = 8 * SHOTS_PER_BLOCK
KEY_ID: Final = UUID(int=0)


class WatchedSource(AerSource):
    """The product's simulator, with somebody who reads every seed and every answer."""

    def __init__(self) -> None:
        super().__init__()
        self.seeds: list[int] = []
        self.answers: list[bytes] = []

    def measure(self, n_bits: int) -> bytes:
        self.answers.append(super().measure(n_bits))
        return self.answers[-1]

    def _fresh_seed(self) -> int:
        self.seeds.append(super()._fresh_seed())
        return self.seeds[-1]


@dataclass(frozen=True)
class Found:
    """What the attack found."""

    raw_bits: int
    raw_bits_predicted: int
    keys: int
    keys_whose_raw_bits_were_predicted: int
    keys_predicted: int
    keys_different: int
    guesses: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether the simulator is as worthless, and the keys are as independent of it, as we say."""
        simulator_is_known = self.raw_bits_predicted == self.raw_bits
        keys_are_not = self.keys_predicted == 0 and self.keys_different == self.keys
        return simulator_is_known and self.keys_whose_raw_bits_were_predicted == self.keys and keys_are_not

    def to_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "raw_bits": {"measured": self.raw_bits, "predicted": self.raw_bits_predicted},
            "keys": {
                "drawn": self.keys,
                "raw_bits_predicted": self.keys_whose_raw_bits_were_predicted,
                "predicted": self.keys_predicted,
                "different": self.keys_different,
            },
            "guesses": list(self.guesses),
        }


def run(keys: int) -> Found:
    try:
        source = WatchedSource()
    except SourceFailed as error:
        raise Failure("unavailable", "The simulator cannot be had", str(error)) from error
    measured = source.measure(BLOCK_BITS)
    predicted = predict(source.seeds[-1], BLOCK_BITS)
    attacks = [_attack(source, f"selftest-{number}") for number in range(keys)]
    return Found(
        raw_bits=BLOCK_BITS,
        raw_bits_predicted=BLOCK_BITS - _distance(measured, predicted),
        keys=keys,
        keys_whose_raw_bits_were_predicted=sum(known for _, known, _ in attacks),
        keys_predicted=sum(key in guessed for key, _, guessed in attacks),
        keys_different=len({key for key, _, _ in attacks}),
        guesses=tuple(guess(b"", "", "")),
    )


def guess(raw: bytes, source_id: str, job_id: str) -> dict[str, bytes]:
    """Guess a key from what the attacker knows: as first designs made one, and as ours is made, but for one part."""
    return {
        "the raw bits themselves": raw[:32],
        "SHA-256 of the raw bits": hashlib.sha256(raw).digest(),
        "SHA-512 of the raw bits": hashlib.sha512(raw).digest()[:32],
        "our construction without the system's part": _construct(b"", raw, source_id, job_id),
        "our construction with zeros for it": _construct(bytes(64), raw, source_id, job_id),
        "our construction with the raw bits for it": _construct(raw[:64], raw, source_id, job_id),
    }


def tell(found: Found) -> str:
    """Say plainly what was shown, and what was not."""
    lines = [
        f"raw bits of the simulator   {found.raw_bits_predicted} of {found.raw_bits} predicted from its seed",
        f"raw bits behind the keys    those of {found.keys_whose_raw_bits_were_predicted} of {found.keys} predicted",
        f"product keys                {found.keys_predicted} of {found.keys} predicted from them",
        f"different keys              {found.keys_different} of {found.keys}",
        "",
        "The prediction is a Mersenne Twister (mt19937_64) in plain Python. Simulated qubits are its top bits: whoever",
        "learns the seed knows them all, so they are credited zero bits. The same attacker, who had every raw bit,",
        f"tried {len(found.guesses)} ways to each key and found {found.keys_predicted} keys: every key is also made of",
        "64 bytes of the operating system's generator. That those are unpredictable no test can show; it is assumed.",
        "",
        "as it should be" if found.ok else "NOT AS IT SHOULD BE: do not use this installation's keys",
    ]
    return "\n".join(lines)


def _attack(source: WatchedSource, job_id: str) -> tuple[bytes, bool, list[bytes]]:
    """Draw a product key, and attack it with the seed of its raw bits."""
    before = len(source.answers)
    drawn = draw_file_key(source, job_id=job_id, key_id=KEY_ID, requested="balanced", served="balanced")
    answer = source.answers[before]
    raw = predict(source.seeds[-1], len(answer) * 8)
    return drawn.file_key, raw == answer, list(guess(raw, source.name, job_id).values())


def _construct(system: bytes, raw: bytes, source_id: str, job_id: str) -> bytes:
    """Derive a file key as docs/explanation/entropy.md says: a second implementation, with given system bits."""
    ikm = len(system).to_bytes(8, "big") + system + len(raw).to_bytes(8, "big") + raw
    salt = hashlib.sha512(LABELS.entropy).digest()
    info = framed(LABELS.seed) + framed(source_id.encode()) + framed(job_id.encode())
    return file_key_from_seed(hkdf(ikm, salt=salt, info=info, length=32))


def _distance(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_count()
