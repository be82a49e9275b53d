"""Routines that produce random bits, for comparison: those of the first designs, ours, and some that measure nothing.

Each factory prepares its routine and returns a function that runs it once. `bits` is the number of bits of one run.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from shield_core.quantum import circuit
from shield_core.quantum.aer import AerSource
from shield_core.quantum.sources import EntropySource

BULK_BITS: Final = 1 << 20
SYSTEM_BITS: Final = 1 << 24
"""More bits for the fast routines, so that a run takes milliseconds."""

Run = Callable[[], object]


@dataclass(frozen=True)
class Routine:
    """One routine: its description, the number of bits of a run, and the function that runs it."""

    id: str
    what: str
    bits: int
    run: Run
    measures: bool = True


def all_routines(source: EntropySource | None = None) -> list[Routine]:
    """Prepare every routine. `source` is used for ours, a new AerSource if it is None."""
    source = source or AerSource()
    return [
        Routine("first", "16 qubits x 1 shot, a circuit each (the first design)", 16 * 4, first_design()),
        Routine("second", "20 qubits x 100 shots (its optimized form)", 20 * 100, optimized_design()),
        Routine("second_1_thread", "the same, told to use one thread", 20 * 100, optimized_design(threads=1)),
        Routine("simulator", "AerSimulator.run, 12 qubits x 8192 shots, memory", 12 * 8192, simulator_run()),
        Routine("ours", "AerSource, 8 qubits, one state sampled again", BULK_BITS, lambda: source.measure(BULK_BITS)),
        Routine("numpy", "numpy sampling of probabilities", BULK_BITS, numpy_sampling(), measures=False),
        Routine("urandom", "os.urandom", SYSTEM_BITS, lambda: os.urandom(SYSTEM_BITS // 8), measures=False),
        Routine("chacha20", "ChaCha20 expansion of a key", SYSTEM_BITS, chacha20_expansion(), measures=False),
    ]


def first_design() -> Run:
    """Prepare the first design: four circuits of 16 qubits, each built, run for one shot and read from its counts."""
    simulator = _simulator()

    def one() -> str:
        counts = simulator.run(circuit.build(16), shots=1).result().get_counts()
        return next(iter(counts))

    return lambda: "".join(one() for _ in range(4))


def optimized_design(*, threads: int | None = None) -> Run:
    """Prepare one circuit of 20 qubits for 100 shots with joined memory. By default, Aer chooses the threads."""
    simulator = _simulator() if threads is None else _simulator(max_parallel_threads=threads)
    return lambda: "".join(simulator.run(circuit.build(20), shots=100, memory=True).result().get_memory())


def simulator_run() -> Run:
    """Prepare the fastest use of `AerSimulator.run` that we found: balanced sampling search, hexadecimal memory."""
    simulator = _simulator(method="statevector", statevector_sample_measure_opt=6, max_parallel_threads=1)
    made = circuit.build(12)

    def run() -> bytes:
        memory = simulator.run(made, shots=8192, memory=True).result().data()["memory"]
        # Aer does not pad with zeros: "0x5" is a shot of 12 qubits, too.
        return bytes.fromhex("".join(shot[2:].zfill(3) for shot in memory))

    return run


def numpy_sampling() -> Run:
    """Prepare drawing outcomes of eight qubits by their probabilities: a pseudorandom generator, not a measurement."""
    random, even = np.random.default_rng(), np.full(256, 1 / 256)
    return lambda: random.choice(256, BULK_BITS // 8, p=even).astype(np.uint8).tobytes()


def chacha20_expansion() -> Run:
    """Prepare expanding a key to a stream: cryptography's ChaCha20 over zeros."""
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

    zeros, out = bytes(SYSTEM_BITS // 8), bytearray(SYSTEM_BITS // 8)
    stream = Cipher(ChaCha20(os.urandom(32), os.urandom(16)), None).encryptor()
    return lambda: stream.update_into(zeros, out)


def _simulator(**options: Any) -> Any:
    from qiskit_aer import AerSimulator

    # Without a method, Aer chooses the stabilizer simulator for these circuits, which makes the first designs fast.
    return AerSimulator(**options)
