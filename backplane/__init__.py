"""The shared backplane of gateway, worker and relay: use cases, and the resources that they need.

`settings` holds everything that an operator can set. `db` is PostgreSQL, the source of truth; `blobs` is the object
store; `bus` and `queue` use Redis for notifications and job messages; `vault` holds the keys that never enter a
database; `derivation` is the gateway's child process that derives keys from passwords. `services` are the use cases, a
folder for each subject. `wiring` constructs and connects them.
"""
