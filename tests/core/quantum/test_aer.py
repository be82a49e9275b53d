import hashlib
import os
import subprocess
import sys

import pytest
from qiskit import QuantumCircuit, qasm3

from shield_core.errors import SourceFailed
from shield_core.quantum import aer
from shield_core.quantum.aer import AerSource
from shield_core.quantum.circuit import openqasm
from shield_core.quantum.oracle import predict


@pytest.fixture(scope="module")
def source():
    return AerSource()


class TestBits:
    def test_who_knows_the_seed_knows_every_bit(self, monkeypatch):
        """Why a simulator is credited zero bits: every measured bit is a top bit of a Mersenne Twister."""
        seed = 2**62 + 12_345
        monkeypatch.setattr(aer, "fresh_seed", lambda: seed)
        assert AerSource().measure(8 * 2000) == predict(seed, 8 * 2000)

    def test_highest_qubit_of_a_shot_is_first(self, monkeypatch):
        """For every number of qubits."""
        monkeypatch.setattr(aer, "fresh_seed", lambda: 99)
        for qubits in (1, 5, 12):
            assert AerSource(qubits).measure(400) == predict(99, 400, qubits=qubits)


class TestSeeds:
    def test_every_block_has_fresh_63_bit_seed(self, source, monkeypatch):
        drawn = []

        def urandom(size):
            drawn.append(os.getrandom(size))
            return drawn[-1]

        monkeypatch.setattr(aer.os, "urandom", urandom)
        source.measure(3 * 8 * aer.SHOTS_PER_BLOCK + 8)
        source.measure(8)
        assert [len(seed) for seed in drawn] == [8] * 5
        assert len(set(drawn)) == 5

    def test_the_last_one_is_overwritten(self, source):
        """After a block, the generator continues with the sequence of seed 0, for any seed of the block."""
        source.measure(4096)
        following = source._state.sample_memory(shots=4)
        assert bytes(int(shot, 2) for shot in following) == predict(0, 32)

    def test_it_is_overwritten_even_where_sampling_fails(self, monkeypatch):
        source = AerSource()
        seeds = []

        class Failing:
            def set_seed(self, seed):
                seeds.append(seed)

            def sample_memory(self, shots):
                raise RuntimeError

        monkeypatch.setattr(source, "_state", Failing())
        with pytest.raises(RuntimeError):
            source.measure(8)
        assert seeds[-1] == 0

    def test_two_sources_give_different_bits(self, source):
        assert source.measure(4096) != AerSource().measure(4096)


class TestDescription:
    def test_circuit_is_the_one_that_qiskit_would_write(self, source):
        circuit = QuantumCircuit(8, 8)
        circuit.h(range(8))
        circuit.measure(range(8), range(8))
        written = qasm3.dumps(circuit).splitlines()
        ours = openqasm(8).splitlines()
        assert ours[:-1] == written[: len(ours) - 1]
        assert ours[-1] == "c = measure q;"
        assert written[len(ours) - 1 :] == [f"c[{i}] = measure q[{i}];" for i in range(8)]

    def test_names_circuit_digest_versions_and_qubits(self, source):
        said = source.describe()
        assert said["circuit_sha256"] == hashlib.sha256(said["circuit_openqasm3"].encode()).hexdigest()
        assert said["qubits"] == 8
        assert set(said["versions"]) == {"qiskit", "qiskit_aer"}

    def test_the_state_is_equal_superposition(self, source):
        assert source._state.probabilities() == pytest.approx([1 / 256] * 256, rel=1e-12)


class TestStart:
    @pytest.mark.parametrize("qubits", [0, 17, -1])
    def test_refuses_other_numbers_of_qubits(self, qubits):
        with pytest.raises(ValueError, match="1 to 16"):
            AerSource(qubits)

    def test_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "qiskit_aer.quantum_info.states.aer_state", None)
        with pytest.raises(SourceFailed, match="imageshield"):
            AerSource()

    @pytest.mark.slow
    def test_importing_the_room_does_not_import_the_simulator(self):
        probe = "import sys, shield_core.quantum.keygen, shield_core.quantum.aer; print('qiskit_aer' in sys.modules)"
        answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        assert answer.stdout == "False\n"
