"""The use cases, a folder a subject. A method is one transaction, and names whose object it is first.

From the top: `backups` reads and writes everything. `batches` builds on `pictures`, which encrypts, decrypts and
measures, and on `keys`, which exports key files. `attempts` is the worker's side of a job, `upkeep` the relay's:
outbox and sweeper. `jobs` submits, shows, follows and ends jobs; `webhooks` tells of their ends. `identity` knows who
the caller is, `entropy` the pools and the receipts' keys. `sealing` encrypts at rest, and `requests` is what every
request carries.
"""
