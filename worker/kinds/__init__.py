"""What a worker does for each kind of job, a module a kind: fetch, run the pipeline on a thread, store, end."""
