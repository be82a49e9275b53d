"""The worker: Celery processes that take jobs from the queue and run the pipeline.

`tasks` is the only task. `runner` claims jobs, `attempt` runs one attempt, `kinds` is the work of each kind, and
`reporting` writes its progress. `lifecycle` handles Celery's signals, `engine` holds what a child process needs,
`sources` selects the entropy source and `refilling` keeps its pool full. `counting` and `exporter` serve the metrics.
The use cases are in `backplane.services`.
"""
