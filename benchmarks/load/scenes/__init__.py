"""Scenes: loads on a running system. Each has an async `run(stage)` that returns rows."""
