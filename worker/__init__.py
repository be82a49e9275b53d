"""The engine room: Celery workers that run the pipeline, and the relay that feeds them.

`tasks` is the one task, `runner` an attempt at a job, `kinds` the work of each kind, `reporting` how far it is,
`lifecycle` what a child process holds, `sources` where its bits come from and `refilling` how they wait, `relay` the
outbox and the sweeper in one process, `counting` and `exporter` the metrics. The use cases are in `backplane.services`.
"""
