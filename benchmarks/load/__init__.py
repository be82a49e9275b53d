"""The running service against its goals: `python -m benchmarks.load` starts a whole system on loopback, loads it, and
writes benchmarks/load.json.

Driver, servers and workers share the machine, as they do with whoever runs `imageshield up`: every figure has the cost
of asking in it. `scenes/` holds what is done to the system, a module a question.
"""
