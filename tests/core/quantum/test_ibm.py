import sys
import traceback
from types import SimpleNamespace

import numpy as np
import pytest
import qiskit_ibm_runtime
from qiskit import QuantumCircuit
from qiskit.primitives import BitArray
from qiskit_ibm_runtime import SamplerV2
from qiskit_ibm_runtime.executor_sampler import Sampler as LaterSampler
from qiskit_ibm_runtime.fake_provider import FakeManilaV2

from shield_core.errors import SourceFailed
from shield_core.keys import canonical
from shield_core.quantum import circuit, ibm
from shield_core.quantum.ibm import IbmRuntimeSource, RuntimeSampler
from shield_core.quantum.keygen import draw_file_key
from shield_core.quantum.measurement import measure
from shield_core.quantum.sources import SourceKind
from tests.core.quantum.test_keygen import BALANCED, NAMES

TOKEN = "token-4611686018427387905"
INSTANCE = "crn:v1:secret-instance"


def local(**options):
    return IbmRuntimeSource(RuntimeSampler("fake_manila", device=FakeManilaV2()), qubits=5, **options)


@pytest.fixture(scope="module")
def source():
    return local()


class Job:
    """Returns one shot after the other, or the given result."""

    def __init__(self, cloud, shots):
        self.cloud, self.shots = cloud, shots

    def result(self, timeout):
        self.cloud.timeouts.append(timeout)
        if self.cloud.error:
            raise self.cloud.error
        shots = self.shots - self.cloud.missing
        drawn = np.random.default_rng(len(self.cloud.timeouts)).integers(0, 2**16, shots, dtype=np.uint16)
        register = BitArray(drawn.astype(">u2").view(np.uint8).reshape(shots, 2), 16)
        self.cloud.given.append(drawn)
        return [SimpleNamespace(data={"c": register})]

    def cancel(self):
        self.cloud.cancelled += 1
        raise RuntimeError("already over")


class Cloud:
    """IBM Quantum as the source sees it: it records requests and returns given answers."""

    def __init__(self, *, error=None, missing=0, simulator=False):
        self.error, self.missing, self.simulator = error, missing, simulator
        self.timeouts, self.given, self.credentials, self.cancelled = [], [], None, 0
        self.options = SimpleNamespace(twirling=SimpleNamespace(enable_measure=True, enable_gates=True))

    def QiskitRuntimeService(self, **credentials):  # noqa: N802 - the runtime's name
        self.credentials = credentials
        return self

    def backend(self, name):
        device = FakeManilaV2()
        device.simulator = self.simulator
        return device

    def Sampler(self, mode):  # noqa: N802 - the runtime's name
        return self

    def run(self, pubs, shots):
        return Job(self, shots)


@pytest.fixture
def on(monkeypatch):
    def choose(cloud, **options):
        monkeypatch.setattr(ibm, "import_module", lambda name: cloud)
        monkeypatch.setattr(ibm.circuit, "fit", lambda qubits, device: circuit.build(qubits))
        return IbmRuntimeSource(RuntimeSampler("ibm_torino", token=TOKEN, instance=INSTANCE), **options)

    return choose


class TestLocalMode:
    """The runtime's own sampler, on a local fake device."""

    def test_runs_the_sampler_of_the_runtime(self, source):
        source.measure(8)
        assert type(source._sampler._sampler) is SamplerV2

    @pytest.mark.slow
    def test_gives_exactly_the_bits_that_were_asked_for(self, source):
        assert [len(source.measure(n_bits)) * 8 for n_bits in (8, 4104)] == [8, 4104]

    @pytest.mark.slow
    def test_never_gives_the_same_twice(self, source):
        assert len({source.measure(512) for _ in range(2)}) == 2

    def test_measures_for_a_key_through_tests_and_extractor(self, source):
        drawn = draw_file_key(source, **NAMES, **BALANCED)
        assert not drawn.degraded
        assert drawn.statement["raw"]["bits"] == 16_384
        assert drawn.statement["raw"]["extraction"]["method"] == "sha-512"

    def test_is_no_hardware_and_is_credited_nothing(self, source):
        assert source.kind is SourceKind.SIMULATED
        assert source.credited_bits_per_bit == 0
        assert source.describe()["backend"] == "local mode, fake_manila"

    @pytest.mark.slow
    def test_large_request_runs_several_jobs(self, monkeypatch):
        monkeypatch.setattr(ibm, "SHOTS_PER_JOB", 40)
        assert len(local().measure(256)) == 32

    @pytest.mark.slow
    @pytest.mark.parametrize("sampler", [SamplerV2, LaterSampler])
    def test_keeps_shots_and_qubits_in_order(self, sampler, monkeypatch):
        """With the runtime's present and its announced sampler: qubit 0 is 1 and comes last."""
        monkeypatch.setattr(qiskit_ibm_runtime, "Sampler", sampler)
        made = QuantumCircuit(5, 5)
        made.x(0)
        made.measure(range(5), range(5))
        monkeypatch.setattr(ibm.circuit, "fit", lambda qubits, device: made)
        bits = RuntimeSampler("fake_manila", device=FakeManilaV2()).sample(5, 500, seconds=30)
        assert bits.shape == (500, 5)
        assert bits.mean(axis=0) == pytest.approx([0, 0, 0, 0, 1], abs=0.2)


class TestCloud:
    def test_shots_stay_in_measured_order(self, on):
        cloud = Cloud()
        assert on(cloud).measure(4096) == cloud.given[0].astype(">u2").tobytes()

    def test_runtime_gets_credentials_and_job_gets_timeout(self, on):
        cloud = Cloud()
        on(cloud, deadline_seconds=7).measure(8)
        assert cloud.credentials == {"channel": "ibm_quantum_platform", "token": TOKEN, "instance": INSTANCE}
        assert 0 < cloud.timeouts[0] <= 7

    def test_no_request_before_the_first_measurement(self, on):
        cloud = Cloud()
        on(cloud).describe()
        assert cloud.credentials is None

    def test_connects_once(self, on):
        cloud = Cloud()
        source = on(cloud)
        source.measure(8)
        cloud.credentials = None
        source.measure(8)
        assert cloud.credentials is None

    def test_switches_twirling_off(self, on):
        cloud = Cloud()
        on(cloud).measure(8)
        assert not cloud.options.twirling.enable_measure
        assert not cloud.options.twirling.enable_gates

    def test_is_hardware_and_credited_half_a_bit(self, on):
        source = on(Cloud())
        assert source.kind is SourceKind.HARDWARE
        drawn = draw_file_key(source, **NAMES, **BALANCED)
        assert drawn.statement["raw"]["credited_bits"] == 4096

    def test_refuses_a_simulator_in_the_cloud(self, on):
        with pytest.raises(SourceFailed, match="is a simulator"):
            measure(on(Cloud(simulator=True)), 4096)

    def test_a_job_that_fails_is_cancelled_and_named(self, on):
        cloud = Cloud(error=TimeoutError(f"with {TOKEN}"))
        with pytest.raises(SourceFailed, match=r"^The source ibm raised TimeoutError$"):
            measure(on(cloud), 4096)
        assert cloud.cancelled == 1

    def test_a_device_that_gives_too_few_shots_failed(self, on):
        with pytest.raises(SourceFailed, match="did not return"):
            measure(on(Cloud(missing=1)), 4096)

    def test_no_job_starts_after_the_deadline(self, on, monkeypatch):
        monkeypatch.setattr(ibm, "SHOTS_PER_JOB", 1)
        monkeypatch.setattr(ibm.time, "monotonic", iter([0, 1, 31]).__next__)
        with pytest.raises(SourceFailed, match="within 30 s"):
            on(Cloud()).measure(64)


class TestSecrecy:
    def test_no_credential_is_said_or_shown(self, on):
        source = on(Cloud(error=PermissionError(f"token {TOKEN} of {INSTANCE} was refused")))
        shown = [repr(source), repr(source._sampler), str(vars(source)), canonical.dumps(source.describe()).decode()]
        with pytest.raises(SourceFailed) as caught:
            measure(source, 4096)
        shown += ["".join(traceback.format_exception(caught.value)), repr(draw_file_key(source, **NAMES, **BALANCED))]
        for text in shown:
            assert TOKEN not in text
            assert INSTANCE not in text


class TestStart:
    def test_says_what_to_install(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "qiskit_ibm_runtime", None)
        monkeypatch.setattr(ibm.util, "find_spec", lambda name: None)
        with pytest.raises(SourceFailed, match=r"imageshield\[ibm\]"):
            local()

    @pytest.mark.parametrize("options", [{"qubits": 0}, {"deadline_seconds": 0}])
    def test_needs_a_qubit_and_some_time(self, options):
        with pytest.raises(ValueError, match="at least one qubit"):
            IbmRuntimeSource(RuntimeSampler("ibm_torino"), **options)
