"""Benchmarks of the core and its goals: `python -m benchmarks` prints the table and writes benchmarks/results.json.

Our core and every comparator run interleaved, and the goals are ratios within one run: absolute times depend on the
machine and the moment. A missed goal stays in the table.
"""
