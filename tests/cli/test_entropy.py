"""`imageshield entropy`: what it claims is true, and it would say so if it were not."""

import json
import sys
from types import SimpleNamespace

import pytest

from imageshield.__main__ import run
from imageshield.commands.offline import entropy_bench, entropy_routines, entropy_selftest
from shield_core.quantum import aer, conditioner
from shield_core.quantum.sources import DeterministicSource


@pytest.fixture(scope="module")
def result():
    return entropy_bench.run(rounds=1)


@pytest.fixture(scope="module")
def ways():
    return {one.id: one for one in entropy_routines.all_routines(DeterministicSource())}


def answer(capsys, *arguments):
    code = run(["entropy", *arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


class TestSelftest:
    def test_predicts_all_raw_bits_and_none_of_a_thousand_keys(self, capsys):
        code, found = answer(capsys, "selftest")
        assert code == 0
        assert found["ok"]
        assert found["raw_bits"] == {"measured": 65_536, "predicted": 65_536}
        assert found["keys"] == {"drawn": 1000, "raw_bits_predicted": 1000, "predicted": 0, "different": 1000}

    def test_says_it_plainly(self, capsys):
        assert run(["entropy", "selftest", "--keys", "5"]) == 0
        shown = capsys.readouterr().out
        assert "65536 of 65536 predicted" in shown
        assert "0 of 5 predicted" in shown
        assert "credited zero bits" in shown
        assert shown.endswith("as it should be\n")

    def test_finds_every_key_where_the_system_gives_nothing(self, capsys, monkeypatch):
        """The attack works: what defeats it is the operating system's part, and nothing else."""
        monkeypatch.setattr(conditioner, "os", SimpleNamespace(urandom=bytes))
        code, found = answer(capsys, "selftest", "--keys", "20")
        assert code == 1
        assert not found["ok"]
        assert found["keys"] == {"drawn": 20, "raw_bits_predicted": 20, "predicted": 20, "different": 20}
        assert run(["entropy", "selftest", "--keys", "2"]) == 1
        assert "NOT AS IT SHOULD BE" in capsys.readouterr().out

    def test_finds_keys_that_are_raw_bits(self, capsys, monkeypatch):
        """As the first designs made them."""
        monkeypatch.setattr(
            entropy_selftest, "draw_file_key", lambda source, **_: SimpleNamespace(file_key=source.measure(256))
        )
        monkeypatch.setattr(entropy_selftest, "predict", aer_bits)
        code, found = answer(capsys, "selftest", "--keys", "5")
        assert (code, found["keys"]["predicted"]) == (1, 5)

    def test_notices_a_simulator_that_it_cannot_predict(self, capsys, monkeypatch):
        """Another release of Aer may draw otherwise: then what we say about it is to be looked at again."""
        monkeypatch.setattr(entropy_selftest, "predict", lambda seed, n_bits: bytes(n_bits // 8))
        code, found = answer(capsys, "selftest", "--keys", "2")
        assert (code, found["ok"]) == (1, False)
        assert 0 < found["raw_bits"]["predicted"] < 65_536

    def test_says_what_is_missing_without_the_simulator(self, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "qiskit_aer.quantum_info.states.aer_state", None)
        code, said = answer(capsys, "selftest")
        assert (code, said["error"]["code"]) == (1, "unavailable")
        assert "imageshield[engine]" in said["error"]["detail"]

    @pytest.mark.parametrize("keys", ["0", "-1", "100001", "x"])
    def test_another_number_of_keys_is_a_wrong_command_line(self, keys, capsys):
        assert answer(capsys, "selftest", "--keys", keys)[0] == 2


def aer_bits(seed, n_bits):
    state = aer.AerSource()
    state._fresh_seed = lambda: seed
    return state.measure(n_bits)


class TestBench:
    def test_races_every_way_of_the_design(self, result):
        assert [one.id for one in result.routines] == [
            "first",
            "second",
            "second_1_thread",
            "simulator",
            "ours",
            "numpy",
            "urandom",
            "chacha20",
        ]
        assert all(rate > 0 for rate in result.mbit_per_second.values())

    def test_labels_what_is_no_measurement(self, result):
        assert [one.id for one in result.routines if not one.measures] == ["numpy", "urandom", "chacha20"]
        assert entropy_bench.tell(result).count("[no measurement]") == 3

    def test_holds_the_ratios_to_the_goals(self, result):
        rows = {row["id"]: row for row in result.to_json()["rows"]}
        assert {name: (row["goal"], row["better"]) for name, row in rows.items()} == {
            "entropy_vs_20x100": (20, "higher"),
            "entropy_vs_first": (1000, "higher"),
            "entropy_vs_urandom": (0.005, "higher"),
            "seed_1_kbit_ms": (5, "lower"),
            "health_share_bulk": (0.3, "lower"),
            "health_share_seed": (0.3, "lower"),
        }
        rates = result.mbit_per_second
        assert rows["entropy_vs_first"]["measured"] == pytest.approx(rates["ours"] / rates["first"], rel=1e-3)
        for row in rows.values():
            reached = row["measured"] >= row["goal"] if row["better"] == "higher" else row["measured"] <= row["goal"]
            assert row["ok"] == reached

    def test_a_goal_that_is_missed_stays_in_the_table(self):
        row = entropy_bench.Row("slow", 1.0, 20, "higher", "how")
        assert not row.ok
        result = entropy_bench.Result((), {}, (row,))
        assert "MISSED" in entropy_bench.tell(result)
        assert result.to_json()["ok"] is False

    def test_prints_the_table_and_the_json(self, result, capsys, monkeypatch):
        monkeypatch.setattr(entropy_bench, "run", lambda rounds: result)
        assert run(["entropy", "bench"]) == 0
        assert "20 qubits x 100 shots" in capsys.readouterr().out
        code, said = answer(capsys, "bench")
        assert code == 0
        assert said == result.to_json()

    def test_says_what_is_missing_without_the_simulator(self, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "qiskit_aer.quantum_info.states.aer_state", None)
        assert answer(capsys, "bench")[1]["error"]["code"] == "unavailable"


class TestRoutines:
    """Every way gives as many bits as it is said to give."""

    @pytest.mark.parametrize("name", ["first", "second", "second_1_thread"])
    def test_text_of_bits(self, ways, name):
        text = ways[name].run()
        assert len(text) == ways[name].bits
        assert set(text) == {"0", "1"}

    @pytest.mark.parametrize("name", ["simulator", "ours", "numpy", "urandom"])
    def test_bytes(self, ways, name):
        data = ways[name].run()
        assert len(data) * 8 == ways[name].bits
        assert 0.45 < sum(byte.bit_count() for byte in data[:10_000]) / 80_000 < 0.55

    def test_expansion(self, ways):
        assert ways["chacha20"].run() * 8 == ways["chacha20"].bits
