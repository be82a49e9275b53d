"""Backups of a running installation, and their restore into an empty one. docs/decisions/0026 has the order."""
