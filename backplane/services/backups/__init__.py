"""Backups of an installation: made while it runs, put back into an empty one. docs/decisions/0026 has the order."""
