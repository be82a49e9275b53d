import subprocess
import sys

import numpy as np
import pytest
from qiskit_aer.noise import NoiseModel
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from shield_core.errors import HealthTestFailed, SourceFailed
from shield_core.quantum import noisy
from shield_core.quantum.measurement import measure
from shield_core.quantum.noisy import NoisyAerSource

SHOTS = 8192
FIVE_SIGMA = 5 * 0.5 / SHOTS**0.5


@pytest.fixture(scope="module")
def source():
    """FakeManilaV2: reads 1 in 47.4 to 49.4 of 100 cases, depending on the qubit."""
    return NoisyAerSource()


@pytest.fixture(scope="module")
def broken():
    """Qubit 4 of FakeYorktownV2 loses every second 1: 29 ones in 100."""
    return NoisyAerSource("FakeYorktownV2", qubits=[4])


def shares(source, shots=SHOTS):
    qubits = len(source.share_of_ones)
    bits = np.unpackbits(np.frombuffer(source.measure(shots * qubits), np.uint8))
    return bits.reshape(shots, qubits).mean(axis=0)


class TestReadoutError:
    def test_readout_error_of_plain_simulator_is_symmetric(self):
        """The reason why it is rebuilt. If this fails, rebuilding is no longer necessary."""
        errors = NoiseModel.from_backend(FakeManilaV2())._local_readout_errors
        assert all(error.probabilities[0][1] == error.probabilities[1][0] for error in errors.values())

    def test_is_asymmetric_here_and_that_of_the_calibration(self, source):
        known = FakeManilaV2().properties().qubit_property(2)
        said = source.describe()["readout_error_ppm"]["2"]
        assert said == [round(1e6 * known[name][0]) for name in ("prob_meas1_prep0", "prob_meas0_prep1")]
        assert said[0] < said[1]

    def test_shows_in_each_qubit(self, source):
        """Within five standard deviations; the gates' own noise is far below that."""
        assert shares(source) == pytest.approx(source.share_of_ones, abs=FIVE_SIGMA)
        assert min(source.share_of_ones) == pytest.approx(0.4738)

    def test_belongs_to_the_qubit_that_was_asked_for(self):
        """Qubits 1 and 0 in this order: their errors are not mixed up."""
        source = NoisyAerSource(qubits=[2, 3])
        assert source.share_of_ones == pytest.approx([0.494, 0.4738])
        assert shares(source) == pytest.approx(source.share_of_ones, abs=FIVE_SIGMA)


class TestHealth:
    def test_lets_the_bias_of_a_sound_device_pass(self, source):
        assert len(measure(source, 4096).raw) == 512

    def test_sees_the_bias_of_a_broken_one(self, broken):
        with pytest.raises(HealthTestFailed):
            measure(broken, 4096)


class TestExtraction:
    @pytest.mark.slow
    def test_extractor_removes_the_readout_bias(self, source):
        """52,000 raw bits are off by a hundred deviations of the output; the output is off by less than five."""
        raw = np.unpackbits(np.frombuffer(source.measure(1 << 16), np.uint8))
        assert (raw.size / 2 - raw.sum()) > 5 * (raw.size / 4) ** 0.5
        measured = measure(source, 1 << 14)
        even = np.unpackbits(np.frombuffer(measured.raw, np.uint8))
        assert abs(even.size / 2 - even.sum()) < 5 * (even.size / 4) ** 0.5
        assert measured.extraction["method"] == "sha-512"


class TestSeeds:
    def test_every_block_has_a_fresh_one(self, source, monkeypatch):
        seeds = []
        monkeypatch.setattr(noisy, "fresh_seed", lambda: seeds.append(len(seeds)) or seeds[-1])
        monkeypatch.setattr(noisy, "SHOTS_PER_BLOCK", 100)
        source.measure(5 * 250 + 6)
        assert seeds == [0, 1, 2]

    @pytest.mark.slow
    def test_who_knows_it_gets_the_same_bits(self, source, monkeypatch):
        """Any simulator is credited zero bits."""
        monkeypatch.setattr(noisy, "fresh_seed", lambda: 2**62 + 1)
        assert source.measure(4096) == source.measure(4096)
        assert source.credited_bits_per_bit == 0


class TestStart:
    @pytest.mark.parametrize(
        "backend", ["Manila", "FakeNobodyV2", "QiskitRuntimeService", "", "FakeProviderForBackendV2"]
    )
    def test_refuses_what_is_no_fake_backend(self, backend):
        with pytest.raises(ValueError, match="no such backend"):
            NoisyAerSource(backend)

    @pytest.mark.parametrize("qubits", [[], [0, 0], list(range(9))])
    def test_refuses_another_number_of_qubits(self, qubits):
        with pytest.raises(ValueError, match="1 to 8"):
            NoisyAerSource("FakeMelbourneV2", qubits=qubits)

    @pytest.mark.parametrize("qubit", [5, -1])
    def test_refuses_qubits_that_are_not_there(self, qubit):
        with pytest.raises(ValueError, match="0 to 4"):
            NoisyAerSource(qubits=[qubit])

    def test_refuses_a_qubit_without_calibration(self, monkeypatch):
        properties = FakeManilaV2.properties

        def incomplete(self):
            known = properties(self)
            known._qubits[1].pop("prob_meas0_prep1")
            return known

        monkeypatch.setattr(FakeManilaV2, "properties", incomplete)
        with pytest.raises(ValueError, match="calibration of the readout of qubit 1"):
            NoisyAerSource(qubits=[1])

    @pytest.mark.parametrize(
        ("module", "extra"), [("qiskit_ibm_runtime.fake_provider", "ibm"), ("qiskit_aer.noise", "engine")]
    )
    def test_says_what_to_install(self, module, extra, monkeypatch):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(SourceFailed, match=rf"imageshield\[{extra}\]"):
            NoisyAerSource()

    def test_importing_it_imports_neither_simulator_nor_runtime(self):
        probe = (
            "import sys, shield_core.quantum.noisy, shield_core.quantum.ibm, shield_core.quantum.qrng;"
            "print({'qiskit', 'qiskit_aer', 'qiskit_ibm_runtime', 'httpx'} & set(sys.modules))"
        )
        answer = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
        assert answer.stdout == "set()\n"
