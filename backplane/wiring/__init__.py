"""The composition root: each process connects to its resources here, and wires the subjects that it serves.

`gateway`, `worker`, `relay` and `operator` open a process; the other modules wire a subject each.
"""
