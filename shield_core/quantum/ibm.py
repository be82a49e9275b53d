"""The source `ibm`, bits measured on a device of IBM Quantum: the optional extra `ibm`.

Only one class, `RuntimeSampler`, uses qiskit-ibm-runtime; its tests run the runtime's own sampler in its local mode.
"""

import threading
import time
import warnings
from contextlib import suppress
from fractions import Fraction
from importlib import import_module, util
from importlib.metadata import version
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import SourceFailed
from shield_core.quantum import circuit
from shield_core.quantum.sources import SourceKind, whole_bytes

SHOTS_PER_JOB: Final = 10_000
"""Shots of one job. Devices accept up to 100,000; a job of this size runs for seconds, so losing it costs little."""

CHANNEL: Final = "ibm_quantum_platform"


class RuntimeSampler:
    """The runtime's sampler on one device: all uses of qiskit-ibm-runtime in this project.

    It makes no network request before the first sample.

    Args:
        backend: The device's name.
        token: The account's secret; it is passed to the runtime and never shown.
        instance: The account's instance (CRN), if it has several.
        device: A local backend instead of a name and a token: the runtime's local mode, for tests.
    """

    def __init__(
        self, backend: str, *, token: str | None = None, instance: str | None = None, device: Any = None
    ) -> None:
        self.backend = backend
        self.is_local = device is not None
        self._token = token
        self._instance = instance
        self._device = device
        self._sampler: Any = None
        self._circuit: Any = None

    def __repr__(self) -> str:
        return f"RuntimeSampler({self.backend!r})"

    def sample(self, qubits: int, shots: int, *, seconds: float) -> NDArray[np.uint8]:
        """Run the circuit.

        Args:
            qubits: The number of measured qubits; the same in every call.
            shots: The number of shots.
            seconds: The time to wait for the job, which is then cancelled.

        Returns:
            uint8 array [shot, qubit] of zeros and ones, in the order in which they were measured, the highest qubit
            first. (Counts would have lost the order of the shots.)

        Raises:
            SourceFailed: the backend is a simulator.
            Exception: any exception of the runtime.
        """
        if self._sampler is None:
            self._connect(qubits)
        job = self._sampler.run([self._circuit], shots=shots)
        try:
            result = job.result() if self.is_local else job.result(timeout=seconds)
        except BaseException:
            with suppress(Exception):
                job.cancel()
            raise
        register = next(iter(result[0].data.values()))
        return np.unpackbits(register.array, axis=-1)[:, -register.num_bits :]

    def _connect(self, qubits: int) -> None:
        runtime = import_module("qiskit_ibm_runtime")
        device = self._device if self.is_local else self._find(runtime)
        self._circuit = circuit.fit(qubits, device)
        with warnings.catch_warnings():
            # Since 0.50 the runtime announces that this name will refer to another class; both work here.
            warnings.simplefilter("ignore", DeprecationWarning)
            sampler = runtime.Sampler(mode=device)
        if not self.is_local:
            # Twirling would flip measured bits with bits of this machine's own generator, and flip them back.
            sampler.options.twirling.enable_measure = False
            sampler.options.twirling.enable_gates = False
        self._sampler = sampler

    def _find(self, runtime: Any) -> Any:
        service = runtime.QiskitRuntimeService(channel=CHANNEL, token=self._token, instance=self._instance)
        device = service.backend(self.backend)
        if getattr(device, "simulator", False):
            raise SourceFailed("the backend is a simulator, and this source is for devices")
        return device


class IbmRuntimeSource:
    """Qubits of a device in equal superposition, measured over the network.

    The credit of half a bit for each bit is a conservative assumption: readout error and crosstalk bias a bit, and this
    project can check neither the device nor who else sees its results in transit.

    Args:
        sampler: The device. A local one is a simulator: it is labeled as one and credited nothing.
        qubits: The number of qubits measured in a shot.
        deadline_seconds: The time that an image waits.

    Raises:
        SourceFailed: qiskit-ibm-runtime is not installed.
        ValueError: the number of qubits or the time is not positive.
    """

    name = "ibm"
    min_entropy_per_bit = Fraction(1, 2)

    def __init__(self, sampler: RuntimeSampler, *, qubits: int = 16, deadline_seconds: float = 30.0) -> None:
        if qubits < 1 or deadline_seconds <= 0:
            raise ValueError("the source needs at least one qubit, and some time")
        if util.find_spec("qiskit_ibm_runtime") is None:
            raise SourceFailed("qiskit-ibm-runtime is not installed: install imageshield[ibm]")
        self.deadline_seconds = deadline_seconds
        self.kind = SourceKind.SIMULATED if sampler.is_local else SourceKind.HARDWARE
        self.credited_bits_per_bit = Fraction(0) if sampler.is_local else Fraction(1, 2)
        self._sampler = sampler
        self._qubits = qubits
        self._lock = threading.Lock()

    def describe(self) -> dict[str, Any]:
        """Return circuit, device, versions and qubits; no credential."""
        where = "local mode" if self._sampler.is_local else "IBM Quantum"
        return {
            "backend": f"{where}, {self._sampler.backend}",
            **circuit.describe(self._qubits),
            "versions": {name.replace("-", "_"): version(name) for name in ("qiskit", "qiskit-ibm-runtime")},
        }

    def measure(self, n_bits: int) -> bytes:
        """Run circuits on the device.

        Args:
            n_bits: A multiple of 8.

        Returns:
            `n_bits` bits: shot after shot, the highest qubit of a shot first, the first bit highest in its byte.

        Raises:
            SourceFailed: the time ends before the last job.
            ValueError: not a positive multiple of 8.
            Exception: any exception of the runtime.
        """
        size = whole_bytes(n_bits)
        shots = -(-n_bits // self._qubits)
        end = time.monotonic() + self.deadline_seconds
        with self._lock:
            blocks = [self._run(min(SHOTS_PER_JOB, shots - at), end) for at in range(0, shots, SHOTS_PER_JOB)]
        return np.packbits(np.concatenate(blocks)).tobytes()[:size]

    def _run(self, shots: int, end: float) -> NDArray[np.uint8]:
        left = end - time.monotonic()
        if left <= 0:
            raise SourceFailed(f"it did not answer within {self.deadline_seconds:g} s")
        return self._sampler.sample(self._qubits, shots, seconds=left)
