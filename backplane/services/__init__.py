"""The use cases, a folder for each subject. A method is one transaction, and takes its caller first.

From the top: `backups` reads and writes everything. `batches` builds on `pictures`, which encrypts, decrypts and
measures, and on `keys`, which exports key files. `attempts` is the worker's side of a job, `upkeep` the relay's:
outbox and sweeper. `jobs` submits, shows, follows and ends jobs; `webhooks` sends messages about their ends. `identity`
authenticates the caller; `entropy` has the pools and the receipt keys. `sealing` encrypts at rest, and `requests` holds
what every request carries.
"""
