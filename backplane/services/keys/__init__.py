"""File keys: how a key file leaves the service."""
