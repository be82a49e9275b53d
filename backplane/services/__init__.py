"""The use cases, a module a noun. A method is one transaction, and whose object it is comes first.

`accounts` and `tokens` are who is asking; `encryptions` and `decryptions` take a picture in, and `submissions` writes
the job down; `passphrases` hashes what is new and `derivations` what a key file asks for, so that neither waits for the
other. `jobs` shows what became of it, `progress` follows it, `results` and `keys` hand out what came of it.
`claims` is the worker's side of a job, `inputs` what was sent for it; `relay` and `sweeper` keep the queue true.
"""
