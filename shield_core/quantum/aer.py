"""The simulated quantum source: Hadamards on qubits of Qiskit Aer, measured.

Aer's samples are the top bits of a Mersenne Twister (`mt19937_64`) with a seed: anyone who learns the seed can predict
them, and no statistical test shows it. So the source is credited zero bits: docs/explanation/entropy.md.
"""

import os
import threading
from fractions import Fraction
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import SourceFailed
from shield_core.quantum import circuit
from shield_core.quantum.sources import SourceKind, whole_bytes

SHOTS_PER_BLOCK: Final = 8192
"""One circuit, one seed: 64 kbit of 8 qubits. Throughput is flat from 512 shots on."""

_OPTIONS: Final = {
    "method": "statevector",
    # With the default of 10 qubits Aer samples linearly; with 4 it builds an index, which is 2.5 times as fast for 8.
    "statevector_sample_measure_opt": 4,
    "max_parallel_threads": 1,
    # `max_parallel_threads` alone has no effect on this interface: without the next line the first sample starts an
    # OpenMP team, and a child that is forked afterwards hangs in its own first sample.
    "parallel_state_update": 1,
}


class AerSource:
    """Qubits in equal superposition, simulated by Qiskit Aer and measured.

    One state of `qubits` qubits is prepared once and sampled for every block; each block has a fresh 63-bit seed from
    the operating system, which is overwritten as soon as the block is drawn.

    Args:
        qubits: 1..16; 8 is the fastest.

    Raises:
        SourceFailed: Qiskit Aer is not installed.
        ValueError: another number of qubits.
    """

    name = "aer"
    kind = SourceKind.SIMULATED
    credited_bits_per_bit = Fraction(0)

    def __init__(self, qubits: int = 8) -> None:
        if not 1 <= qubits <= 16:  # noqa: PLR2004 - a state of 16 qubits has a megabyte
            raise ValueError("the source runs on 1 to 16 qubits")
        self._qubits = qubits
        self._state = _prepare(qubits)
        self._lock = threading.Lock()
        self._description = _describe(qubits)

    def describe(self) -> dict[str, Any]:
        """Return circuit, digest, backend, versions and qubits."""
        return dict(self._description)

    def measure(self, n_bits: int) -> bytes:
        """Run circuits and return the measured bits.

        Args:
            n_bits: A multiple of 8.

        Returns:
            `n_bits` bits: shot after shot, the highest qubit of a shot first, the first bit highest in its byte.

        Raises:
            ValueError: not a positive multiple of 8.
        """
        size = whole_bytes(n_bits)
        shots = -(-n_bits // self._qubits)
        with self._lock:
            blocks = [self._run(min(SHOTS_PER_BLOCK, shots - at)) for at in range(0, shots, SHOTS_PER_BLOCK)]
        return np.packbits(np.concatenate(blocks)).tobytes()[:size]

    def _fresh_seed(self) -> int:
        return fresh_seed()

    def _run(self, shots: int) -> NDArray[np.uint8]:
        self._state.set_seed(self._fresh_seed())
        try:
            memory = self._state.sample_memory(shots=shots)
        finally:
            self._state.set_seed(0)
        return np.frombuffer("".join(memory).encode("ascii"), np.uint8) & np.uint8(1)


def fresh_seed() -> int:
    """Draw a simulator's seed from the operating system: 63 bits, because Aer takes a signed 64-bit integer."""
    return int.from_bytes(os.urandom(8), "big") >> 1


def import_simulator() -> ModuleType:
    """Import Qiskit Aer, which takes a second and 100 MB: a parent may do it once for all its children.

    Raises:
        SourceFailed: Qiskit Aer is not installed.
    """
    try:
        return import_module("qiskit_aer.quantum_info.states.aer_state")
    except ImportError as error:
        raise SourceFailed("Qiskit Aer is not installed: install imageshield[engine]") from error


def _prepare(qubits: int) -> Any:
    state = import_simulator().AerState(**_OPTIONS)
    state.allocate_qubits(qubits)
    state.initialize()
    for qubit in range(qubits):
        state.apply_h(qubit)
    state.flush()
    return state


def _describe(qubits: int) -> dict[str, Any]:
    return {
        "backend": "qiskit-aer AerState, statevector",
        **circuit.describe(qubits),
        "versions": {"qiskit": version("qiskit"), "qiskit_aer": version("qiskit-aer")},
    }
