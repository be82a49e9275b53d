"""Envelope encryption at rest, and the custody of keys."""
