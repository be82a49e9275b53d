"""The use cases, a module a noun. A method is one transaction, and whose object it is comes first.

`accounts` and `tokens` are who is asking; `submissions` takes a picture in, `jobs` shows what became of it, `progress`
follows it, `results` and `keys` hand out what came of it. `claims` is the worker's side of a job; `relay` and `sweeper`
keep the queue true.
"""
