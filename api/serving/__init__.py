"""The gateway as a server: connections, start, stop and readiness."""
