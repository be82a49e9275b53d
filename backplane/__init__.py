"""What the two services share and plug into.

`settings` is all an operator can set. `db` is PostgreSQL, the truth; `blobs` the object store, `bus` and `queue` Redis,
the doorbell; `vault` the keys that never enter a database; `derivation` the gateway's child process that derives keys
from passwords. `services` are the use cases, one module a noun. `wiring` puts one of each together.
"""
