"""The metrics: a process exports each, and docs/guides/operations.md names the process."""

import re

import pytest
from prometheus_client import Gauge
from prometheus_client.metrics import MetricWrapperBase

from backplane import metrics

OURS = [value for value in vars(metrics).values() if isinstance(value, MetricWrapperBase)]


def name_of(metric):
    [family] = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else family.name


class TestMetrics:
    def test_each_is_exported_by_a_process(self):
        assert {metric for exported in metrics.EXPORTED.values() for metric in exported} == set(OURS)

    def test_operations_say_which_process_exports_which(self, root):
        text = (root / "docs/guides/operations.md").read_text()
        rows = re.findall(r"(?m)^\| `([a-z_]+)` \| ([a-z, ]+) \| .+ \|$", text)
        documented = {name: set(processes.split(", ")) for name, processes in rows}
        assert len(rows) == len(documented)
        assert documented == {
            name_of(metric): {process for process, exported in metrics.EXPORTED.items() if metric in exported}
            for metric in OURS
        }

    @pytest.mark.parametrize("metric", metrics.EXPORTED["worker"], ids=name_of)
    def test_pool_children_can_count_it_together(self, metric):
        """No gauge, which has no sum over children; and with labels, as one without exports zero before it counts."""
        assert not isinstance(metric, Gauge)
        assert metric._labelnames
