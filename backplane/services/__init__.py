"""The use cases, a module a noun. A method is one transaction, and whose object it is comes first.

`accounts` and `tokens` are who is asking; `encryptions` and `decryptions` take a picture in, and `submissions` writes
the job down; `jobs` shows what became of it, `progress` follows it, `results` and `keys` hand out what came of it.
`claims` is the worker's side of a job, `inputs` what was sent for it; `relay` and `sweeper` keep the queue true.
"""
