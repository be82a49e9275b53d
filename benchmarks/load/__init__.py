"""Load tests of the running service: `python -m benchmarks.load` starts a whole system on loopback, loads it, and
writes benchmarks/load.json.

Driver, servers and workers share the machine, as under `imageshield up`: every figure includes the cost of the driver.
Each module of `scenes/` answers one question.
"""
