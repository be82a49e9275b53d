"""Envelope encryption at rest, and who can open a key."""
