"""The sockets, a module a noun."""
