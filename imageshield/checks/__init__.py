"""The checks of `imageshield doctor`. Each takes the situation and returns the faults that it finds.

situation     the configuration, the additions of `imageshield up`, and whether the system runs
settings      the environment variables
keys          key files and the vault
database      the database server, its migration and its clock
redis         the Redis or Valkey server and its eviction policy
store         the object store and its bucket
audit         the audit trail and its newest checkpoint
mail          the mail server, its TLS and its credentials
entropy       the configured entropy source
machine       programs, packages, ports, disk space, clock and caches of this machine

`database`, `redis`, `store` and `mail` connect with the configured credentials.
"""
