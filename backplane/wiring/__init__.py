"""The composition root: each process connects to its resources here, and wires the subjects that it serves."""
