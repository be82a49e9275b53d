"""Sockets, event streams, and waiting for the end of a job."""
