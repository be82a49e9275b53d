"""The work of each kind of job, a module per kind: fetch, run the pipeline on a thread, store, end."""
