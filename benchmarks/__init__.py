"""The core against its goals: `python -m benchmarks` prints the table and writes benchmarks/results.json.

Ours and every comparator take turns in one run, and only ratios of one run are compared: absolute times are those of
this machine at this moment. A goal that is missed stays in the table.
"""
