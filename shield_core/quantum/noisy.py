"""A simulated device with the faults of a real one, to test biased bits.

The backends of qiskit-ibm-runtime's `fake_provider` contain the calibration of real devices. A real readout reads a 1
as a 0 more often than a 0 as a 1, because the qubit decays while it is read; the simulators of these backends use the
mean of both errors and have no bias. This module rebuilds the readout error from `backend.properties()`.
"""

import threading
from collections.abc import Sequence
from fractions import Fraction
from importlib import import_module
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import SourceFailed
from shield_core.quantum import circuit
from shield_core.quantum.aer import SHOTS_PER_BLOCK, fresh_seed
from shield_core.quantum.sources import SourceKind, whole_bytes

MAX_QUBITS: Final = 8
"""The most qubits: the state with its noise is a density matrix of 4^8 numbers."""


class NoisyAerSource:
    """Qubits of a fake IBM backend in equal superposition, simulated with gate noise and asymmetric readout error.

    It is a simulator and credited nothing. Each block has a fresh 63-bit seed from the operating system, which is not
    stored.

    Args:
        backend: A class of `qiskit_ibm_runtime.fake_provider`.
        qubits: The physical qubits to use, 1 to 8 of them; None uses the first five.

    Raises:
        SourceFailed: qiskit-ibm-runtime or Qiskit Aer is not installed.
        ValueError: there is no such backend, or it lacks these qubits or the calibration of their readout.
    """

    name = "noisy-aer"
    kind = SourceKind.SIMULATED
    credited_bits_per_bit = Fraction(0)
    min_entropy_per_bit = Fraction(1, 2)
    """The assumed min-entropy; it holds up to 70 ones in 100, and the health tests raise an alarm from 60 on."""

    def __init__(self, backend: str = "FakeManilaV2", *, qubits: Sequence[int] | None = None) -> None:
        device = _find(backend)
        self._places = list(range(min(5, device.num_qubits)) if qubits is None else qubits)
        if not 1 <= len(set(self._places)) == len(self._places) <= MAX_QUBITS:
            raise ValueError(f"the source runs on 1 to {MAX_QUBITS} different qubits")
        if not set(self._places) <= set(range(device.num_qubits)):
            raise ValueError(f"{backend} has the qubits 0 to {device.num_qubits - 1}")
        self._errors = {place: _readout_error(device, place) for place in self._places}
        self._simulator = _simulator(device, self._errors)
        self._circuit = circuit.fit(len(self._places), device, places=self._places)
        self._lock = threading.Lock()
        self._description = self._describe(backend)

    @property
    def share_of_ones(self) -> list[float]:
        """The expected share of ones from the readout error alone, in the order of the bits of a shot."""
        return [(1 - lost + found) / 2 for found, lost in (self._errors[place] for place in reversed(self._places))]

    def describe(self) -> dict[str, Any]:
        """Return circuit, backend, versions and readout errors, in parts per million."""
        return dict(self._description)

    def measure(self, n_bits: int) -> bytes:
        """Run circuits and return the bits that were read.

        Args:
            n_bits: A multiple of 8.

        Returns:
            `n_bits` bits: shot after shot, the last of the qubits first in a shot, the first bit highest in its byte.

        Raises:
            ValueError: not a positive multiple of 8.
        """
        size = whole_bytes(n_bits)
        shots = -(-n_bits // len(self._places))
        with self._lock:
            blocks = [self._run(min(SHOTS_PER_BLOCK, shots - at)) for at in range(0, shots, SHOTS_PER_BLOCK)]
        return np.packbits(np.concatenate(blocks)).tobytes()[:size]

    def _run(self, shots: int) -> NDArray[np.uint8]:
        job = self._simulator.run(self._circuit, shots=shots, memory=True, seed_simulator=fresh_seed())
        # The memory keeps the order of the shots; counts would not. The result also holds the seed, and is dropped.
        return np.frombuffer("".join(job.result().get_memory()).encode("ascii"), np.uint8) & np.uint8(1)

    def _describe(self, backend: str) -> dict[str, Any]:
        parts = {str(place): [round(error * 1_000_000) for error in pair] for place, pair in self._errors.items()}
        return {
            "backend": f"qiskit-aer AerSimulator, density matrix, with the noise of {backend}",
            **circuit.describe(len(self._places)),
            "readout_error_ppm": parts,
            "versions": {name.replace("-", "_"): version(name) for name in _PACKAGES},
        }


_PACKAGES: Final = ("qiskit", "qiskit-aer", "qiskit-ibm-runtime")


def _find(backend: str) -> Any:
    try:
        provider = import_module("qiskit_ibm_runtime.fake_provider")
    except ImportError as error:
        raise SourceFailed("qiskit-ibm-runtime is not installed: install imageshield[ibm]") from error
    made = getattr(provider, backend, None) if backend.startswith("Fake") else None
    if made is None or not hasattr(made, "properties"):
        raise ValueError("no such backend in qiskit_ibm_runtime.fake_provider")
    return made()


def _readout_error(device: Any, place: int) -> tuple[float, float]:
    """Return how often a 0 is read as 1, and a 1 as 0."""
    known = device.properties().qubit_property(place)
    try:
        return float(known["prob_meas1_prep0"][0]), float(known["prob_meas0_prep1"][0])
    except KeyError as error:
        raise ValueError(f"the backend has no calibration of the readout of qubit {place}") from error


def _simulator(device: Any, errors: dict[int, tuple[float, float]]) -> Any:
    try:
        aer, noise = import_module("qiskit_aer"), import_module("qiskit_aer.noise")
    except ImportError as error:
        raise SourceFailed("Qiskit Aer is not installed: install imageshield[engine]") from error
    model = noise.NoiseModel.from_backend(device, readout_error=False)
    for place, (found, lost) in errors.items():
        model.add_readout_error(noise.ReadoutError([[1 - found, found], [lost, 1 - lost]]), [place])
    return aer.AerSimulator(method="density_matrix", noise_model=model, max_parallel_threads=1)
