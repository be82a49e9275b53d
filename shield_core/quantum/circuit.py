"""The circuit of every quantum source: a Hadamard gate on each qubit, then a measurement of each."""

import hashlib
from importlib import import_module
from typing import Any


def openqasm(qubits: int) -> str:
    """Write the circuit in OpenQASM 3."""
    hadamards = "".join(f"h q[{qubit}];\n" for qubit in range(qubits))
    head = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nbit[{qubits}] c;\nqubit[{qubits}] q;\n'
    return f"{head}{hadamards}c = measure q;\n"


def describe(qubits: int) -> dict[str, Any]:
    """Return the circuit's entry in a statement: qubits, OpenQASM 3 and its SHA-256."""
    text = openqasm(qubits)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return {"qubits": qubits, "circuit_openqasm3": text, "circuit_sha256": digest}


def build(qubits: int) -> Any:
    """Build the circuit for Qiskit, which must be installed."""
    made = import_module("qiskit").QuantumCircuit(qubits, qubits)
    made.h(range(qubits))
    made.measure(range(qubits), range(qubits))
    return made


def fit(qubits: int, device: Any, *, places: list[int] | None = None) -> Any:
    """Translate the circuit into the gates of a Qiskit backend.

    Args:
        qubits: The number of measured qubits.
        device: A backend of Qiskit.
        places: The physical qubits to use, in order; None lets Qiskit choose.
    """
    managers = import_module("qiskit.transpiler.preset_passmanagers")
    manager = managers.generate_preset_pass_manager(optimization_level=1, backend=device, initial_layout=places)
    return manager.run(build(qubits))
