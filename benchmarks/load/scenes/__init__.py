"""What is done to a system. Every scene has an async `run(stage)` that gives rows."""
