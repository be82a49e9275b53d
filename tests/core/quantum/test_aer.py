import hashlib
import os
import subprocess
import sys

import pytest
from qiskit import QuantumCircuit, qasm3

from shield_core.errors import SourceFailed
from shield_core.quantum import aer
from shield_core.quantum.aer import AerSource, openqasm


@pytest.fixture(scope="module")
def source():
    return AerSource()


def mersenne_twister_64(seed, count):
    """`mt19937_64` of Matsumoto and Nishimura (2004), the generator of that name in C++'s <random>."""
    mask = (1 << 64) - 1
    state = [seed & mask]
    for i in range(1, 312):
        state.append((6_364_136_223_846_793_005 * (state[-1] ^ (state[-1] >> 62)) + i) & mask)
    out = []
    while len(out) < count:
        for i in range(312):
            word = (state[i] & 0xFFFF_FFFF_8000_0000) | (state[(i + 1) % 312] & 0x7FFF_FFFF)
            state[i] = state[(i + 156) % 312] ^ (word >> 1) ^ (0xB502_6F5A_A966_19E9 if word & 1 else 0)
        out.extend(map(tempered, state))
    return out[:count]


def tempered(word):
    word ^= (word >> 29) & 0x5555_5555_5555_5555
    word ^= (word << 17) & 0x71D6_7FFF_EDA6_0000
    word ^= (word << 37) & 0xFFF7_EEE0_0000_0000
    return word ^ (word >> 43)


class TestOracle:
    def test_is_the_standard_generator(self):
        """ISO C++, [rand.predef]: the 10,000th word under the default seed."""
        assert mersenne_twister_64(5489, 10_000)[-1] == 9_981_545_732_273_789_042

    def test_who_knows_the_seed_knows_every_bit(self, monkeypatch):
        """Why a simulator is credited zero bits: every measured bit is a top bit of a Mersenne Twister."""
        seed = 2**62 + 12_345
        monkeypatch.setattr(aer.os, "urandom", lambda size: (seed << 1).to_bytes(size, "big"))
        measured = AerSource().measure(8 * 2000)
        assert measured == bytes(word >> 56 for word in mersenne_twister_64(seed, 2000))

    def test_the_bits_of_a_shot_stand_highest_qubit_first_for_every_number_of_qubits(self, monkeypatch):
        monkeypatch.setattr(aer.os, "urandom", lambda size: (99 << 1).to_bytes(size, "big"))
        words = mersenne_twister_64(99, 400)
        for qubits in (1, 5, 12):
            text = "".join(f"{word >> (64 - qubits):0{qubits}b}" for word in words)
            assert AerSource(qubits).measure(400) == int(text[:400], 2).to_bytes(50, "big")


class TestSeeds:
    def test_every_block_has_a_fresh_one_of_63_bits(self, source, monkeypatch):
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
        """What follows a block in the generator is the sequence of seed 0, whatever the block's seed was."""
        source.measure(4096)
        following = source._state.sample_memory(shots=4)
        assert [int(shot, 2) for shot in following] == [word >> 56 for word in mersenne_twister_64(0, 4)]

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

    def test_importing_the_room_does_not_import_the_simulator(self):
        probe = "import sys, shield_core.quantum.keygen, shield_core.quantum.aer; print('qiskit_aer' in sys.modules)"
        answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        assert answer.stdout == "False\n"
